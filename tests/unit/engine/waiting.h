// SPDX-License-Identifier: MIT
// waiting.h: a thread that waits once in engine/await, and what it has left behind when it is back, or cancelled. For one
// file of a test program.
#pragma once

#include "engine/await.h"
#include "engine/direct_requests.h"
#include "os/futex.h"

namespace atomrt::unit {

using engine::Awaited;
using engine::Sleeper;
using engine::Wake;
using os::KernelSignalSet;
using os::NO_DEADLINE;
using os::now_ns;

constexpr KernelSignalSet MASK = os::signal_bit(SIGUSR2);  // of the threads that wait
constexpr std::int64_t LONG_NS = 1'000'000'000'000;
constexpr std::int64_t SHORT_NS = 2'000'000;

// Who is said to have what is waited for: the common context all of it, or some, or none.
enum class Holder : std::uint8_t { OTHERS, SOME, DIRECT };
inline engine::Holders holders_of(Holder holder) {
  return {holder == Holder::OTHERS ? 0 : exec::DirectContexts::COMMON, holder != Holder::DIRECT};
}

// What is waited for, and what its holder is said to be.
struct Wanted {
  const Aio& aio;
  std::atomic<Holder> holder{Holder::DIRECT};

  [[nodiscard]] Awaited awaited() const {
    return {this, [](const void* self) { return static_cast<const Wanted*>(self)->aio.is_over(); },
            [](engine::Engine&, const void* self) { return holders_of(static_cast<const Wanted*>(self)->holder); },
            [](engine::Engine& engine, const void*) {
              return engine.direct.has_requests() ? &engine.direct.at(0) : nullptr;
            }};
  }
};

inline void let_go(void* sleeper) { static_cast<Sleeper*>(sleeper)->let_go(); }

inline KernelSignalSet present_mask() { return os::block_signals(0); }

// A thread that waits once, with a mask of its own, in the kernel or on a futex.
struct Waiting {
  enum Where { IN_KERNEL, ON_FUTEX };
  const Where where;
  const Awaited awaited;
  const std::int64_t deadline;
  std::atomic<bool> cancels_itself{false};
  os::FutexWord word{os::QUIET};
  std::atomic<int> thread{0};
  std::atomic<int> wake{-1};
  std::atomic<KernelSignalSet> mask_behind{0};
  std::atomic<bool> holds_something{true};
  pthread_t id{};

  Waiting(Where place, const Wanted& wanted, std::int64_t until = NO_DEADLINE)
      : where(place), awaited(wanted.awaited()), deadline(until) {
    start();
  }
  Waiting(const Wanted& wanted, bool cancelled) : where(IN_KERNEL), awaited(wanted.awaited()), deadline(NO_DEADLINE) {
    cancels_itself.store(cancelled);
    start();
  }
  ~Waiting() {
    if (id != 0) join();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void* join() {
    void* result = nullptr;
    pthread_join(id, &result);
    id = 0;
    return result;
  }
  void end_on_futex(std::uint32_t value) {
    word.store(value);
    os::futex_wake(word, 1);
  }
  [[nodiscard]] bool ends_with(Wake expected) {
    join();
    return wake == static_cast<int>(expected) && mask_behind == MASK && !holds_something;
  }
  [[nodiscard]] bool is_asleep_on_futex() const {
    return eventually([this] { return thread != 0 && is_asleep(thread) && kernel_sleeps.thread != thread; });
  }
  // glibc cancels in a signal handler, which has the signal blocked.
  [[nodiscard]] bool has_mask_of_cancelled() const {
    return (mask_behind & ~os::signal_bit(os::SIGNAL_CANCEL)) == MASK;
  }
  [[nodiscard]] bool is_cancelled() {
    return join() == PTHREAD_CANCELED && wake == -1 && has_mask_of_cancelled();
  }

 private:
  void start() {
    if (pthread_create(&id, nullptr, run, this) != 0) abort();
  }
  void note_mask() { mask_behind.store(present_mask()); }

  // The program's own cleanup handler runs behind the library's.
  static void* run(void* self) {
    Waiting& waiting = *static_cast<Waiting*>(self);
    os::set_signal_mask(MASK);
    Sleeper sleeper{};
    sleeper.engine = &the_engine();
    waiting.thread.store(gettid());
    if (waiting.cancels_itself) pthread_cancel(pthread_self());
    pthread_cleanup_push([](void* it) { static_cast<Waiting*>(it)->note_mask(); }, self);
    waiting.wait(sleeper);
    pthread_cleanup_pop(1);
    return nullptr;
  }

  void wait(Sleeper& sleeper) {
    const os::Cleanup cleanup(let_go, &sleeper);
    const Wake woken = where == IN_KERNEL
                           ? wait_in_kernel(sleeper, awaited, deadline)
                           : wait_on_futex(sleeper, awaited, word, deadline);
    wake.store(static_cast<int>(woken));
    holds_something.store(sleeper.leads != 0 || sleeper.needs != 0 || sleeper.is_masked ||
                          sleeper.follows != nullptr);
  }
};

inline std::atomic<int> handled{0};
inline void on_signal(int flags) {
  handled.store(0);
  struct sigaction action {};
  action.sa_handler = [](int) { handled.fetch_add(1); };
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, nullptr);
}

}  // namespace atomrt::unit
