// SPDX-License-Identifier: MIT
// Several threads, and a handler, that wait for requests of the direct context: one leads, the others follow or have the
// reaper, and no lead is lost on the way.
#include "engine/suspend.h"
#include "engine/waiting.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;

// The leader that leaves wakes one of those who follow, and tells it by the futex's value.
void a_second_waiter_follows_until_the_lead_is_free(void**) {
  SlowFile file, other;
  SlowRequest request, another;
  request.start(file);
  another.start(other);
  Wanted wanted{request}, wants_another{another};
  Waiting leader(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(leader.thread));
  {
    Waiting second(Waiting::IN_KERNEL, wants_another);
    assert_true(second.ends_with(Wake::ELSEWHERE));
  }
  atomrt::os::FutexWord word{atomrt::os::QUIET};
  {
    const atomrt::os::SignalBlock blocked;
    assert_true(the_engine().direct.at(0).follow(word));
  }
  file.let_go();
  assert_true(leader.ends_with(Wake::OVER));
  assert_int_equal(word, atomrt::os::POKED);
  Waiting next(Waiting::IN_KERNEL, wants_another);
  assert_true(sleeps_in_kernel(next.thread));
  other.let_go();
  assert_true(next.ends_with(Wake::OVER));
}

// It looks again after a while, though nobody wakes it: the leader may have gone astray in a handler.
void who_follows_looks_from_time_to_time(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  Waiting leader(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(leader.thread));
  {
    Waiting follower(Waiting::ON_FUTEX, wanted);
    assert_true(follower.ends_with(Wake::LOOK));
    assert_int_equal(follower.word, atomrt::os::QUIET);
    Waiting in_time(Waiting::ON_FUTEX, wanted, now_ns() + SHORT_NS);
    assert_true(in_time.ends_with(Wake::TIMED_OUT));
    file.let_go();
    assert_true(leader.ends_with(Wake::OVER));
    assert_int_equal(follower.word, atomrt::os::QUIET);  // it follows no more
    assert_int_equal(in_time.word, atomrt::os::QUIET);
  }
}

void cancellation_of_who_follows_leaves_no_follower(void**) {
  SlowFile file, other;
  SlowRequest request, in_flight;
  request.start(file);
  in_flight.start(other);
  Wanted wanted{request};
  Waiting leader(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(leader.thread));
  // At any moment of its short sleeps: a thread that has not been cancelled yet comes back, and is sent there again.
  int cancelled = 0;
  for (int i = 0; i < 50 && cancelled < 3; ++i) {
    Waiting follower(Waiting::ON_FUTEX, wanted);
    assert_true(eventually([&] { return follower.thread != 0; }));
    pthread_cancel(follower.id);
    const bool was_cancelled = follower.join() == PTHREAD_CANCELED;
    cancelled += was_cancelled;
    if (was_cancelled) assert_true(follower.has_mask_of_cancelled());
    assert_int_equal(follower.word, atomrt::os::QUIET);
  }
  assert_int_equal(cancelled, 3);
  atomrt::os::FutexWord last{atomrt::os::QUIET};
  {
    const atomrt::os::SignalBlock blocked;
    assert_true(the_engine().direct.at(0).follow(last));
  }
  file.let_go();
  assert_true(leader.ends_with(Wake::OVER));
  assert_int_equal(last, atomrt::os::POKED);  // and not one of theirs, as the first entry is free again
}

// ---- as a whole ----

struct Suspended {
  const Aio& aio;
  std::atomic<int> thread{0}, outcome{-1};
  void wait() {
    const struct aiocb* list[] = {&aio.block};
    thread.store(gettid());
    outcome.store(suspend(list, 1, nullptr));
  }
};

void waiters_of_different_requests_lead_one_after_the_other(void**) {
  SlowFile files[3];
  SlowRequest requests[3];
  for (int i = 0; i < 3; ++i) requests[i].start(files[i]);
  Suspended waits[3] = {{requests[0]}, {requests[1]}, {requests[2]}};
  Thread first([&] { waits[0].wait(); });
  assert_true(sleeps_in_kernel(waits[0].thread));
  Thread second([&] { waits[1].wait(); });
  Thread third([&] { waits[2].wait(); });
  files[1].let_go();  // its waiter does not lead
  second.join();
  assert_int_equal(waits[1].outcome, 0);
  assert_int_equal(waits[0].outcome, -1);
  files[0].let_go();
  first.join();
  assert_true(sleeps_in_kernel(waits[2].thread));
  files[2].let_go();
  third.join();
  assert_int_equal(waits[0].outcome, 0);
  assert_int_equal(waits[2].outcome, 0);
  assert_true(may_lead());
}

void a_wait_for_direct_and_other_requests_ends_with_either(void**) {
  for (const bool ends_with_direct : {true, false}) {
    SlowFile file;
    SlowRequest direct;
    Fifo fifo;
    Aio stream;
    direct.start(file);
    stream.read(fifo.fd);
    const struct aiocb* list[] = {&stream.block, &direct.block};
    std::atomic<int> outcome{-1};
    Thread waiter([&] { outcome.store(suspend(list, 2, nullptr)); });
    assert_true(reaper_sleeps_in_kernel());
    assert_int_equal(outcome, -1);
    if (ends_with_direct) {
      file.let_go();
    } else {
      assert_int_equal(write(fifo.fd, "data", 4), 4);
    }
    waiter.join();
    assert_int_equal(outcome, 0);
    assert_int_equal(direct.is_over(), ends_with_direct);
    assert_int_equal(stream.is_over(), !ends_with_direct);
    if (ends_with_direct) assert_int_equal(write(fifo.fd, "data", 4), 4);
  }
}

// A handler that waits itself leads meanwhile, and the frame below it leads again.
const SlowRequest* waited_for_in_handler = nullptr;
std::atomic<int> outcome_in_handler{-1};
void a_handler_that_waits_leaves_the_lead_to_the_frame_below_it(void**) {
  SKIP_UNDER_TSAN();
  SlowFile file, other;
  SlowRequest request, in_handler;
  request.start(file);
  in_handler.start(other);
  waited_for_in_handler = &in_handler;
  outcome_in_handler.store(-1);
  struct sigaction action {};
  action.sa_handler = [](int) {
    const struct aiocb* list[] = {&waited_for_in_handler->block};
    outcome_in_handler.store(suspend(list, 1, nullptr));
  };
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  Suspended below{request};
  Thread thread([&] { below.wait(); });
  assert_true(sleeps_in_kernel(below.thread));
  int sleeps = kernel_sleeps.begun;
  pthread_kill(thread.id(), SIGUSR1);
  assert_true(eventually([&] { return kernel_sleeps.begun > sleeps; }));
  sleeps = kernel_sleeps.begun;
  other.let_go();
  assert_true(eventually([&] { return outcome_in_handler == 0 && kernel_sleeps.begun > sleeps; }));
  assert_true(sleeps_in_kernel(below.thread));
  assert_false(may_lead());
  file.let_go();
  thread.join();
  assert_int_equal(below.outcome, 0);
  assert_true(may_lead());
}

}  // namespace

UNIT_TESTS(LONE_DIRECT_TEST(a_second_waiter_follows_until_the_lead_is_free),
           LONE_DIRECT_TEST(who_follows_looks_from_time_to_time),
           LONE_DIRECT_TEST(cancellation_of_who_follows_leaves_no_follower),
           LONE_DIRECT_TEST(waiters_of_different_requests_lead_one_after_the_other),
           DIRECT_TEST(a_wait_for_direct_and_other_requests_ends_with_either),
           LONE_DIRECT_TEST(a_handler_that_waits_leaves_the_lead_to_the_frame_below_it))
