// SPDX-License-Identifier: MIT
// Direct: the context and its refusals, submission, and events. Kernel AIO is the test's (fake_kernel.h). What the reaper does
// is reaper_test.cpp's; who leads, races/direct_leaders_test.cpp's.
#include "exec/direct.h"

#include <setjmp.h>
#include <sys/time.h>

#include "chain/group.h"
#include "exec/fake_kernel.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::Group;
using atomrt::chain::Lane;
using atomrt::chain::NotifyBy;
using atomrt::chain::Place;
using atomrt::exec::By;
using atomrt::exec::Verdict;

using Fixture = HeldReaperFixture;

// ---- the context ----

void the_first_request_makes_the_context(void**) {
  Fixture f;
  assert_false(f.direct.has_requests());
  assert_false(f.direct.has_events());
  assert_int_equal(f.kernel.asked, 0);
  for (int i = 0; i < 5; ++i) f.submitted();
  assert_int_equal(f.kernel.asked, 1);
  assert_int_equal(thread_fault.asked, 1);
  assert_int_equal(f.direct.created(), 1);
  assert_true(f.direct.has_requests());
}

void what_the_kernel_does_not_have_is_never_asked_for_again(void**) {
  for (const int error : {ENOSYS, EPERM, EACCES}) {
    Fixture f;
    f.kernel.making_fails.store(error);
    assert_true(f.is_declined(f.chain()));
    assert_true(f.direct.is_refused());
    f.kernel.making_fails.store(0);
    f.kernel.clock_ahead_ns.store(1'000'000'000'000'000);
    assert_true(f.is_declined(f.chain()));
    assert_int_equal(f.kernel.asked, 1);
    assert_int_equal(thread_fault.asked, 0);
    assert_false(f.direct.has_requests());
  }
}

void where_the_machine_has_no_room_it_is_asked_again_after_a_while(void**) {
  for (const int error : {EAGAIN, ENOMEM}) {
    Fixture f;
    f.kernel.clock_stands.store(true);
    f.kernel.making_fails.store(error);
    for (int i = 0; i < 3; ++i) assert_true(f.is_declined(f.chain()));
    assert_false(f.direct.is_refused());
    assert_int_equal(f.kernel.asked, 1);
    f.kernel.clock_ahead_ns.store(2'000'000'000);
    assert_true(f.is_declined(f.chain()));
    assert_int_equal(f.kernel.asked, 2);
    f.kernel.making_fails.store(0);
    f.kernel.clock_ahead_ns.store(4'000'000'000);
    f.submitted();
    assert_int_equal(f.kernel.asked, 3);
    f.kernel.clock_stands.store(false);
  }
}

// ---- submission ----

void the_rest_of_a_request_is_submitted(void**) {
  Fixture f;
  char buffer[4096];
  Chain& chain = f.chain(Kind::DIRECT_WRITE);
  chain.buffer = buffer;
  chain.length = sizeof buffer;
  chain.offset = 1'000'000;
  chain.io_fd.store(7);
  add_moved(chain, 512);
  f.submitted(chain);
  const iocb& transfer = f.kernel.submitted[0];
  assert_int_equal(transfer.aio_lio_opcode, IOCB_CMD_PWRITE);
  assert_int_equal(transfer.aio_fildes, 7);
  assert_int_equal(transfer.aio_buf, reinterpret_cast<std::uintptr_t>(buffer + 512));
  assert_int_equal(transfer.aio_nbytes, sizeof buffer - 512);
  assert_int_equal(transfer.aio_offset, 1'000'512);
  assert_int_equal(transfer.aio_data, atomrt::chain::packed(generation_of(chain), chain.number));
}

void what_the_kernel_has_cannot_be_taken_back(void**) {
  Fixture f;
  Chain& chain = f.submitted();
  assert_int_equal(place_of(chain), Place::IN_AIO);
  assert_false(f.direct.take(chain));
  assert_int_equal(place_of(chain), Place::IN_AIO);
}

void a_full_ring_declines_this_request_alone(void**) {
  Fixture f;
  f.kernel.submitting_fails.store(EAGAIN);
  Chain& chain = f.announced();
  Group& group = zeroed<Group>();
  chain.group = &group;
  assert_true(f.is_declined(chain));
  assert_false(group.has_some_in_kernel());
  assert_false(f.direct.has_requests());
  assert_false(needs_reaper(chain));
  assert_false(f.direct.is_refused());
  f.kernel.submitting_fails.store(0);
  f.submitted(chain);
  assert_true(group.has_some_in_kernel());
  assert_true(f.direct.has_requests());
}

void a_request_that_cannot_be_submitted_does_not_spoil_the_next(void**) {
  for (const int error : {EAGAIN, EINVAL, EBADF, EFAULT}) {
    Fixture f;
    f.kernel.submitting_fails.store(error);
    assert_true(f.is_declined(f.chain()));
    assert_false(f.direct.is_refused());
    f.kernel.submitting_fails.store(0);
    f.submitted();
  }
}

void a_submission_that_a_filter_forbids_is_a_refusal(void**) {
  for (const int error : {ENOSYS, EPERM, EACCES}) {
    Fixture f;
    f.kernel.submitting_fails.store(error);
    assert_true(f.is_declined(f.chain()));
    assert_true(f.direct.is_refused());
  }
}

void a_file_system_without_nowait_is_not_asked_again(void**) {
  Fixture f;
  Lane &one = zeroed<Lane>(), &other = zeroed<Lane>();
  one.key.device = 8;
  other.key.device = 9;
  Chain& chain = f.chain();
  chain.lane = &one;
  f.kernel.submitting_fails.store(EOPNOTSUPP);
  assert_true(f.is_declined(chain));
  assert_false(f.direct.is_refused());
  f.kernel.submitting_fails.store(0);
  assert_true(f.is_declined(chain));
  assert_int_equal(f.kernel.submissions, 0);
  Chain& elsewhere = f.chain();
  elsewhere.lane = &other;
  f.submitted(elsewhere);
  f.direct.avoid(elsewhere);  // as its event says so
  Chain& next = f.chain();
  next.lane = &other;
  assert_true(f.is_declined(next));
  f.submitted();  // of no lane
  next.order = atomrt::chain::Order::LATE;  // nor of one that is its own to look at
  f.submitted(next);
}

void a_group_knows_what_the_kernel_has(void**) {
  Fixture f;
  Group& group = zeroed<Group>();
  group.open(true, {});
  Chain* chains[2];
  for (Chain*& chain : chains) {
    chain = &f.chain();
    chain->group = &group;
    group.add();
    f.submitted(*chain);
  }
  assert_false(group.count_down());  // the call's own
  assert_true(group.has_all_in_kernel());
  f.kernel.complete(1, 1);
  f.direct.process(By::APPLICATION);
  assert_true(group.has_some_in_kernel());
  assert_false(group.has_all_in_kernel());
  f.kernel.complete(0, 1);
  f.direct.process(By::APPLICATION);
  assert_false(group.has_some_in_kernel());
}

Fixture* fixture_of_callback = nullptr;

void an_event_may_be_settled_before_submission_is_over(void**) {
  Fixture f;
  fixture_of_callback = &f;
  f.kernel.ends_at_once.store(true);
  f.kernel.result_at_once.store(512);
  f.kernel.when_submitted.store([] { fixture_of_callback->direct.process(By::APPLICATION); });
  Chain& chain = f.submitted();
  f.is_settled(chain, 512, By::APPLICATION);
  assert_int_equal(place_of(chain), Place::RUNNING);
  assert_false(f.direct.has_requests());
}

void a_write_at_the_size_limit_raises_no_signal(void**) {
  Fixture f;
  fixture_of_callback = &f;
  f.kernel.ends_at_once.store(true);
  f.kernel.result_at_once.store(512);
  f.submitted(Kind::DIRECT_WRITE);
  assert_int_equal(f.kernel.size_signals, 0);
  f.kernel.result_at_once.store(-EFBIG);
  f.submitted(Kind::READ);
  assert_int_equal(f.kernel.size_signals, 0);
  f.submitted(Kind::DIRECT_WRITE);
  assert_int_equal(f.kernel.size_signals, 1);
  f.direct.process(By::APPLICATION);
  f.kernel.when_submitted.store([] { fixture_of_callback->direct.process(By::APPLICATION); });
  f.submitted(Kind::DIRECT_WRITE);  // its event is gone
  assert_int_equal(f.kernel.size_signals, 2);
}

// Of what comes late nobody has asked whether it is a file.
void a_late_write_to_a_broken_pipe_raises_no_signal(void**) {
  Fixture f;
  fixture_of_callback = &f;
  f.kernel.ends_at_once.store(true);
  f.kernel.result_at_once.store(-EPIPE);
  f.submitted(Kind::DIRECT_WRITE);
  assert_int_equal(f.kernel.pipe_signals, 0);
  f.submitted_late(Kind::READ);
  assert_int_equal(f.kernel.pipe_signals, 0);
  f.submitted_late(Kind::DIRECT_WRITE);
  assert_int_equal(f.kernel.pipe_signals, 1);
  assert_int_equal(f.kernel.size_signals, 0);
}

// Nobody else may ever look.
void what_is_not_done_whole_at_once_is_settled_by_its_submitter(void**) {
  Fixture f;
  f.kernel.ends_at_once.store(true);
  for (const Kind kind : {Kind::READ, Kind::DIRECT_WRITE}) {
    for (const long result : {-EAGAIN, -EOPNOTSUPP, 512, 1024}) {
      Chain& chain = f.chain(kind);
      chain.length = 2048;
      f.kernel.result_at_once.store(result);
      f.is_settled(f.submitted(chain), result, By::APPLICATION);
    }
    for (const long result : {0, 100, 2048, -EIO}) {
      Chain& chain = f.chain(kind);
      chain.length = 2048;
      f.kernel.result_at_once.store(result);
      f.submitted(chain);
      assert_int_equal(place_of(chain), Place::IN_AIO);
      f.direct.process(By::LIBRARY);
      f.is_settled(chain, result, By::LIBRARY);
    }
  }
}

// ---- events ----

void a_request_is_settled_by_who_looks(void**) {
  Fixture f;
  Chain& first = f.submitted();
  Chain& second = f.submitted();
  assert_false(f.direct.has_events());
  f.kernel.complete(1, 1234);
  assert_true(f.direct.has_events());
  f.direct.process(By::APPLICATION);
  f.is_settled(second, 1234, By::APPLICATION);
  assert_int_equal(f.job(first).settled, 0);
  assert_false(f.direct.has_events());
  assert_true(f.direct.has_requests());
  f.kernel.complete(0, -EAGAIN);
  f.direct.process(By::LIBRARY);
  f.is_settled(first, -EAGAIN, By::LIBRARY);
  assert_false(f.direct.has_requests());
  assert_int_equal(f.kernel.not_consumed(), 0);
}

void more_than_a_batch_is_settled_in_the_order_of_events(void**) {
  Fixture f;
  constexpr int MANY = 100;
  static int turn_of[MANY], turns;
  static Chain* chains[MANY];
  turns = 0;
  f.engine.when_settled.store([](Chain& chain) {
    for (int i = 0; i < MANY; ++i) {
      if (chains[i] == &chain) turn_of[i] = turns++;
    }
  });
  for (Chain*& chain : chains) chain = &f.submitted();
  for (int i = 0; i < MANY; ++i) f.kernel.complete(MANY - 1 - i, 1);
  f.direct.process(By::APPLICATION);
  assert_int_equal(turns, MANY);
  for (int i = 0; i < MANY; ++i) assert_int_equal(turn_of[i], MANY - 1 - i);
  assert_false(f.direct.has_requests());
  assert_int_equal(f.kernel.not_consumed(), 0);
}

void an_event_of_a_chain_that_is_over_means_nobody(void**) {
  Fixture f;
  Chain& chain = f.submitted();
  Chain& stale = f.submitted();
  f.kernel.submitted[1].aio_data = atomrt::chain::packed(generation_of(chain) - 1, chain.number);
  f.kernel.complete(1, 7);
  f.kernel.submitted[1].aio_data = atomrt::chain::packed(1, 16'000);  // of no chain that was ever made
  f.kernel.complete(1, 7);
  f.direct.process(By::APPLICATION);
  assert_int_equal(f.engine.settled, 0);
  assert_int_equal(place_of(chain), Place::IN_AIO);
  assert_int_equal(f.kernel.not_consumed(), 0);
  f.kernel.submitted[1].aio_data = atomrt::chain::packed(generation_of(stale), stale.number);
  f.kernel.complete(1, 8);
  f.direct.process(By::APPLICATION);
  f.is_settled(stale, 8, By::APPLICATION);
}

// The kernel has refused it, and whoever saw that passes it on, before io_submit has come back.
void what_the_kernel_gave_back_is_not_its_submitters_any_more(void**) {
  Fixture f;
  fixture_of_callback = &f;
  f.engine.when_settled.store([](Chain& chain) { put(chain, Place::MOVING); });
  f.kernel.when_submitted.store([] {
    fixture_of_callback->kernel.complete(0, -EAGAIN);
    fixture_of_callback->direct.process(By::APPLICATION);
  });
  Chain& chain = f.submitted();
  f.is_settled(chain, -EAGAIN, By::APPLICATION);
  assert_int_equal(place_of(chain), Place::MOVING);
}

sigjmp_buf before_the_look;

// A count that is left behind keeps the kernel's context for ever, and all waits looking at it.
void a_look_may_be_left_by_longjmp(void**) {
  Fixture f;
  Chain& chain = f.submitted();
  struct sigaction action {}, before {};
  action.sa_handler = [](int) { siglongjmp(before_the_look, 1); };
  sigaction(SIGALRM, &action, &before);
  static std::atomic<int> jumps;
  static std::atomic<long> looks;
  constexpr int MANY = 2000;
  for (jumps.store(0), looks.store(0); jumps < MANY; jumps.fetch_add(1)) {
    if (sigsetjmp(before_the_look, 1) != 0) continue;
    const itimerval soon{{}, {0, 5 + jumps % 32}};
    setitimer(ITIMER_REAL, &soon, nullptr);
    for (;;) looks.fetch_add(f.direct.has_events());
  }
  sigaction(SIGALRM, &before, nullptr);
  assert_int_equal(looks, 0);
  f.kernel.complete(0, 1);
  assert_true(f.direct.has_events());
  f.direct.process(By::APPLICATION);
  f.is_settled(chain, 1, By::APPLICATION);
  assert_false(f.direct.has_requests());
}

// And what came behind it: the reaper is on its way.
void an_application_makes_no_thread_of_a_notification(void**) {
  Fixture f;
  Chain& first = f.submitted();
  Chain& maker = f.submitted(f.announced(NotifyBy::THREAD));
  Chain& last = f.submitted();
  for (int turn = 0; turn < 3; ++turn) f.kernel.complete(turn, 1);
  f.direct.process(By::APPLICATION);
  f.is_settled(first, 1, By::APPLICATION);
  assert_int_equal(f.engine.settled, 1);
  assert_int_equal(place_of(maker), Place::IN_AIO);
  assert_true(f.direct.has_events());
  f.direct.process(By::LIBRARY);
  f.is_settled(maker, 1, By::LIBRARY);
  f.is_settled(last, 1, By::LIBRARY);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(the_first_request_makes_the_context),
           cmocka_unit_test(what_the_kernel_does_not_have_is_never_asked_for_again),
           cmocka_unit_test(where_the_machine_has_no_room_it_is_asked_again_after_a_while),
           cmocka_unit_test(the_rest_of_a_request_is_submitted),
           cmocka_unit_test(what_the_kernel_has_cannot_be_taken_back),
           cmocka_unit_test(a_full_ring_declines_this_request_alone),
           cmocka_unit_test(a_request_that_cannot_be_submitted_does_not_spoil_the_next),
           cmocka_unit_test(a_submission_that_a_filter_forbids_is_a_refusal),
           cmocka_unit_test(a_file_system_without_nowait_is_not_asked_again),
           cmocka_unit_test(a_group_knows_what_the_kernel_has),
           cmocka_unit_test(an_event_may_be_settled_before_submission_is_over),
           cmocka_unit_test(a_write_at_the_size_limit_raises_no_signal),
           cmocka_unit_test(a_late_write_to_a_broken_pipe_raises_no_signal),
           cmocka_unit_test(what_is_not_done_whole_at_once_is_settled_by_its_submitter),
           cmocka_unit_test(a_request_is_settled_by_who_looks),
           cmocka_unit_test(what_the_kernel_gave_back_is_not_its_submitters_any_more),
           cmocka_unit_test(more_than_a_batch_is_settled_in_the_order_of_events),
           cmocka_unit_test(an_event_of_a_chain_that_is_over_means_nobody),
           cmocka_unit_test(a_look_may_be_left_by_longjmp),
           cmocka_unit_test(an_application_makes_no_thread_of_a_notification))
