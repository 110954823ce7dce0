// SPDX-License-Identifier: MIT
// The scheduler: simulated threads, exactly one of which runs at a time, and the decision, at each step, which one goes
// on. A step is an atomic operation of the library, or the beginning or end of a system call.
//
// Two candidates are no threads: the device, which completes one of the kernel's operations when it is chosen, and the
// clock, which jumps to the next moment somebody waits for. The clock is the only candidate when all sleep.
#pragma once

#include <csignal>
#include <cstdint>

#include "machine/clock.h"
#include "machine/fiber.h"
#include "machine/random.h"
#include "machine/thread_locals.h"

namespace schedule {

constexpr std::int64_t NEVER = INT64_MAX;
// How long the library's idle threads stay in half of the runs: longer than any wait. Else a thread that looks again
// before it leaves would hide a wake-up that does not come.
constexpr std::int64_t IDLE_NS = 60'000'000'000;
constexpr unsigned MOST_FRAMES = 128;

enum class State : std::uint8_t { UNUSED, RUNNABLE, ASLEEP, OVER, FROZEN };  // FROZEN: while a child of its process runs
enum class Wakeup : std::uint8_t { WOKEN, TIMED_OUT, INTERRUPTED };

struct PendingSignal {
  siginfo_t info;
};

struct Thread {
  Fiber fiber;
  unsigned number = 0;
  char name[16] = {};
  State state = State::UNUSED;
  bool is_librarys = false;  // one of the library's own, not of the program's
  void* (*body)(void*) = nullptr;
  void* argument = nullptr;
  // Asleep: on what, until when, and how it ended.
  const char* sleeps_in = nullptr;
  const void* channel = nullptr;
  std::int64_t deadline = NEVER;
  bool is_interruptible = false;
  Wakeup wakeup = Wakeup::WOKEN;
  // Signals: see kernel/signals.
  std::uint64_t mask = 0;
  std::uint64_t pending = 0;
  int handlers_run = 0;
  bool any_without_restart = false;
  // What the strategies keep.
  std::int64_t priority = 0;
  unsigned yields = 0;
  // For reports and checks.
  const void* frames[MOST_FRAMES] = {};
  unsigned depth = 0;
  const void* at = nullptr;  // where the library's code was last seen
  const void* locks[8] = {};
  unsigned lock_count = 0;
  bool in_call = false;  // in the simulated kernel, or in a scenario's own check
  int saved_errno = 0;
  Knowledge knowledge;  // of others' pasts, where memory is weak
  Locals locals;
};

// ---- of the running thread ----

Thread& self();
bool is_running();  // false outside of runs
// A step. what and where are for the trace; where may be null.
void step(const char* what, const void* where = nullptr);
// The same for a thread that can't go on before others have.
void yield_step(const char* what);
// Sleeps until wake() of that channel, until the deadline, or until a signal is to be handled.
Wakeup sleep_on(const char* what, const void* channel, std::int64_t deadline, bool is_interruptible);
unsigned wake(const void* channel, unsigned most);
void wake_thread(Thread& thread, Wakeup wakeup);

Thread* start_thread(const char* name, bool is_librarys, std::uint64_t mask, void* (*body)(void*), void* argument);
Thread* thread_at(unsigned number);  // null: not there any more
const char* thread_name(unsigned number);
void learn_of_end(unsigned number);  // that thread is over, and the running one knows it
unsigned thread_count();             // numbers 1..count have been used

// From here to end_child the process is a forked child: this thread alone. The parent's others stand still meanwhile.
void begin_child();
void end_child();  // the child's threads are over

// ---- time ----

std::int64_t now();
void pass_time(std::int64_t ns);

// ---- choices of the kernel's, by the seed ----

Random& random();
// One time in `of`; never in the systematic search, nor where the scenario wants a calm kernel.
bool perhaps(unsigned of);

// ---- runs ----

enum class Strategy : std::uint8_t { WALK, STICKY, PRIORITIES, SYSTEMATIC };

struct RunSettings {
  std::uint64_t seed = 0;
  Strategy strategy = Strategy::WALK;
  bool is_calm = false;
  bool is_weak = false;  // memory is no stronger than C++ promises
  unsigned expected_steps = 500;  // for the places of PRIORITIES' changes
  std::uint64_t most_steps = 400'000;
};

// Runs body as thread 1 to the end of all threads.
void run_threads(const RunSettings& settings, void (*body)());
const RunSettings& settings();
std::uint64_t steps();

}  // namespace schedule
