#include "engine/suspend.h"

#include <pthread.h>

#include "engine/take.h"
#include "engine/waiter.h"
#include "os/cancellable_wait.h"
#include "os/clock.h"

namespace atomrt::engine {
namespace {

using aiocb::load_error;

// True when an entry is complete, or there is none to wait for.
bool is_over(const struct aiocb* const list[], int entries) {
  bool any = false;
  for (int i = 0; i < entries; ++i) {
    if (list[i] == nullptr) continue;
    any = true;
    if (load_error(list[i]) != EINPROGRESS) return true;
  }
  return !any;
}

// One call's registrations; undone however the call ends, also by cancellation.
struct Sleep {
  Engine* engine;
  chain::Waiter* waiter;
  const struct aiocb* const* list;
  int watched;  // entries 0..watched-1 have been registered
};

void wake_up(void* argument) {
  Sleep& sleep = *static_cast<Sleep*>(argument);
  chain::Registry& registry = sleep.engine->registry;
  for (int i = 0; i < sleep.watched; ++i) {
    if (sleep.list[i] == nullptr) continue;
    const aiocb::RequestName name = aiocb::load_name(sleep.list[i]);
    if (chain::Chain* chain = registry.chains.at(name.number)) {
      registry.waiters.unwatch(*chain, name.generation, *sleep.waiter);
    }
  }
  registry.waiters.leave(*sleep.waiter);
}

// False when an entry turned out to be complete, or not to be in flight in this process.
bool watch_all(Sleep& sleep, int entries) {
  chain::Registry& registry = sleep.engine->registry;
  for (; sleep.watched < entries; ++sleep.watched) {
    const struct aiocb* block = sleep.list[sleep.watched];
    if (block == nullptr) continue;
    const aiocb::RequestName name = aiocb::load_name(block);
    chain::Chain* chain = registry.chains.at(name.number);
    if (chain == nullptr) return false;
    if (registry.waiters.watch(*chain, name.generation, *sleep.waiter) == chain::Watch::OVER) return false;
  }
  return true;
}

int sleep_until_over(Sleep& sleep, int entries, std::int64_t deadline) {
  if (!watch_all(sleep, entries)) return 0;
  for (;;) {
    // Cleared before the list is looked at: a publish behind the look sets it again.
    if (sleep.waiter->signalled.exchange(0, std::memory_order_acquire) != 0 && is_over(sleep.list, entries)) return 0;
    const int error = os::cancellable_wait(sleep.waiter->signalled, 0, deadline);
    if (sleep.waiter->signalled.load(std::memory_order_acquire) != 0) continue;
    if (error == ETIMEDOUT) return is_over(sleep.list, entries) ? 0 : EAGAIN;
    if (error == EINTR) return is_over(sleep.list, entries) ? 0 : EINTR;
  }
}

int sleep(Engine& engine, const struct aiocb* const list[], int entries, std::int64_t deadline) {
  Sleep sleeping{&engine, engine.registry.waiters.enter(), list, 0};
  if (sleeping.waiter == nullptr) return EAGAIN;
  int error;
  pthread_cleanup_push(wake_up, &sleeping);
  error = sleep_until_over(sleeping, entries, deadline);
  pthread_cleanup_pop(1);
  return error;
}

}  // namespace

int suspend(const struct aiocb* const list[], int entries, const struct timespec* timeout) {
  if (entries < 0) return EINVAL;
  if (timeout != nullptr && !os::is_valid_timeout(*timeout)) return EINVAL;
  pthread_testcancel();
  if (is_over(list, entries)) return 0;
  Engine* engine = running_engine();
  if (engine == nullptr) return 0;  // nothing is in flight in this process
  std::int64_t deadline = os::NO_DEADLINE;
  if (timeout != nullptr) {
    if (timeout->tv_sec == 0 && timeout->tv_nsec == 0) return EAGAIN;
    deadline = os::deadline_after(*timeout);
  } else if (work_for_one(*engine, list, entries)) {
    return 0;
  }
  return sleep(*engine, list, entries, deadline);
}

}  // namespace atomrt::engine
