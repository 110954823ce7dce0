// SPDX-License-Identifier: MIT
// await: how a thread sleeps for requests that the direct context has, all of them or some; and what it leaves behind
// however its sleep ends: nobody leads, nobody is needed, nobody follows, and the signal mask is as before.
#include "engine/await.h"

#include "engine/waiting.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Place;

// ---- in the kernel ----

void without_direct_requests_the_kernel_is_not_asked(void**) {
  MemoryFile file;
  Aio aio;
  close_gate();
  aio.write(file.fd, "data");
  Wanted wanted{aio};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(waiting.ends_with(Wake::ELSEWHERE));
  assert_int_equal(kernel_sleeps.begun, 0);
  open_gate();
  aio.ends_with(0, 4);
}

void the_sleep_ends_when_it_is_over(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  assert_int_equal(request.place(), Place::IN_AIO);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(waiting.thread));
  assert_int_equal(kernel_sleeps.mask, MASK);
  assert_false(may_lead());
  assert_int_equal(waiting.wake, -1);
  file.let_go();
  assert_true(waiting.ends_with(Wake::OVER));
  assert_true(file.settled_by == atomrt::exec::By::APPLICATION);
  request.ends_with(0, DIRECT_LENGTH);
  assert_true(may_lead());
}

void what_is_over_already_needs_no_sleep(void**) {
  SlowFile file, other;
  SlowRequest request, in_flight;
  request.start(file);
  in_flight.start(other);
  file.let_go();
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(waiting.ends_with(Wake::OVER));
}

// Its leader finishes others' requests as they come, and goes on sleeping.
void the_end_of_another_request_does_not_end_the_sleep(void**) {
  SlowFile file, other;
  SlowRequest request, another;
  request.start(file);
  another.start(other);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(waiting.thread));
  const int sleeps = kernel_sleeps.begun;
  other.let_go();
  another.ends_with(0, DIRECT_LENGTH);
  assert_true(eventually([&] { return kernel_sleeps.begun > sleeps; }));
  assert_true(sleeps_in_kernel(waiting.thread));
  assert_int_equal(waiting.wake, -1);
  file.let_go();
  assert_true(waiting.ends_with(Wake::OVER));
}

void the_time_is_kept(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  const std::int64_t deadline = now_ns() + SHORT_NS;
  Waiting waiting(Waiting::IN_KERNEL, wanted, deadline);
  assert_true(waiting.ends_with(Wake::TIMED_OUT));
  assert_true(now_ns() >= deadline);
  assert_true(kernel_sleeps.begun > 0);
  assert_false(request.is_over());
  assert_true(may_lead());
}

void what_is_over_when_the_time_is_up_is_over(void**) {
  SlowFile file, other;
  SlowRequest request, in_flight;
  request.start(file);
  in_flight.start(other);
  file.let_go();
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted, now_ns() - 1);
  assert_true(waiting.ends_with(Wake::OVER));
}

void a_handler_without_sa_restart_interrupts(void**) {
  SKIP_UNDER_TSAN();
  on_signal(0);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(waiting.thread));
  pthread_kill(waiting.id, SIGUSR1);
  assert_true(waiting.ends_with(Wake::INTERRUPTED));
  assert_int_equal(handled, 1);
  assert_true(may_lead());
}

void a_handler_with_sa_restart_does_not(void**) {
  SKIP_UNDER_TSAN();
  on_signal(SA_RESTART);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(waiting.thread));
  const int sleeps = kernel_sleeps.begun;
  pthread_kill(waiting.id, SIGUSR1);
  assert_true(eventually([&] { return kernel_sleeps.begun > sleeps; }));
  assert_int_equal(handled, 1);
  assert_int_equal(waiting.wake, -1);
  file.let_go();
  assert_true(waiting.ends_with(Wake::OVER));
}

void any_handler_interrupts_where_there_is_a_time(void**) {
  SKIP_UNDER_TSAN();
  on_signal(SA_RESTART);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted, now_ns() + LONG_NS);
  assert_true(sleeps_in_kernel(waiting.thread));
  pthread_kill(waiting.id, SIGUSR1);
  assert_true(waiting.ends_with(Wake::INTERRUPTED));
}

// A request of its list has gone to another context: that one can't end a sleep in the kernel.
void what_others_have_is_waited_for_elsewhere(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  for (const Holder holder : {Holder::SOME, Holder::OTHERS}) {
    Wanted wanted{request, holder};
    Waiting waiting(Waiting::IN_KERNEL, wanted);
    assert_true(waiting.ends_with(Wake::ELSEWHERE));
    assert_true(is_lead_free());
  }
  assert_int_equal(kernel_sleeps.begun, 0);
}

void cancellation_in_the_kernel_leaves_the_lead_free(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  {
    Waiting waiting(Waiting::IN_KERNEL, wanted);
    assert_true(sleeps_in_kernel(waiting.thread));
    pthread_cancel(waiting.id);
    assert_true(waiting.is_cancelled());
    assert_true(may_lead());
  }
  Waiting pending(wanted, true);  // on its way there, with all signals blocked
  assert_true(pending.is_cancelled());
  assert_true(may_lead());
  assert_false(request.is_over());
}

// ---- on a futex ----

void where_the_direct_context_has_nothing_no_reaper_is_asked(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request, Holder::OTHERS};
  Waiting waiting(Waiting::ON_FUTEX, wanted);
  assert_true(waiting.is_asleep_on_futex());
  assert_true(is_lead_free());
  waiting.end_on_futex(atomrt::os::RUNG);
  assert_true(waiting.ends_with(Wake::LOOK));
  Waiting in_time(Waiting::ON_FUTEX, wanted, now_ns() + SHORT_NS);
  assert_true(in_time.ends_with(Wake::TIMED_OUT));
  assert_int_equal(kernel_sleeps.begun, 0);
}

// It is needed for as long as the thread sleeps.
void where_it_has_some_the_reaper_sleeps_in_the_kernel(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request, Holder::SOME};
  {
    Waiting waiting(Waiting::ON_FUTEX, wanted);
    assert_true(reaper_sleeps_in_kernel());
    assert_false(may_lead());
    waiting.end_on_futex(atomrt::os::RUNG);  // another request of its list is over
    assert_true(waiting.ends_with(Wake::LOOK));
  }
  file.let_go();
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  assert_true(eventually([] { return is_lead_free(); }));
}

void the_reaper_finishes_what_a_mixed_wait_waits_for(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request, Holder::SOME};
  Waiting waiting(Waiting::ON_FUTEX, wanted);
  assert_true(reaper_sleeps_in_kernel());
  file.let_go();
  request.ends_with(0, DIRECT_LENGTH);  // nobody looks
  assert_true(file.settled_by == atomrt::exec::By::LIBRARY);
  waiting.end_on_futex(atomrt::os::RUNG);
  assert_true(waiting.ends_with(Wake::LOOK));
}

void a_mixed_wait_keeps_its_time_and_lets_the_reaper_go(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request, Holder::SOME};
  Waiting waiting(Waiting::ON_FUTEX, wanted, now_ns() + SHORT_NS);
  assert_true(waiting.ends_with(Wake::TIMED_OUT));
  file.let_go();
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  assert_true(eventually([] { return is_lead_free(); }));
}

// The thread that sleeps has to look itself, from time to time.
void a_mixed_wait_without_a_reaper_ends_all_the_same(void**) {
  thread_fault.refused.store(ALL);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  file.let_go();
  Wanted wanted{request, Holder::SOME};
  Waiting waiting(Waiting::ON_FUTEX, wanted);
  assert_true(waiting.ends_with(Wake::LOOK));
  assert_true(request.is_over());
  assert_int_equal(kernel_sleeps.begun, 0);
}

void a_mixed_wait_is_interrupted_by_a_handler(void**) {
  SKIP_UNDER_TSAN();
  on_signal(0);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request, Holder::SOME};
  Waiting waiting(Waiting::ON_FUTEX, wanted);
  assert_true(reaper_sleeps_in_kernel() && waiting.is_asleep_on_futex());
  pthread_kill(waiting.id, SIGUSR1);
  assert_true(waiting.ends_with(Wake::INTERRUPTED));
}

void where_nobody_leads_there_is_nobody_to_follow(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  Waiting waiting(Waiting::ON_FUTEX, wanted, now_ns() + LONG_NS);
  assert_true(waiting.ends_with(Wake::LOOK));
}

void cancellation_on_a_futex_leaves_nobody_needed(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  for (const Holder holder : {Holder::SOME, Holder::OTHERS}) {
    Wanted wanted{request, holder};
    Waiting waiting(Waiting::ON_FUTEX, wanted);
    assert_true(waiting.is_asleep_on_futex());
    pthread_cancel(waiting.id);
    assert_true(waiting.is_cancelled());
    assert_false(request.is_over());
  }
  file.let_go();
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  assert_true(eventually([] { return is_lead_free(); }));
}

}  // namespace

UNIT_TESTS(DIRECT_TEST(without_direct_requests_the_kernel_is_not_asked),
           LONE_DIRECT_TEST(the_sleep_ends_when_it_is_over), LONE_DIRECT_TEST(what_is_over_already_needs_no_sleep),
           LONE_DIRECT_TEST(the_end_of_another_request_does_not_end_the_sleep), LONE_DIRECT_TEST(the_time_is_kept),
           LONE_DIRECT_TEST(what_is_over_when_the_time_is_up_is_over),
           LONE_DIRECT_TEST(a_handler_without_sa_restart_interrupts),
           LONE_DIRECT_TEST(a_handler_with_sa_restart_does_not),
           LONE_DIRECT_TEST(any_handler_interrupts_where_there_is_a_time),
           DIRECT_TEST(what_others_have_is_waited_for_elsewhere),
           LONE_DIRECT_TEST(cancellation_in_the_kernel_leaves_the_lead_free),
           DIRECT_TEST(where_the_direct_context_has_nothing_no_reaper_is_asked),
           DIRECT_TEST(where_it_has_some_the_reaper_sleeps_in_the_kernel),
           DIRECT_TEST(the_reaper_finishes_what_a_mixed_wait_waits_for),
           DIRECT_TEST(a_mixed_wait_keeps_its_time_and_lets_the_reaper_go),
           DIRECT_TEST(a_mixed_wait_without_a_reaper_ends_all_the_same),
           DIRECT_TEST(a_mixed_wait_is_interrupted_by_a_handler),
           DIRECT_TEST(where_nobody_leads_there_is_nobody_to_follow),
           DIRECT_TEST(cancellation_on_a_futex_leaves_nobody_needed))
