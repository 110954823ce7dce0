// SPDX-License-Identifier: MIT
// Signals of the calling thread: blocked while the library holds a lock, and the two signals that a write can raise
// in its own thread (SIGPIPE, SIGXFSZ). Also queueing the notification signal. Everything here is async-signal-safe.
#pragma once

#include <csignal>
#include <cstdint>

#include "base/expected.h"

namespace atomrt::os {

// The kernel's signal set: 64 bits on every ABI that Linux has today but mips.
using KernelSignalSet = unsigned long long;

// glibc's own signals. SIGSETXID must never be blocked by any thread: setuid() in one waits for every other one to
// take it. SIGCANCEL is blocked while a lock is held in an application's thread.
constexpr int SIGNAL_CANCEL = 32;
constexpr int SIGNAL_SETXID = 33;
constexpr KernelSignalSet signal_bit(int number) { return 1ULL << (number - 1); }
constexpr KernelSignalSet ALL_SIGNALS = ~signal_bit(SIGNAL_SETXID);
constexpr KernelSignalSet LIBRARY_THREAD_SIGNALS = ALL_SIGNALS & ~signal_bit(SIGNAL_CANCEL);

// The mask after blocking ALL_SIGNALS: the kernel never blocks two of them.
constexpr KernelSignalSet ALL_BLOCKED = ALL_SIGNALS & ~signal_bit(SIGKILL) & ~signal_bit(SIGSTOP);

KernelSignalSet set_signal_mask(KernelSignalSet mask);
KernelSignalSet block_signals(KernelSignalSet signals);
// Whether all signals are blocked that the library blocks while it holds locks. Asks the kernel: for assertions.
[[nodiscard]] bool are_signals_blocked();

// Blocks every signal of this thread, pthread_cancel's too, and restores the mask at the end of the scope.
class [[nodiscard]] SignalBlock {
 public:
  explicit SignalBlock(KernelSignalSet signals = ALL_SIGNALS) : saved_(set_signal_mask(signals)) {}
  ~SignalBlock() { set_signal_mask(saved_); }
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;
  [[nodiscard]] KernelSignalSet saved() const { return saved_; }

 private:
  KernelSignalSet saved_;
};

// Blocks them from the first `block` up to `end`, for a thread that would otherwise block and restore them time and
// again: each change of the mask is a system call.
class SignalStretch {
 public:
  SignalStretch() = default;
  ~SignalStretch() { end(); }
  SignalStretch(const SignalStretch&) = delete;
  SignalStretch& operator=(const SignalStretch&) = delete;
  void block() {
    if (uses_++ == 0) saved_ = set_signal_mask(ALL_SIGNALS);
  }
  void end() {
    if (uses_ != 0) set_signal_mask(saved_);
    uses_ = 0;
  }
  // The mask before, between `block` and `end`.
  [[nodiscard]] KernelSignalSet saved() const { return saved_; }
  // Calls of `block` since the last `end`.
  [[nodiscard]] unsigned uses() const { return uses_; }

 private:
  KernelSignalSet saved_ = 0;
  unsigned uses_ = 0;
};

// Whether every handler that may have run, for a signal outside `blocked`, was installed with SA_RESTART.
[[nodiscard]] bool all_handlers_restart(KernelSignalSet blocked);

// What a signal would find if it were sent now.
enum class HandlerState : std::uint8_t {
  NONE,            // no handler
  READY,           // one that would run
  MAY_BE_RUNNING,  // this thread blocks the signal, as the kernel does in its handler; or it may run inside itself
};
[[nodiscard]] HandlerState handler_state(int number);

// For one write in an application's thread that has SIGPIPE and SIGXFSZ blocked: takes back the one that the write
// raised, unless it was pending before. application_mask: the mask before the library blocked anything.
class [[nodiscard]] WriteSignals {
 public:
  explicit WriteSignals(KernelSignalSet application_mask);
  // result: what the write returned, bytes or -errno; or the result of the whole request, which had moved moved_before
  // bytes before this write: they may hide an error.
  void absorb(long result, std::size_t moved_before = 0) const;

 private:
  KernelSignalSet pending_before_ = 0;
};

// The same with the two signals blocked for the length of the scope.
class [[nodiscard]] WriteSignalGuard {
 public:
  WriteSignalGuard();
  ~WriteSignalGuard() { set_signal_mask(saved_); }
  WriteSignalGuard(const WriteSignalGuard&) = delete;
  WriteSignalGuard& operator=(const WriteSignalGuard&) = delete;
  void absorb(long result, std::size_t moved_before = 0) const { signals_.absorb(result, moved_before); }

 private:
  KernelSignalSet saved_;
  WriteSignals signals_;
};

// Takes back the SIGXFSZ or SIGPIPE that the kernel may just have sent to this thread, where it is blocked, for a
// write; one that the program has sent to the thread itself stays.
void take_back_write_signal(int number);

// One write(2) of the library's own text: no signal that it raises reaches the program, and errno stays. Returns 0 or
// an errno: ENOSPC where only a part was written.
int write_quietly(int fd, const char* text, std::size_t length);

// Queues a signal as POSIX AIO does: si_code SI_ASYNCIO, si_pid and si_uid of this process. To the process, or to one
// thread of it (Linux's SIGEV_THREAD_ID). Returns 0 or an errno: EAGAIN when RLIMIT_SIGPENDING is used up, EINVAL for a
// signal number that does not exist, ESRCH when the thread has gone.
int queue_signal(int number, sigval value);
int queue_signal_to_thread(int thread, int number, sigval value);

}  // namespace atomrt::os
