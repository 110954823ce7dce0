// SPDX-License-Identifier: MIT
#include "kernel/signals.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include "machine/ordering.h"
#include "machine/report.h"

namespace schedule {
namespace {

struct Queued {
  unsigned thread;  // 0: the process
  siginfo_t info;
  Clock past;  // of the sender
};
std::vector<Queued> queue;
struct sigaction handlers[65];

// Threads see at each step by this word that something may be theirs.
void note_pending() {
  for (unsigned i = 1; i <= thread_count(); ++i) {
    Thread* thread = thread_at(i);
    if (thread == nullptr) continue;
    thread->pending = 0;
    for (const Queued& entry : queue) {
      if (entry.thread == 0 || entry.thread == i) thread->pending |= bit_of(entry.info.si_signo);
    }
  }
}

bool take(unsigned thread, std::uint64_t wanted, siginfo_t& info) {
  for (const bool own : {true, false}) {
    for (std::size_t i = 0; i < queue.size(); ++i) {
      if (queue[i].thread != (own ? thread : 0) || (wanted & bit_of(queue[i].info.si_signo)) == 0) continue;
      info = queue[i].info;
      learn(queue[i].past);
      queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
      note_pending();
      return true;
    }
  }
  return false;
}

void interrupt(Thread& thread) {
  if (thread.is_interruptible && has_deliverable(thread)) wake_thread(thread, Wakeup::INTERRUPTED);
}

}  // namespace

void reset_signals() {
  queue.clear();
  std::memset(handlers, 0, sizeof handlers);
}

void set_handler(int number, const struct sigaction& action) { handlers[number] = action; }
const struct sigaction& handler_of(int number) { return handlers[number]; }

bool has_deliverable(const Thread& thread) { return (thread.pending & ~thread.mask) != 0; }

int send_signal(unsigned target, int number, const siginfo_t& info) {
  if (number < 1 || number > 64) return EINVAL;
  if (target != 0 && thread_at(target) == nullptr) return ESRCH;
  if (self().lock_count != 0) fail("sends a signal with a lock held");
  for (const Queued& entry : queue) {
    if (number < SIGRTMIN && entry.thread == target && entry.info.si_signo == number) return 0;
  }
  trace("signal %d to %s %u", number, target == 0 ? "process" : "thread", target);
  queue.push_back({target, info, {}});
  tell(queue.back().past);
  queue.back().info.si_signo = number;
  note_pending();
  if (target != 0) {
    interrupt(*thread_at(target));
    return 0;
  }
  // The kernel wakes one of those who may take it.
  const unsigned count = thread_count(), first = perhaps(2) ? random().below(count) : 0;
  for (unsigned i = 0; i < count; ++i) {
    Thread* thread = thread_at((first + i) % count + 1);
    if (thread == nullptr || !has_deliverable(*thread)) continue;
    interrupt(*thread);
    break;
  }
  return 0;
}

bool deliver_signals() {
  Thread& thread = self();
  bool any_without_restart = false;
  siginfo_t info;
  while (has_deliverable(thread) && take(thread.number, ~thread.mask, info)) {
    const struct sigaction& action = handlers[info.si_signo];
    if (action.sa_handler == SIG_IGN) continue;
    if (action.sa_handler == SIG_DFL) fail("the program would be killed by signal %d", info.si_signo);
    if (thread.is_librarys) fail("a handler runs on a thread of the library");
    any_without_restart |= (action.sa_flags & SA_RESTART) == 0;
    const std::uint64_t saved = thread.mask;
    std::uint64_t added;
    std::memcpy(&added, &action.sa_mask, sizeof added);
    thread.mask |= added | bit_of(info.si_signo);
    const int saved_errno = errno;
    trace("handler of signal %d begins", info.si_signo);
    ++thread.handlers_run;
    action.sa_sigaction(info.si_signo, &info, nullptr);
    trace("handler of signal %d ends", info.si_signo);
    errno = saved_errno;
    thread.mask = saved;
  }
  return any_without_restart;
}

void change_mask(std::uint64_t mask) { self().mask = mask & ~bit_of(SIGKILL) & ~bit_of(SIGSTOP); }

bool take_signal(std::uint64_t wanted, siginfo_t* info) {
  siginfo_t taken;
  if (!take(self().number, wanted, taken)) return false;
  if (info != nullptr) *info = taken;
  return true;
}

std::uint64_t pending_signals() { return self().pending; }

}  // namespace schedule
