// SPDX-License-Identifier: MIT
// signals: masks that come back, signals of a write that the program never sees, and what a queued notification says.
// What changes the process (limits, dispositions) runs in a child.
#include "os/signals.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include "os/system_call.h"
#include "unit.h"

namespace {

using namespace atomrt::os;
using atomrt::unit::in_child;

constexpr KernelSignalSet bit(int number) { return signal_bit(number); }
// The kernel lets nobody block these.
constexpr KernelSignalSet UNBLOCKABLE = bit(SIGKILL) | bit(SIGSTOP);
// setuid() in any thread waits until every other one has taken this.
constexpr int SETXID = 33;

KernelSignalSet mask() { return block_signals(0); }

bool is_pending(int number) {
  KernelSignalSet pending = 0;
  system_call(SYS_rt_sigpending, &pending, sizeof pending);
  return (pending & bit(number)) != 0;
}

void a_block_covers_every_signal_and_ends_with_its_scope(void**) {
  set_signal_mask(bit(SIGUSR2));
  {
    const SignalBlock outer;
    assert_int_equal(outer.saved(), bit(SIGUSR2));
    assert_int_equal(mask(), ~(UNBLOCKABLE | bit(SETXID)));  // pthread_cancel's too
    {
      const SignalBlock inner;
      assert_int_equal(inner.saved(), ALL_SIGNALS & ~UNBLOCKABLE);
    }
    assert_int_equal(mask(), ALL_SIGNALS & ~UNBLOCKABLE);
  }
  assert_int_equal(mask(), bit(SIGUSR2));
  set_signal_mask(0);
}

void a_stretch_blocks_from_its_first_use_to_its_end(void**) {
  const KernelSignalSet blocked = [] {
    const SignalBlock block;
    return mask();
  }();
  assert_int_not_equal(blocked & bit(SIGUSR1), 0);
  set_signal_mask(bit(SIGUSR2));
  {
    SignalStretch stretch;
    assert_int_equal(mask(), bit(SIGUSR2));
    stretch.end();
    assert_int_equal(mask(), bit(SIGUSR2));
    for (unsigned uses = 1; uses <= 3; ++uses) {
      stretch.block();
      assert_int_equal(stretch.uses(), uses);
      assert_int_equal(mask(), blocked);
    }
    stretch.end();
    assert_int_equal(mask(), bit(SIGUSR2));
    assert_int_equal(stretch.uses(), 0);
    stretch.block();
  }
  assert_int_equal(mask(), bit(SIGUSR2));
  set_signal_mask(0);
}

void a_block_may_cover_less(void**) {
  {
    const SignalBlock block(bit(SIGUSR1));
    assert_int_equal(mask(), bit(SIGUSR1));
    assert_int_equal(block.saved(), 0);
  }
  assert_int_equal(mask(), 0);
}

void blocking_adds_and_returns_what_was(void**) {
  set_signal_mask(bit(SIGUSR1));
  assert_int_equal(block_signals(bit(SIGUSR2)), bit(SIGUSR1));
  assert_int_equal(mask(), bit(SIGUSR1) | bit(SIGUSR2));
  assert_int_equal(set_signal_mask(0), bit(SIGUSR1) | bit(SIGUSR2));
}

// Writes to a pipe that nobody reads, as the head does. -EPIPE.
long write_to_broken_pipe(WriteSignalGuard& guard) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  close(ends[0]);
  const long result = system_call(SYS_write, ends[1], "x", 1);
  guard.absorb(result);
  close(ends[1]);
  return result;
}

void sigpipe_of_a_write_is_taken_back(void**) {
  const int status = in_child([] {
    signal(SIGPIPE, SIG_DFL);
    long result;
    {
      WriteSignalGuard guard;
      result = write_to_broken_pipe(guard);
      if (is_pending(SIGPIPE)) return 2;
    }
    return result == -EPIPE && mask() == 0 ? 0 : 1;
  });
  assert_int_equal(status, 0);
}

void sigpipe_that_was_pending_before_stays(void**) {
  const int status = in_child([] {
    signal(SIGPIPE, SIG_DFL);
    block_signals(bit(SIGPIPE));
    raise(SIGPIPE);
    {
      WriteSignalGuard guard;
      if (write_to_broken_pipe(guard) != -EPIPE) return 2;
    }
    return is_pending(SIGPIPE) && mask() == bit(SIGPIPE) ? 0 : 1;
  });
  assert_int_equal(status, 0);
}

void sigpipe_blocked_by_the_program_does_not_become_pending(void**) {
  const int status = in_child([] {
    block_signals(bit(SIGPIPE));
    {
      WriteSignalGuard guard;
      if (write_to_broken_pipe(guard) != -EPIPE) return 2;
    }
    return is_pending(SIGPIPE) ? 1 : 0;
  });
  assert_int_equal(status, 0);
}

void sigxfsz_of_a_write_is_taken_back(void**) {
  const int status = in_child([] {
    signal(SIGXFSZ, SIG_DFL);
    char path[] = "/tmp/atomrt-unit-XXXXXX";
    const int fd = mkstemp(path);
    unlink(path);
    const rlimit limit{4096, 4096};
    if (fd < 0 || setrlimit(RLIMIT_FSIZE, &limit) != 0) return 3;
    long result;
    {
      WriteSignalGuard guard;
      result = system_call(SYS_pwrite64, fd, "x", 1, 4096);
      guard.absorb(result);
      if (is_pending(SIGXFSZ)) return 2;
    }
    return result == -EFBIG ? 0 : 1;
  });
  assert_int_equal(status, 0);
}

// For a thread that has blocked everything already, as a waiter has.
void a_write_under_a_block_is_judged_by_the_programs_mask(void**) {
  const int status = in_child([] {
    for (const bool pending_before : {false, true}) {
      const KernelSignalSet application = pending_before ? bit(SIGPIPE) : 0;
      set_signal_mask(application);
      if (pending_before) raise(SIGPIPE);
      const SignalBlock block;
      const WriteSignals signals(block.saved());
      int ends[2];
      if (pipe(ends) != 0) return 3;
      close(ends[0]);
      signals.absorb(system_call(SYS_write, ends[1], "x", 1));
      if (is_pending(SIGPIPE) != pending_before) return pending_before ? 2 : 1;
    }
    return 0;
  });
  assert_int_equal(status, 0);
}

// EPIPE that raised no signal (MSG_NOSIGNAL) is no reason to wait for one; other results take nothing away.
void ignore_signal(int) {}

void handle(int number, int flags) {
  struct sigaction action {};
  action.sa_handler = ignore_signal;
  action.sa_flags = flags;
  assert_int_equal(sigaction(number, &action, nullptr), 0);
}

void whether_handlers_restart_is_asked_of_those_that_may_have_run(void**) {
  set_signal_mask(0);
  assert_true(all_handlers_restart(0));
  handle(SIGUSR1, SA_RESTART);
  assert_true(all_handlers_restart(0));
  handle(SIGFPE, 0);  // a fault: it interrupts nobody's sleep
  assert_true(all_handlers_restart(0));
  handle(SIGUSR2, 0);
  assert_false(all_handlers_restart(0));
  assert_true(all_handlers_restart(bit(SIGUSR2)));
  for (const int number : {SIGUSR1, SIGUSR2, SIGFPE}) signal(number, SIG_DFL);
}

void only_the_kernels_size_signal_is_taken_back(void**) {
  const SignalBlock blocked;
  take_back_write_signal(SIGXFSZ);  // none
  assert_false(is_pending(SIGXFSZ));
  raise(SIGXFSZ);
  take_back_write_signal(SIGXFSZ);
  assert_true(is_pending(SIGXFSZ));
  take_back_write_signal(SIGXFSZ);
  sigset_t size_signal;
  sigemptyset(&size_signal);
  sigaddset(&size_signal, SIGXFSZ);
  assert_int_equal(sigwaitinfo(&size_signal, nullptr), SIGXFSZ);
  assert_false(is_pending(SIGXFSZ));
  kill(getpid(), SIGXFSZ);  // bears what the kernel's bears
  take_back_write_signal(SIGXFSZ);
  assert_false(is_pending(SIGXFSZ));
  const int status = in_child([] { return kill(getppid(), SIGXFSZ); });
  assert_int_equal(status, 0);
  take_back_write_signal(SIGXFSZ);
  assert_true(is_pending(SIGXFSZ));
  assert_int_equal(sigwaitinfo(&size_signal, nullptr), SIGXFSZ);
}

void absorbing_takes_only_what_the_result_raised(void**) {
  const int status = in_child([] {
    WriteSignalGuard guard;
    raise(SIGPIPE);
    guard.absorb(-EFBIG);
    guard.absorb(-EAGAIN);
    guard.absorb(5);
    guard.absorb(5, 3);  // two more were written
    if (!is_pending(SIGPIPE)) return 1;
    guard.absorb(-EPIPE);
    if (is_pending(SIGPIPE)) return 2;
    raise(SIGPIPE);
    raise(SIGXFSZ);
    guard.absorb(3, 3);  // none was, and the bytes moved before hide why
    if (is_pending(SIGPIPE) || is_pending(SIGXFSZ)) return 3;
    guard.absorb(-EPIPE);
    return 0;
  });
  assert_int_equal(status, 0);
}

void a_notification_says_what_posix_says(void**) {
  block_signals(bit(SIGRTMIN));
  sigval value{};
  value.sival_ptr = &value;
  errno = 1234;
  assert_int_equal(queue_signal(SIGRTMIN, value), 0);
  assert_int_equal(errno, 1234);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  siginfo_t info{};
  assert_int_equal(sigwaitinfo(&set, &info), SIGRTMIN);
  assert_int_equal(info.si_code, SI_ASYNCIO);
  assert_int_equal(info.si_pid, getpid());
  assert_int_equal(info.si_uid, getuid());
  assert_ptr_equal(info.si_value.sival_ptr, &value);
  set_signal_mask(0);
}

void queued_signals_do_not_merge(void**) {
  block_signals(bit(SIGRTMIN));
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  for (int i = 0; i < 3; ++i) assert_int_equal(queue_signal(SIGRTMIN, sigval{i}), 0);
  for (int i = 0; i < 3; ++i) {
    siginfo_t info{};
    assert_int_equal(sigwaitinfo(&set, &info), SIGRTMIN);
    assert_int_equal(info.si_value.sival_int, i);
  }
  set_signal_mask(0);
}

void a_notification_for_a_thread_reaches_that_thread_alone(void**) {
  block_signals(bit(SIGRTMIN));
  std::atomic<int> thread{0}, got{0};
  atomrt::unit::Thread other([&] {
    thread.store(gettid());
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    siginfo_t info{};
    if (sigwaitinfo(&set, &info) == SIGRTMIN && info.si_code == SI_ASYNCIO) got.store(info.si_value.sival_int);
  });
  assert_true(atomrt::unit::eventually([&] { return thread != 0; }));
  assert_int_equal(queue_signal_to_thread(thread, SIGRTMIN, sigval{77}), 0);
  other.join();
  assert_int_equal(got, 77);
  assert_false(is_pending(SIGRTMIN));
  // The kernel forgets a thread a moment after pthread_join has returned.
  assert_true(atomrt::unit::eventually([&] { return queue_signal_to_thread(thread, SIGRTMIN, sigval{77}) == ESRCH; }));
  set_signal_mask(0);
}

void a_signal_that_does_not_exist_is_einval(void**) {
  assert_int_equal(queue_signal(65, sigval{}), EINVAL);
  assert_int_equal(queue_signal(-1, sigval{}), EINVAL);
}

void no_room_for_a_signal_is_eagain(void**) {
  const int status = in_child([] {
    block_signals(bit(SIGRTMIN));
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_SIGPENDING, &none) != 0) return 3;
    if (queue_signal(SIGRTMIN, sigval{}) != EAGAIN) return 1;
    return queue_signal_to_thread(gettid(), SIGRTMIN, sigval{}) == EAGAIN ? 0 : 2;
  });
  assert_int_equal(status, 0);
}

void set_handler(int number, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(number, &action, nullptr);
}
HandlerState state_in_handler = HandlerState::NONE;

void whether_a_handler_may_be_running_is_told_by_mask_and_flags(void**) {
  const KernelSignalSet mask = set_signal_mask(0);
  set_handler(SIGUSR1, SIG_DFL, 0);
  assert_int_equal(handler_state(SIGUSR1), HandlerState::NONE);
  set_handler(SIGUSR1, SIG_IGN, 0);
  assert_int_equal(handler_state(SIGUSR1), HandlerState::NONE);
  set_handler(SIGUSR1, [](int) { state_in_handler = handler_state(SIGUSR1); }, 0);
  assert_int_equal(handler_state(SIGUSR1), HandlerState::READY);
  raise(SIGUSR1);
  assert_int_equal(state_in_handler, HandlerState::MAY_BE_RUNNING);
  assert_int_equal(handler_state(SIGUSR1), HandlerState::READY);
  set_handler(SIGUSR1, [](int) {}, SA_NODEFER);
  assert_int_equal(handler_state(SIGUSR1), HandlerState::MAY_BE_RUNNING);
  set_handler(SIGUSR1, SIG_DFL, 0);
  for (const int number : {0, -1, 65, SIGNAL_CANCEL}) assert_int_equal(handler_state(number), HandlerState::NONE);
  set_signal_mask(mask);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(whether_a_handler_may_be_running_is_told_by_mask_and_flags),
           cmocka_unit_test(a_block_covers_every_signal_and_ends_with_its_scope),
           cmocka_unit_test(a_stretch_blocks_from_its_first_use_to_its_end),
           cmocka_unit_test(a_block_may_cover_less), cmocka_unit_test(blocking_adds_and_returns_what_was), cmocka_unit_test(sigpipe_of_a_write_is_taken_back),
           cmocka_unit_test(sigpipe_that_was_pending_before_stays),
           cmocka_unit_test(sigpipe_blocked_by_the_program_does_not_become_pending),
           cmocka_unit_test(sigxfsz_of_a_write_is_taken_back),
           cmocka_unit_test(a_write_under_a_block_is_judged_by_the_programs_mask),
           cmocka_unit_test(whether_handlers_restart_is_asked_of_those_that_may_have_run),
           cmocka_unit_test(only_the_kernels_size_signal_is_taken_back),
           cmocka_unit_test(absorbing_takes_only_what_the_result_raised),
           cmocka_unit_test(a_notification_says_what_posix_says), cmocka_unit_test(queued_signals_do_not_merge),
           cmocka_unit_test(a_notification_for_a_thread_reaches_that_thread_alone),
           cmocka_unit_test(a_signal_that_does_not_exist_is_einval), cmocka_unit_test(no_room_for_a_signal_is_eagain))
