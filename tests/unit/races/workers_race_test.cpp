// SPDX-License-Identifier: MIT
// Workers among threads that submit, take back and wait at once: each chain is run or taken, once. And the pool that
// leaves buffered writes to waiters: whatever they leave lying is run all the same. Operations: exec/fake_engine.h.
#include "exec/workers.h"

#include "exec/fake_engine.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::NotifyBy;
using atomrt::chain::Place;
using atomrt::exec::Verdict;
using Fixture = WorkersFixture;

void nothing_is_lost_between_a_look_around_and_the_sleep_behind_it(void**) {
  Fixture f(1, Fixture::LONG, true);
  for (int i = 0; i < 3'000; ++i) {
    Job& job = f.submitted(Kind::READ);
    if (i % 2 == 0) {
      while (job.completed.load() == 0) {
      }
    } else {
      f.comes_through(job);
    }
    if (i % 100 == 0) assert_true(eventually([&] { return is_asleep(job.thread); }));
  }
  assert_int_equal(f.workers.created(), 1);
}

// With few threads that leave at once, so that leaving, waking and making meet.
void each_chain_is_run_or_taken_once(void**) {
  constexpr int EACH = UNIT_SANITIZED ? 500 : 1500;
  for (const std::int64_t idle_ns : {0L, 20'000L, Fixture::LONG}) {
    Fixture f(2, idle_ns);
    f.engine.recycles = false;  // the taker compares no generations
    Job* jobs[2][EACH];
    for (auto& own : jobs) {
      for (Job*& job : own) job = &f.job(Kind::READ);
    }
    std::atomic<int> taken{0}, accepted{0};
    const auto work = [&](Job** own) {
      for (int i = 0; i < EACH; ++i) {
        accepted.fetch_add(f.workers.submit(*own[i]->chain) == Verdict::ACCEPTED);
        if (i % 3 == 0 && f.workers.take(*own[i / 2]->chain)) {
          complete(nullptr, *own[i / 2]->chain, own[i / 2]->result, atomrt::exec::ContextId::THREADS);
          taken.fetch_add(1);
        }
      }
    };
    {
      Thread first([&] { work(jobs[0]); });
      Thread second([&] { work(jobs[1]); });
    }
    assert_int_equal(accepted, 2 * EACH);
    int performed = 0;
    for (const auto& own : jobs) {
      for (const Job* job : own) {
        assert_true(eventually([&] { return job->completed >= 1; }));
        assert_int_equal(job->completed, 1);
        performed += job->performed;
      }
    }
    assert_int_equal(performed + taken, 2 * EACH);
    assert_in_range(f.engine.most_in_operation, 1, 2);
  }
}

void what_was_taken_back_needs_no_thread(void**) {
  Fixture f(4);
  Gate birth;
  thread_fault.gate.store(&birth);
  Job& taken = f.submitted(Kind::READ);
  assert_true(f.workers.take(*taken.chain));
  Job& next = f.submitted(Kind::READ);  // for which the thread that is on its way does
  birth.open();
  f.comes_through(next);
  assert_true(eventually([&] { return is_asleep(next.thread); }));
  assert_int_equal(thread_fault.asked, 1);
}

void only_what_is_queued_is_changed(void**) {
  Fixture f(1);
  Gate gate;
  Job& running = f.submitted(Kind::READ, &gate);
  assert_true(eventually([&] { return gate.arrived() == 1; }));
  Job& queued = f.submitted(Kind::READ);
  int changes = 0;
  assert_false(f.workers.change_queued(*running.chain, [&](Chain&) { ++changes; }));
  assert_int_equal(changes, 0);
  assert_true(f.workers.change_queued(*queued.chain, [&](Chain&) { ++changes; }));
  assert_int_equal(changes, 1);
  gate.open();
  f.comes_through(queued);
}

// Each request comes about when the thread has been idle for long enough.
void a_request_that_comes_as_the_thread_leaves_is_run(void**) {
  Fixture f(1, 20'000);
  for (int i = 0; i < 1500; ++i) {
    const Job& job = f.submitted(Kind::READ);
    f.comes_through(job);
    const std::int64_t moment = atomrt::os::now_ns() + i % 40 * 2'000;
    while (atomrt::os::now_ns() < moment) {
    }
  }
}

// Each request comes just as the only thread allowed ends the one before: it is on its way back to the queue then.
void no_thread_is_made_beyond_the_limit(void**) {
  for (int round = 0; round < 100; ++round) {
    Fixture f(1);
    for (int i = 0; i < 1000; ++i) {
      const Job& job = f.submitted(Kind::READ);
      while (job.completed == 0) {
      }
    }
    assert_int_equal(f.workers.created(), 1);
  }
}

// A canceller and a peer come to the same blocked read.
void a_blocked_stream_is_completed_or_cancelled_once(void**) {
  Fixture f(4);
  f.engine.recycles = false;
  constexpr int STREAMS = 300;
  for (int i = 0; i < STREAMS; ++i) {
    Job& stream = f.submitted(Kind::STREAM_READ);
    Chain& chain = *stream.chain;
    const std::uint32_t generation = generation_of(chain);
    assert_true(eventually([&] { return place_of(chain) == Place::BLOCKED; }));
    stream.ready.store(true);
    for (volatile int delay = i * 37 % 5000; delay > 0;) delay = delay - 1;
    if (claim(chain, generation, Place::BLOCKED)) {
      complete(nullptr, chain, -ECANCELED, atomrt::exec::ContextId::THREADS);
      atomrt::unit::free_chain(f.engine.pool, chain);  // so that the worker lets go of it
      assert_int_equal(stream.outcome, -ECANCELED);
    } else {
      assert_true(eventually([&] { return stream.completed == 1; }));
      assert_int_equal(stream.outcome, stream.result);
    }
    assert_int_equal(stream.completed, 1);
  }
  f.comes_through(f.submitted(Kind::READ));
}

// Waiters have taken enough of the job's file for the pool to leave the rest to them.
void let_waiters_take(Fixture& f, const Job& job) {
  for (int i = 0; i < 8; ++i) f.workers.waiter_took_one(job.chain->fd);
}

Job& write_that_waiters_may_take(Fixture& f, Gate* gate = nullptr, Kind kind = Kind::WRITE) {
  Job& job = f.job(kind, gate);
  job.chain->is_local = true;
  job.chain->company = 1;
  let_waiters_take(f, job);
  return job;
}

// Ends one write in whose course a waiter has taken something; behind it stands `next`.
void let_waiters_work(Fixture& f, Job& next) {
  Job& first = write_that_waiters_may_take(f);
  first.taken_meanwhile.store(next.chain->fd + 1);
  first.releases = {{next.chain, nullptr}};
  assert_int_equal(f.workers.submit(*first.chain), Verdict::ACCEPTED);
  f.comes_through(first);
}

void the_next_write_is_left_to_waiters_and_run_if_they_do_not_take_it(void**) {
  Fixture f;
  Job& next = write_that_waiters_may_take(f);
  let_waiters_work(f, next);
  f.comes_through(next);
  assert_int_equal(next.performed, 1);
}

// The waiter is quicker in most rounds: it takes before the worker has looked twice.
void what_a_waiter_took_is_not_run_again(Kind kind) {
  Fixture f;
  f.engine.recycles = false;
  int taken = 0;
  assert_true(eventually([&] {
    Job& next = write_that_waiters_may_take(f, nullptr, kind);
    let_waiters_work(f, next);
    if (f.workers.take(*next.chain)) {
      ++taken;
      f.workers.waiter_took_one(next.chain->fd);
      complete(nullptr, *next.chain, next.result, atomrt::exec::ContextId::WAITER);
    } else {
      f.comes_through(next);
    }
    return taken == 20;
  }));
  Job& last = f.submitted(Kind::READ);
  f.comes_through(last);
  int performed = 0;
  for (int i = 0; i < f.engine.made; ++i) {
    assert_int_equal(f.engine.jobs[i].completed, 1);
    performed += f.engine.jobs[i].performed;
  }
  assert_int_equal(performed + taken, f.engine.made);
}

void a_write_that_a_waiter_took_is_not_run_again(void**) { what_a_waiter_took_is_not_run_again(Kind::WRITE); }
void a_single_read_that_a_waiter_took_is_not_run_again(void**) { what_a_waiter_took_is_not_run_again(Kind::READ); }

// Who asked for a signal does not wait; who waits may be no file's storage; an append has its turn; one of
// several reads waits for the disk beside the others.
void what_waiters_may_not_take_is_run_at_once(void**) {
  for (int i = 0; i < 4; ++i) {
    Fixture f(1);
    Gate gate;
    Job& running = f.submitted(Kind::READ, &gate);
    Job& next = i == 2 ? f.job(Kind::APPEND) : write_that_waiters_may_take(f, nullptr, i == 3 ? Kind::READ : Kind::WRITE);
    if (i == 0) next.chain->notification.by = NotifyBy::SIGNAL;
    if (i == 1) next.chain->is_local = false;
    if (i == 2) next.chain->is_local = true;
    if (i == 3) next.chain->company = 2;
    running.taken_meanwhile.store(next.chain->fd + 1);
    running.releases = {{next.chain, nullptr}};
    assert_true(eventually([&] { return gate.arrived() == 1; }));
    Job& queued = f.submitted(Kind::READ);
    gate.open();
    f.comes_through(next);
    f.comes_through(queued);
    assert_true(next.turn < queued.turn);  // it was never behind anything in the queue
  }
}

// While waiters take what comes the pool keeps watch; then they stop, and several requests are left lying. Each has an
// operation that waits for the other two: they must run in parallel.
void requests_that_waiters_leave_lying_run_in_parallel(void**) {
  for (int round = 0; round < 20; ++round) {
    Fixture f(4);
    Gate gate;
    std::atomic<bool> stop{false};
    Job& next = write_that_waiters_may_take(f);
    Job* left[3];
    for (Job*& job : left) job = &write_that_waiters_may_take(f, &gate);
    {
      Thread waiter([&] {
        while (!stop.load()) {
          for (const Job* job : left) f.workers.waiter_took_one(job->chain->fd);
          sched_yield();
        }
      });
      let_waiters_work(f, next);
      f.comes_through(next);  // none but the watching worker takes it, after some looks
      assert_true(eventually([&] { return state_of(next.thread) == 'S'; }));  // and it keeps watch again
      for (Job* job : left) assert_int_equal(f.workers.submit(*job->chain), Verdict::ACCEPTED);
      stop.store(true);
    }
    assert_true(eventually([&] { return gate.arrived() == 3; }));
    gate.open();
    for (const Job* job : left) f.comes_through(*job);
  }
}

// Requests come while waiters take some of them, and all is quiet in between: none is forgotten.
void nothing_is_forgotten_while_waiters_come_and_go(void**) {
  Fixture f(3);
  f.engine.recycles = false;
  constexpr int COUNT = UNIT_SANITIZED ? 600 : 1500;
  int taken = 0;
  for (int i = 0; i < COUNT; ++i) {
    Job& job = write_that_waiters_may_take(f);
    assert_int_equal(f.workers.submit(*job.chain), Verdict::ACCEPTED);
    const int phase = i / 100 % 3;  // waiters take all, some, none
    if ((phase == 0 || (phase == 1 && i % 2 == 0)) && f.workers.take(*job.chain)) {
      ++taken;
      f.workers.waiter_took_one(job.chain->fd);
      complete(nullptr, *job.chain, job.result, atomrt::exec::ContextId::WAITER);
    }
    if (i % 50 == 49) pause_briefly();
  }
  int performed = 0;
  for (int i = 0; i < COUNT; ++i) {
    const Job& job = f.engine.jobs[i];
    assert_true(eventually([&] { return job.completed >= 1; }));
    assert_int_equal(job.completed, 1);
    performed += job.performed;
  }
  assert_int_equal(performed + taken, COUNT);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(nothing_is_lost_between_a_look_around_and_the_sleep_behind_it),
           cmocka_unit_test(each_chain_is_run_or_taken_once), cmocka_unit_test(what_was_taken_back_needs_no_thread),
           cmocka_unit_test(only_what_is_queued_is_changed),
           cmocka_unit_test(a_request_that_comes_as_the_thread_leaves_is_run),
           cmocka_unit_test(no_thread_is_made_beyond_the_limit),
           cmocka_unit_test(a_blocked_stream_is_completed_or_cancelled_once),
           cmocka_unit_test(the_next_write_is_left_to_waiters_and_run_if_they_do_not_take_it),
           cmocka_unit_test(a_write_that_a_waiter_took_is_not_run_again),
           cmocka_unit_test(a_single_read_that_a_waiter_took_is_not_run_again),
           cmocka_unit_test(what_waiters_may_not_take_is_run_at_once),
           cmocka_unit_test(requests_that_waiters_leave_lying_run_in_parallel),
           cmocka_unit_test(nothing_is_forgotten_while_waiters_come_and_go))
