// SPDX-License-Identifier: MIT
#include "os/signals.h"

#include <cerrno>
#include <ctime>

#include "os/system_call.h"

namespace atomrt::os {
namespace {

constexpr KernelSignalSet WRITE_SIGNALS = signal_bit(SIGPIPE) | signal_bit(SIGXFSZ);

#ifdef SYS_getuid32
constexpr long GETUID = SYS_getuid32;  // the older call cuts numbers to 16 bits
#else
constexpr long GETUID = SYS_getuid;
#endif

siginfo_t notification(int number, sigval value) {
  siginfo_t info{};
  info.si_signo = number;
  info.si_code = SI_ASYNCIO;
  info.si_pid = static_cast<pid_t>(system_call(SYS_getpid));
  info.si_uid = static_cast<uid_t>(system_call(GETUID));
  info.si_value = value;
  return info;
}

// The number, or -EAGAIN where none is pending.
long take_pending(int number, siginfo_t* info) {
  const KernelSignalSet wanted = signal_bit(number);
  const timespec at_once{};
#ifdef SYS_rt_sigtimedwait
  return system_call(SYS_rt_sigtimedwait, &wanted, info, &at_once, sizeof wanted);
#else
  return system_call(SYS_rt_sigtimedwait_time64, &wanted, info, &at_once, sizeof wanted);
#endif
}

}  // namespace

KernelSignalSet set_signal_mask(KernelSignalSet mask) {
  KernelSignalSet old = 0;
  system_call(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &old, sizeof mask);
  return old;
}

KernelSignalSet block_signals(KernelSignalSet signals) {
  KernelSignalSet old = 0;
  system_call(SYS_rt_sigprocmask, SIG_BLOCK, &signals, &old, sizeof signals);
  return old;
}

bool are_signals_blocked() {
  constexpr KernelSignalSet LEAST = LIBRARY_THREAD_SIGNALS & ALL_BLOCKED;
  return (block_signals(0) & LEAST) == LEAST;
}

bool all_handlers_restart(KernelSignalSet blocked) {
  // Signals that a thread's own instructions raise interrupt no sleep; sanitizers and crash reporters handle them.
  constexpr KernelSignalSet FAULTS = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) |
                                     signal_bit(SIGFPE) | signal_bit(SIGTRAP) | signal_bit(SIGSYS);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    const bool is_libcs = number == SIGNAL_CANCEL || number == SIGNAL_SETXID;
    struct sigaction action;
    if (is_libcs || ((blocked | FAULTS) & signal_bit(number)) != 0) continue;
    if (sigaction(number, nullptr, &action) != 0) continue;
    const bool is_handler = action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
    if (is_handler && (action.sa_flags & SA_RESTART) == 0) return false;
  }
  return true;
}

HandlerState handler_state(int number) {
  struct sigaction action;
  if (sigaction(number, nullptr, &action) != 0) return HandlerState::NONE;
  if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) return HandlerState::NONE;
  const bool may_nest = (action.sa_flags & SA_NODEFER) != 0;
  return may_nest || (block_signals(0) & signal_bit(number)) != 0 ? HandlerState::MAY_BE_RUNNING : HandlerState::READY;
}

WriteSignals::WriteSignals(KernelSignalSet application_mask) {
  // Only a signal that the program itself blocks can be pending already.
  if ((application_mask & WRITE_SIGNALS) != 0) system_call(SYS_rt_sigpending, &pending_before_, sizeof pending_before_);
}

void WriteSignals::absorb(long result, std::size_t moved_before) const {
  const bool may_be_hidden = moved_before > 0 && result == static_cast<long>(moved_before);
  const auto take = [&](int number) {
    if ((pending_before_ & signal_bit(number)) == 0) take_pending(number, nullptr);
  };
  if (result == -EPIPE || may_be_hidden) take(SIGPIPE);
  if (result == -EFBIG || may_be_hidden) take(SIGXFSZ);
}

// The kernel's own has SI_USER as its si_code and this process as its si_pid. Of two that are pending for a thread the
// kernel keeps the first; one for the process is taken only where the thread has none.
void take_back_write_signal(int number) {
  siginfo_t info;
  if (take_pending(number, &info) != number) return;
  const long process = system_call(SYS_getpid);
  if (info.si_code == SI_USER && info.si_pid == process) return;
  if (info.si_code == SI_TKILL) {
    system_call(SYS_rt_tgsigqueueinfo, process, system_call(SYS_gettid), number, &info);
  } else {
    system_call(SYS_kill, process, number);
  }
}

WriteSignalGuard::WriteSignalGuard() : saved_(block_signals(WRITE_SIGNALS)), signals_(saved_) {}

int write_quietly(int fd, const char* text, std::size_t length) {
  WriteSignalGuard guard;
  const long written = system_call(SYS_write, fd, text, length);
  guard.absorb(written);
  if (written < 0) return static_cast<int>(-written);
  return static_cast<std::size_t>(written) < length ? ENOSPC : 0;
}

int queue_signal(int number, sigval value) {
  const siginfo_t info = notification(number, value);
  return static_cast<int>(-system_call(SYS_rt_sigqueueinfo, info.si_pid, number, &info));
}

int queue_signal_to_thread(int thread, int number, sigval value) {
  const siginfo_t info = notification(number, value);
  return static_cast<int>(-system_call(SYS_rt_tgsigqueueinfo, info.si_pid, thread, number, &info));
}

}  // namespace atomrt::os
