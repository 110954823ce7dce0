// Signals of the calling thread: blocked while the library holds a lock, and the two signals that a write can raise
// in its own thread (SIGPIPE, SIGXFSZ). Also queueing the notification signal. Everything here is async-signal-safe.
#pragma once

#include <csignal>

#include "base/expected.h"

namespace atomrt::os {

// The kernel's signal set: 64 bits on every ABI that Linux has today but mips.
using KernelSignalSet = unsigned long long;
constexpr KernelSignalSet ALL_SIGNALS = ~0ULL;

KernelSignalSet set_signal_mask(KernelSignalSet mask);
KernelSignalSet block_signals(KernelSignalSet signals);

// Blocks every signal of this thread, glibc's two internal ones too (so that pthread_cancel can't strike inside),
// and restores the mask at the end of the scope.
class [[nodiscard]] SignalBlock {
 public:
  SignalBlock() : saved_(set_signal_mask(ALL_SIGNALS)) {}
  ~SignalBlock() { set_signal_mask(saved_); }
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;
  [[nodiscard]] KernelSignalSet saved() const { return saved_; }

 private:
  KernelSignalSet saved_;
};

// Around one write in an application's thread: SIGPIPE and SIGXFSZ are blocked, and one that the write raised is
// taken back, unless it was pending before. Call `absorb` with what the write returned (-errno).
class [[nodiscard]] WriteSignalGuard {
 public:
  WriteSignalGuard();
  ~WriteSignalGuard();
  WriteSignalGuard(const WriteSignalGuard&) = delete;
  WriteSignalGuard& operator=(const WriteSignalGuard&) = delete;
  void absorb(long result);

 private:
  KernelSignalSet saved_;
  KernelSignalSet pending_before_ = 0;
};

// Queues a signal as POSIX AIO does: si_code SI_ASYNCIO, si_pid and si_uid of this process. To the process, or to one
// thread of it (Linux's SIGEV_THREAD_ID). Returns 0 or an errno: EAGAIN when RLIMIT_SIGPENDING is used up, EINVAL for a
// signal number that does not exist, ESRCH when the thread has gone.
int queue_signal(int number, sigval value);
int queue_signal_to_thread(int thread, int number, sigval value);

}  // namespace atomrt::os
