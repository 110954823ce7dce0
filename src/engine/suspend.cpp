// SPDX-License-Identifier: MIT
#include "engine/suspend.h"

#include <pthread.h>

#include "base/tuning.h"
#include "engine/await.h"
#include "engine/predecessor.h"
#include "engine/reap.h"
#include "engine/take.h"
#include "engine/waiter.h"
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

// Waits until the finished requests of the list have notified, or can't for now: a moment after their results are
// there.
void let_tell(const Engine& engine, const struct aiocb* const list[], int entries) {
  if (!engine.registry.waiters.is_anybody_telling()) return;
  for (int i = 0; i < entries; ++i) {
    if (list[i] == nullptr || load_error(list[i]) == EINPROGRESS) continue;
    const aiocb::RequestName name = aiocb::load_name(list[i]);
    const chain::Chain* chain = engine.registry.chains.at(name.number);
    if (chain == nullptr) continue;
    for (os::Patience patience; chain::WaiterTable::is_telling(*chain, name.generation);) patience.wait();
  }
}

// One call's registrations; undone however the call ends, also by cancellation or longjmp.
struct Sleep : Sleeper {
  chain::WaiterHold hold;  // empty until the thread needs a waiter
  const struct aiocb* const* list;
  int entries;
  int watched;  // entries 0..watched-1 have been registered, perhaps the next one too
};

void wake_up(void* argument) {
  Sleep& sleep = *static_cast<Sleep*>(argument);
  sleep.let_go();
  const chain::Waiter* const waiter = sleep.hold.waiter();
  if (waiter == nullptr) return;
  chain::Registry& registry = sleep.engine->registry;
  for (int i = 0; i <= sleep.watched && i < sleep.entries; ++i) {
    if (sleep.list[i] == nullptr) continue;
    const aiocb::RequestName name = aiocb::load_name(sleep.list[i]);
    if (chain::Chain* chain = registry.chains.at(name.number)) {
      registry.waiters.unwatch(*chain, name.generation, *waiter);
    }
  }
  chain::WaiterTable::leave(sleep.hold);
}

// Whether a frame of this very thread is about to give the request to kernel AIO: then this is a handler, and would
// wait for itself. The place is read again, as the chain may have been reused in between.
bool is_own_sending(const chain::Chain& chain, std::uint32_t generation) {
  const auto is_here = [&] {
    return is_at(chain, generation, chain::Place::SENDING) || is_at(chain, generation, chain::Place::SENDING_POLL);
  };
  return is_here() && submitter_of(chain) == os::this_thread_number() && is_here();
}

// False if an entry turned out to be complete, or not to be in flight in this process, such as one whose call was
// interrupted before it had submitted it.
bool watch_all(Sleep& sleep, chain::Waiter& waiter) {
  chain::Registry& registry = sleep.engine->registry;
  for (; sleep.watched < sleep.entries; ++sleep.watched) {
    const struct aiocb* block = sleep.list[sleep.watched];
    if (block == nullptr) continue;
    const aiocb::RequestName name = aiocb::load_name(block);
    chain::Chain* chain = registry.chains.at(name.number);
    if (chain == nullptr || is_own_sending(*chain, name.generation)) return false;
    if (registry.waiters.watch(*chain, name.generation, waiter) == chain::Watch::OVER) return false;
  }
  return true;
}

// Whether an entry is watched no more: its request has ended, and the aiocb has been submitted again already.
bool has_lost_one(const Sleep& sleep, const chain::Waiter& waiter) {
  for (int i = 0; i < sleep.watched; ++i) {
    if (sleep.list[i] == nullptr) continue;
    const aiocb::RequestName name = aiocb::load_name(sleep.list[i]);
    const chain::Chain* chain = sleep.engine->registry.chains.at(name.number);
    if (chain == nullptr || !chain::WaiterTable::may_watch(*chain, name.generation, waiter)) return true;
  }
  return false;
}

// An entry's place, after waiting for a MOVING that lasts a moment, or for the call that hands it to kernel AIO. A
// handler may interrupt that call for any time, so SENDING is waited for only as long as an uninterrupted call takes.
chain::Place settled_place(const chain::Chain& chain, std::uint32_t generation) {
  constexpr unsigned MOST_TURNS = 64;
  unsigned turns = is_own_sending(chain, generation) ? MOST_TURNS : 0;
  for (os::Patience patience;; patience.wait()) {
    const std::uint64_t state = chain.state.load(std::memory_order_acquire);
    if (chain::generation_of(state) != generation) return chain::Place::FREE;
    const auto place = static_cast<chain::Place>(chain::low_of(state));
    const bool is_sending = chain::is_sending(place) && turns++ < MOST_TURNS;
    if (!is_sending && !chain::is_between(place)) return place;
  }
}

// The direct context that has a request, as a set; empty if another has it, or it is on its way there (is_sending).
struct Where {
  exec::DirectContexts::Set context;
  bool is_sending = false;
};

Where context_of(const chain::Chain& chain, std::uint32_t generation) {
  const chain::Place place = settled_place(chain, generation);
  if (!chain::is_in_kernel_aio(place)) return {0, chain::is_sending(place)};
  const unsigned index = aio_context_of(chain);
  // The chain may be over, and the index another request's: a thread must not sleep in a context that has none of its
  // requests.
  const bool is_still_there = chain::generation_of(chain) == generation;
  return {is_still_there ? exec::DirectContexts::Set{1} << index : 0};
}

// The same; but for a chain that is PARKED, the context of the request whose turn it waits for.
Where context_of_turn(Engine& engine, const chain::Chain& chain, aiocb::RequestName name, const struct aiocb* block) {
  if (!engine.keeps_call_order || settled_place(chain, name.generation) != chain::Place::PARKED) {
    return context_of(chain, name.generation);
  }
  chain::Place place_of_turn = chain::Place::FREE;
  chain::Registry& registry = engine.registry;
  registry.in_flight.with(registry.chains, name, block, block->aio_fildes, [&](const chain::Chain& parked) {
    place_of_turn = registry.in_flight.place_of_turn(parked);
    return chain::Visit::DONE;
  });
  return {chain::is_in_kernel_aio(place_of_turn) ? exec::DirectContexts::COMMON : 0};
}

struct Entries {
  const struct aiocb* const* list;
  int count;
};

bool is_any_over(const void* what) {
  const Entries& entries = *static_cast<const Entries*>(what);
  return is_over(entries.list, entries.count);
}

Where context_of_entry(Engine& engine, const struct aiocb* block) {
  const aiocb::RequestName name = aiocb::load_name(block);
  const chain::Chain* chain = engine.registry.chains.at(name.number);
  return chain != nullptr ? context_of_turn(engine, *chain, name, block) : Where{0};
}

Holders holders_of_entries(Engine& engine, const void* what) {
  const Entries& entries = *static_cast<const Entries*>(what);
  Holders holders{};
  for (int i = 0; i < entries.count; ++i) {
    if (entries.list[i] == nullptr) continue;
    const Where where = context_of_entry(engine, entries.list[i]);
    holders.any_other |= where.context == 0;
    holders.any_sending |= where.is_sending;
    holders.contexts |= where.context;
  }
  return holders;
}

exec::Direct* first_of_entries(Engine& engine, const void* what) {
  const Entries& entries = *static_cast<const Entries*>(what);
  for (int i = 0; i < entries.count; ++i) {
    if (entries.list[i] == nullptr) continue;
    const exec::DirectContexts::Set context = context_of_entry(engine, entries.list[i]).context;
    return context != 0 ? &engine.direct.only(context) : nullptr;
  }
  return nullptr;
}

// 0, EAGAIN, EINTR.
int outcome(Wake wake) { return wake == Wake::TIMED_OUT ? EAGAIN : wake == Wake::INTERRUPTED ? EINTR : 0; }

// The number of the first chain waited for: a thread that waits for it again gets the slot that is still in its cache.
std::uint32_t first_number(const Sleep& sleep) {
  for (int i = 0; i < sleep.entries; ++i) {
    if (sleep.list[i] != nullptr) return aiocb::load_name(sleep.list[i]).number;
  }
  return 0;
}

int sleep_until_over(Sleep& sleep, std::int64_t deadline) {
  const Entries all{sleep.list, sleep.entries};
  const Awaited awaited{&all, is_any_over, holders_of_entries, first_of_entries};
  for (;;) {
    Wake wake = wait_in_kernel(sleep, awaited, deadline);
    if (wake != Wake::ELSEWHERE) return outcome(wake);
    chain::Waiter* waiter = sleep.hold.waiter();
    if (waiter == nullptr) {
      sleep.watched = 0;  // a child that a handler has forked meanwhile finds that it has none of them
      waiter = sleep.engine->registry.waiters.enter(sleep.hold, first_number(sleep));
    }
    if (waiter == nullptr) return EAGAIN;
    if (!watch_all(sleep, *waiter)) return 0;
    // Made quiet before the list is looked at: a publish after that look rings the bell again.
    os::FutexWord& bell = waiter->bell;
    if (bell.exchange(os::QUIET, std::memory_order_acquire) != os::QUIET) {
      if (is_over(sleep.list, sleep.entries) || has_lost_one(sleep, *waiter)) return 0;
      sleep.watched = 0;  // a child that a handler has forked meanwhile finds that it has none of them
      continue;
    }
    wake = wait_on_futex(sleep, awaited, bell, deadline);
    if (wake == Wake::LOOK || bell.load(std::memory_order_acquire) != os::QUIET) continue;
    return is_over(sleep.list, sleep.entries) ? 0 : outcome(wake);
  }
}

// Whether a library thread runs the first entry that is in flight, or the entry is queued for one or held in its lane:
// not one that waits in the kernel or for a peer. If a held one waits for such a request, spinning will not help;
// Lookout learns that.
bool is_library_at_it(const Engine& engine, const struct aiocb* const list[], int entries) {
  for (int i = 0; i < entries; ++i) {
    if (list[i] == nullptr || load_error(list[i]) != EINPROGRESS) continue;
    const chain::Chain* chain = engine.registry.chains.at(aiocb::load_name(list[i]).number);
    const chain::Place place = chain != nullptr ? place_of(*chain) : chain::Place::FREE;
    return place == chain::Place::RUNNING || place == chain::Place::ENDING || place == chain::Place::QUEUED ||
           place == chain::Place::HELD;
  }
  return false;
}

// Spins: a copy is over sooner than a thread falls asleep and is woken, and waking it costs the worker more than the
// next copy. Not for long lists, as each round looks at all entries.
bool ends_in_a_moment(Engine& engine, const struct aiocb* const list[], int entries) {
  const bool may_end = entries <= tuning::WAITER_LOOK_ENTRIES && is_library_at_it(engine, list, entries);
  if (!may_end || !engine.lookout.is_worthwhile()) return false;
  const std::int64_t end = os::now_ns() + tuning::WAITER_LOOK_NS;
  bool found;
  do {
    os::relax();
    found = is_over(list, entries);
  } while (!found && os::now_ns() < end);
  engine.lookout.look_ended(found);
  return found;
}

// For requests of the predecessor, which wakes nobody here: looks again each millisecond. Any handler ends the wait.
int poll_until_over(Sleep& sleep, std::int64_t deadline) {
  constexpr std::int64_t INTERVAL_NS = 1'000'000;
  const os::FutexWord nobody_wakes{0};
  for (;;) {
    if (sleep.engine != nullptr) reap_if_any(*sleep.engine);
    if (is_over(sleep.list, sleep.entries)) return 0;
    const os::Slice slice = os::slice_of(deadline, INTERVAL_NS);
    const int error = os::cancellable_wait(sleep.cancellation, nobody_wakes, 0, slice.end_ns);
    if (error != EINTR && !slice.is_last) continue;
    return is_over(sleep.list, sleep.entries) ? 0 : error == EINTR ? EINTR : EAGAIN;
  }
}

int sleep(Engine* engine, const struct aiocb* const list[], int entries, std::int64_t deadline, bool is_alone) {
  Sleep sleeping{};
  sleeping.engine = engine;
  sleeping.list = list;
  sleeping.entries = entries;
  const os::Cleanup cleanup(wake_up, &sleeping);
  const int error = engine != nullptr ? sleep_until_over(sleeping, deadline) : 0;
  return error != 0 || is_alone ? error : poll_until_over(sleeping, deadline);
}

// Whether completions have come that are worth a look.
bool has_events_for(Engine& engine, const struct aiocb* const list[], int entries) {
  const bool is_one = entries == 1 && list[0] != nullptr;
  return is_one ? has_events_for(engine, list[0]) : engine.direct.has_events();
}

template <typename Timespec>
int wait_until_over(Engine* engine, const struct aiocb* const list[], int entries, const Timespec* timeout) {
  if (is_over(list, entries)) return 0;
  const bool is_alone = !has_predecessor();
  if (engine == nullptr && is_alone) return 0;  // nothing is in flight in this process
  if (engine != nullptr && has_events_for(*engine, list, entries)) {
    reap(*engine);
    if (is_over(list, entries)) return 0;
  }
  std::int64_t deadline = os::NO_DEADLINE;
  if (timeout != nullptr) {
    if (timeout->tv_sec == 0 && timeout->tv_nsec == 0) return EAGAIN;
    deadline = os::deadline_after(*timeout);
  } else if (engine != nullptr) {
    // With ATOMRT_ORDER=calls, what is done here may have to wait for its turn.
    while (work_for_one(*engine, list, entries)) {
      if (!engine->keeps_call_order || is_over(list, entries)) return 0;
    }
  }
  if (engine != nullptr && ends_in_a_moment(*engine, list, entries)) return 0;
  return sleep(engine, list, entries, deadline, is_alone);
}

template <typename Timespec>
int suspend_for(const struct aiocb* const list[], int entries, const Timespec* timeout) {
  if (entries < 0) return EINVAL;
  if (timeout != nullptr && !os::is_valid_timeout(*timeout)) return EINVAL;
  pthread_testcancel();
  Engine* engine = running_engine();
  const int error = wait_until_over(engine, list, entries, timeout);
  if (error == 0 && engine != nullptr) let_tell(*engine, list, entries);
  return error;
}

}  // namespace

int suspend(const struct aiocb* const list[], int entries, const struct timespec* timeout) {
  return suspend_for(list, entries, timeout);
}

int suspend_wide(const struct aiocb* const list[], int entries, const os::WideTimespec* timeout) {
  return suspend_for(list, entries, timeout);
}

}  // namespace atomrt::engine
