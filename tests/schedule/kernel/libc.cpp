// SPDX-License-Identifier: MIT
// What the library takes from libc and a simulated process has otherwise: threads, time, dispositions of signals, the
// list of loaded objects. The link leads the calls here (--wrap).
#include <pthread.h>
#include <link.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <vector>

#include "kernel/faults.h"
#include "kernel/libc.h"
#include "kernel/signals.h"
#include "machine/ordering.h"
#include "machine/report.h"
#include "machine/scheduler.h"

namespace atomrt::os {
extern std::atomic<std::uint32_t> thread_number_offset;  // os/thread.h
}

using namespace schedule;

namespace {

// What pthread_self points to, and where its number is there: the library looks it up without asking the kernel.
struct ThreadBlock {
  std::uint32_t unused[2], number, unused_too;
};
ThreadBlock blocks[MOST_THREADS + 2];

pthread_t name_of(unsigned number) {
  blocks[number].number = number;
  return reinterpret_cast<pthread_t>(&blocks[number]);
}

struct AtFork {
  void (*prepare)();
  void (*parent)();
  void (*child)();
};
std::vector<AtFork> at_fork;
unsigned refusals;
unsigned malloc_holder;  // a thread's number
Clock past_of_lock;  // of the C library's own

}  // namespace

namespace schedule {

void reset_libc() {
  at_fork.clear();
  past_of_lock.clear();
  refusals = 0;
  atomrt::os::thread_number_offset.store(offsetof(ThreadBlock, number), std::memory_order_relaxed);
  malloc_holder = 0;
}
unsigned threads_refused() { return refusals; }
void hold_malloc() {
  step("malloc");
  malloc_holder = self().number;
}
void let_malloc_go() {
  malloc_holder = 0;
  wake(&malloc_holder, ~0U);
}
unsigned fork_handlers() { return static_cast<unsigned>(at_fork.size()); }

// Others may register more meanwhile.
void run_fork_handlers(ForkSide side, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const AtFork entry = at_fork[side == ForkSide::PREPARE ? count - 1 - i : i];
    void (*handler)() = side == ForkSide::PREPARE ? entry.prepare : side == ForkSide::PARENT ? entry.parent : entry.child;
    if (handler != nullptr) handler();
  }
}

}  // namespace schedule

extern "C" {

int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t*, void* (*body)(void*), void* argument) {
  static constexpr int ERRORS[] = {EAGAIN, 0};
  if (const int error = next_fault("pthread_create", ERRORS, true); error != 0) return error;
  if (perhaps(40)) {
    ++refusals;
    return EAGAIN;
  }
  step("pthread_create");
  while (malloc_holder != 0 && malloc_holder != self().number) sleep_on("malloc's lock", &malloc_holder, NEVER, false);
  // Those of the library are created with all signals blocked; those for SIGEV_THREAD unblock them.
  const std::uint64_t mask = self().mask;
  Thread* const made = start_thread((mask & bit_of(SIGUSR1)) != 0 ? "library's" : "program's", false, mask, body, argument);
  *thread = name_of(made->number);
  trace("starts thread %u", made->number);
  return 0;
}

pthread_t __wrap_pthread_self() { return name_of(self().number); }
int __wrap_pthread_setcanceltype(int, int* old) {
  if (old != nullptr) *old = PTHREAD_CANCEL_DEFERRED;
  return 0;
}
void __wrap_pthread_testcancel() {}
void __wrap__pthread_cleanup_push(void*, void (*)(void*), void*) {}
void __wrap__pthread_cleanup_pop(void*, int) {}

int __wrap_pthread_atfork(void (*prepare)(), void (*parent)(), void (*child)()) {
  static constexpr int ERRORS[] = {ENOMEM, 0};
  if (const int error = next_fault("pthread_atfork", ERRORS, true); error != 0) return error;
  at_fork.push_back({prepare, parent, child});
  learn(past_of_lock);
  tell(past_of_lock);
  return 0;
}

int __wrap_clock_gettime(clockid_t, timespec* time) {
  if (is_running()) pass_time(100);
  time->tv_sec = now() / 1'000'000'000;
  time->tv_nsec = now() % 1'000'000'000;
  return 0;
}

int __wrap_sigaction(int number, const struct sigaction* action, struct sigaction* old) {
  if (number < 1 || number > 64) {
    errno = EINVAL;
    return -1;
  }
  if (old != nullptr) *old = handler_of(number);
  if (action != nullptr) set_handler(number, *action);
  return 0;
}

// No loaded object has calls to patch: scenarios close by scenarios/program.h.
int __wrap_dl_iterate_phdr(int (*visit)(dl_phdr_info*, std::size_t, void*), void* argument) {
  dl_phdr_info none{};
  none.dlpi_name = "/ld-linux";
  none.dlpi_adds = 1;
  learn(past_of_lock);
  const int result = visit(&none, sizeof none, argument);
  tell(past_of_lock);
  return result;
}

}  // extern "C"
