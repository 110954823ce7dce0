// SPDX-License-Identifier: MIT
#include "machine/scheduler.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "kernel/device.h"
#include "kernel/signals.h"
#include "machine/ordering.h"
#include "machine/report.h"
#include "machine/strategy.h"

namespace schedule {
namespace {

Thread threads[MOST_THREADS + 1];  // [0] is not used
unsigned used;
Thread* running;
Fiber host;
RunSettings present;
std::uint64_t step_count;
std::int64_t clock_ns;
Random choices;
State states_before_fork[MOST_THREADS + 1];
unsigned used_before_fork;

void enter_thread() {
  Thread& thread = *running;
  deliver_signals();
  thread.body(thread.argument);
  if (thread.lock_count != 0) fail("a thread ends with a lock held");
  trace("ends");
  thread.state = State::OVER;
  wake(&thread, MOST_THREADS);
  for (;;) step("end of thread");
}

std::int64_t next_deadline() {
  std::int64_t next = NEVER;
  for (unsigned i = 1; i <= used; ++i) {
    if (threads[i].state == State::ASLEEP && threads[i].deadline < next) next = threads[i].deadline;
  }
  return next;
}

// A thread of the program's has no other hope than the library.
bool is_program_asleep() {
  for (unsigned i = 1; i <= used; ++i) {
    const Thread& thread = threads[i];
    const bool waits = thread.state == State::ASLEEP && thread.deadline == NEVER && thread.is_interruptible;  // for no thread's end
    if (waits && !thread.is_librarys) return true;
  }
  return false;
}

void jump_clock() {
  const std::int64_t next = next_deadline();
  if (next > clock_ns) clock_ns = next;
  for (unsigned i = 1; i <= used; ++i) {
    Thread& thread = threads[i];
    if (thread.state == State::ASLEEP && thread.deadline <= clock_ns) wake_thread(thread, Wakeup::TIMED_OUT);
  }
}

bool all_over() {
  for (unsigned i = 1; i <= used; ++i) {
    if (threads[i].state != State::OVER && threads[i].state != State::FROZEN) return false;
  }
  return true;
}

// Null: all threads are over.
Thread* next_thread(bool yields) {
  for (;;) {
    Candidate candidates[MOST_THREADS + 2];
    unsigned count = 0;
    for (unsigned i = 1; i <= used; ++i) {
      if (threads[i].state == State::RUNNABLE) candidates[count++] = {Candidate::THREAD, &threads[i]};
    }
    if (has_device_work()) candidates[count++] = {Candidate::DEVICE, nullptr};
    const bool has_deadline = next_deadline() != NEVER;
    if (count == 0) {
      if (has_deadline) {
        if (next_deadline() - clock_ns >= IDLE_NS / 2 && is_program_asleep()) {
          fail("sleeps until the library's threads have been idle for long: nobody wakes them");
        }
        trace("the clock jumps: all sleep");
        jump_clock();
        continue;
      }
      if (all_over()) return nullptr;
      fail("sleeps for ever: no thread can go on");
    }
    const Candidate chosen = choose({candidates, count, running, yields, has_deadline, step_count});
    switch (chosen.kind) {
      case Candidate::THREAD:
        return chosen.thread;
      case Candidate::DEVICE:
        complete_one_operation();
        break;
      case Candidate::CLOCK:
        trace("the clock jumps");
        jump_clock();
        break;
    }
    yields = false;
  }
}

void go_on(bool yields) {
  if (++step_count > present.most_steps) fail("comes to no end: too many steps");
  Thread* const next = next_thread(yields);
  if (next == running) return;
  Thread* const before = running;
  before->saved_errno = errno;
  get_locals(before->locals);
  running = next;
  if (next != nullptr) {
    errno = next->saved_errno;
    set_locals(next->locals);
  }
  switch_fibers(before->fiber, next != nullptr ? next->fiber : host);
}

}  // namespace

Thread& self() { return *running; }
bool is_running() { return running != nullptr; }
Random& random() { return choices; }
std::int64_t now() { return clock_ns; }
void pass_time(std::int64_t ns) { clock_ns += ns; }
const RunSettings& settings() { return present; }
std::uint64_t steps() { return step_count; }
unsigned thread_count() { return used; }

bool perhaps(unsigned of) { return !present.is_calm && present.strategy != Strategy::SYSTEMATIC && choices.below(of) == 0; }

Thread* thread_at(unsigned number) {
  if (number == 0 || number > used || threads[number].state == State::OVER || threads[number].state == State::FROZEN) {
    return nullptr;
  }
  return &threads[number];
}

const char* thread_name(unsigned number) { return threads[number].name; }
void learn_of_end(unsigned number) { learn(threads[number].knowledge.known); }

void step(const char* what, const void* where) {
  if (running == nullptr) return;
  trace_step(what, where);
  go_on(false);
  if (running->pending != 0) deliver_signals();
}

void yield_step(const char* what) {
  trace_step(what, nullptr);
  ++running->yields;
  go_on(true);
  if (running->pending != 0) deliver_signals();
}

Wakeup sleep_on(const char* what, const void* channel, std::int64_t deadline, bool is_interruptible) {
  Thread& thread = *running;
  if (is_interruptible && has_deliverable(thread)) return Wakeup::INTERRUPTED;
  trace_step(what, channel);
  thread.sleeps_in = what;
  thread.channel = channel;
  thread.deadline = deadline;
  thread.is_interruptible = is_interruptible;
  thread.state = State::ASLEEP;
  if (thread.lock_count != 0 && thread.deadline == NEVER) check_sleep_with_lock(what);
  go_on(false);
  thread.sleeps_in = nullptr;
  return thread.wakeup;
}

void wake_thread(Thread& thread, Wakeup wakeup) {
  if (thread.state != State::ASLEEP) return;
  thread.wakeup = wakeup;
  thread.state = State::RUNNABLE;
  if (wakeup == Wakeup::WOKEN) tell_thread(thread.knowledge);
}

unsigned wake(const void* channel, unsigned most) {
  unsigned woken = 0;
  // Whom a wake-up meets first is the kernel's choice.
  const unsigned first = present.strategy == Strategy::SYSTEMATIC ? 0 : choices.below(used + 1);
  for (unsigned i = 0; i < used && woken < most; ++i) {
    Thread& thread = threads[(first + i) % used + 1];
    if (thread.state != State::ASLEEP || thread.channel != channel) continue;
    wake_thread(thread, Wakeup::WOKEN);
    ++woken;
  }
  return woken;
}

Thread* start_thread(const char* name, bool is_librarys, std::uint64_t mask, void* (*body)(void*), void* argument) {
  if (used == MOST_THREADS) fail("more threads than the scheduler has room for");
  Thread& thread = threads[++used];
  const Fiber fiber = thread.fiber;
  thread = Thread{};
  thread.fiber = fiber;
  thread.number = used;
  std::snprintf(thread.name, sizeof thread.name, "%s", name);
  thread.is_librarys = is_librarys;
  thread.mask = mask;
  thread.body = body;
  thread.argument = argument;
  thread.locals = first_locals();
  thread.state = State::RUNNABLE;
  begin_knowledge(thread.knowledge, whose(used));
  prepare(thread.fiber, enter_thread);
  thread_started(thread);
  return &thread;
}

void begin_child() {
  used_before_fork = used;
  for (unsigned i = 1; i <= used; ++i) {
    states_before_fork[i] = threads[i].state;
    if (&threads[i] != running && threads[i].state != State::OVER) threads[i].state = State::FROZEN;
  }
}

void end_child() {
  for (unsigned i = used_before_fork + 1; i <= used; ++i) {
    while (threads[i].state != State::OVER) sleep_on("the end of a child's threads", &threads[i], NEVER, false);
    learn_of_end(i);
  }
  for (unsigned i = 1; i <= used_before_fork; ++i) {
    if (threads[i].state == State::FROZEN) threads[i].state = states_before_fork[i];
  }
}

void run_threads(const RunSettings& chosen, void (*body)()) {
  static void (*main_body)();
  main_body = body;
  present = chosen;
  used = 0;
  step_count = 0;
  clock_ns = 1'000'000'000'000;
  choices = Random(chosen.seed * 2 + 1);
  begin_strategy(chosen);
  begin_ordering(chosen.is_weak, chosen.seed);
  running = start_thread("main", false, 0, [](void*) -> void* {
    main_body();
    return nullptr;
  }, nullptr);
  set_locals(running->locals);
  switch_fibers(host, running->fiber);
  running = nullptr;
}

}  // namespace schedule
