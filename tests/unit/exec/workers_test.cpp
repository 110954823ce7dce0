// SPDX-License-Identifier: MIT
// Workers: how many threads there are, what they run and when they leave; operations are the test's (fake_engine.h).
#include "exec/workers.h"

#include "exec/fake_engine.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::NotifyBy;
using atomrt::chain::Place;
using atomrt::exec::Verdict;
using Fixture = WorkersFixture;

constexpr std::int64_t MILLISECOND = 1'000'000;

int workers_alive() { return threads_named("atomrt-worker"); }

void a_chain_is_run_and_completed(void**) {
  Fixture f;
  Job& job = f.submitted(Kind::READ);
  f.comes_through(job);
  assert_int_equal(job.performed, 1);
  assert_int_equal(job.place_seen, Place::RUNNING);
  assert_int_equal(f.workers.created(), 1);
}

void no_more_threads_run_than_the_limit(void**) {
  Fixture f(2);
  Gate gate;
  Job* jobs[6];
  for (Job*& job : jobs) job = &f.submitted(Kind::READ, &gate);
  assert_true(eventually([&] { return gate.arrived() == 2; }));
  int queued = 0;
  for (const Job* job : jobs) queued += place_of(*job->chain) == Place::QUEUED;
  assert_int_equal(queued, 4);
  gate.open();
  for (const Job* job : jobs) f.comes_through(*job);
  assert_int_equal(f.engine.most_in_operation, 2);
  assert_int_equal(f.workers.created(), 2);
}

void requests_run_in_parallel_up_to_the_limit(void**) {
  Fixture f(5);
  Gate gate;
  Job* jobs[5];
  for (Job*& job : jobs) job = &f.submitted(Kind::READ, &gate);
  assert_true(eventually([&] { return gate.arrived() == 5; }));
  gate.open();
  for (const Job* job : jobs) f.comes_through(*job);
}

void the_queue_is_served_in_order(void**) {
  Fixture f(1);
  Gate gate, second_gate;
  Job& first = f.begun(gate);
  Job& second = f.submitted(Kind::READ, &second_gate);
  Job& third = f.submitted(Kind::READ);
  gate.open();
  assert_true(eventually([&] { return second_gate.arrived() == 1; }));
  assert_int_equal(third.performed, 0);
  second_gate.open();
  f.comes_through(first);
  f.comes_through(second);
  f.comes_through(third);
}

void an_idle_thread_is_woken_rather_than_another_made(void**) {
  Fixture f(4);
  for (int i = 0; i < 50; ++i) {
    Job& job = f.submitted(Kind::READ);
    f.comes_through(job);
    assert_true(eventually([&] { return is_asleep(job.thread); }));
  }
  assert_int_equal(f.workers.created(), 1);
}

void idle_threads_leave_and_come_back_when_needed(void**) {
  Fixture f(4, MILLISECOND);
  Gate gate;
  Job* jobs[3];
  for (Job*& job : jobs) job = &f.submitted(Kind::READ, &gate);
  assert_true(eventually([&] { return gate.arrived() == 3; }));
  assert_in_range(workers_alive(), 3, 4);  // one may have been made for somebody who was on his way already
  gate.open();
  for (const Job* job : jobs) f.comes_through(*job);
  assert_true(eventually([] { return workers_alive() == 0; }));
  const unsigned created = f.workers.created();
  f.comes_through(f.submitted(Kind::READ));
  assert_int_equal(f.workers.created(), created + 1);
}

void blocked_streams_do_not_use_up_the_limit(void**) {
  Fixture f(1);
  Job* streams[6];
  for (Job*& stream : streams) stream = &f.submitted(Kind::STREAM_READ);
  for (const Job* stream : streams) {
    assert_true(eventually([&] { return place_of(*stream->chain) == Place::BLOCKED; }));
  }
  f.comes_through(f.submitted(Kind::READ));
  assert_int_equal(f.engine.most_in_operation, 1);
  for (Job* stream : streams) stream->ready.store(true);
  for (const Job* stream : streams) f.comes_through(*stream);
}

// Threads that peers had blocked are many and idle afterwards; file requests still run on no more than the limit.
void threads_that_were_blocked_do_not_raise_the_limit(void**) {
  Fixture f(2);
  Job* streams[6];
  for (Job*& stream : streams) stream = &f.submitted(Kind::STREAM_READ);
  for (const Job* stream : streams) {
    assert_true(eventually([&] { return place_of(*stream->chain) == Place::BLOCKED; }));
  }
  for (Job* stream : streams) stream->ready.store(true);
  for (const Job* stream : streams) f.comes_through(*stream);
  for (const Job* stream : streams) assert_true(eventually([&] { return is_asleep(stream->thread); }));
  Gate gate;
  Job* files[6];
  for (Job*& file : files) file = &f.submitted(Kind::READ, &gate);
  assert_true(eventually([&] { return gate.arrived() >= 2; }));
  for (int i = 0; i < 50; ++i) pause_briefly();
  const int at_once = gate.arrived();
  gate.open();
  for (const Job* file : files) f.comes_through(*file);
  assert_int_equal(at_once, 2);
}

// A file request that was queued before the stream blocked gets its thread then.
void a_stream_that_blocks_makes_room_for_who_is_queued(void**) {
  Fixture f(1);
  f.engine.polls_for_long.store(true);
  Gate gate;
  f.begun(gate);
  Job& stream = f.submitted(Kind::STREAM_READ);
  Job& file = f.submitted(Kind::READ);
  gate.open();
  f.comes_through(file);
  assert_int_equal(stream.completed, 0);
  stream.ready.store(true);
  f.comes_through(stream);
}

void a_stream_that_is_ready_blocks_nobody(void**) {
  Fixture f(1);
  Job& stream = f.job(Kind::STREAM_WRITE);
  stream.ready.store(true);
  assert_int_equal(f.workers.submit(*stream.chain), Verdict::ACCEPTED);
  f.comes_through(stream);
  assert_int_equal(stream.tries, 1);
  assert_int_equal(stream.performed, 0);
}

void a_blocked_stream_can_be_taken_away(void**) {
  Fixture f(1);
  Job& stream = f.submitted(Kind::STREAM_READ);
  Chain& chain = *stream.chain;
  // Its thread may have it for a moment, to give it to the poller.
  assert_true(eventually([&] { return claim(chain, generation_of(chain), Place::BLOCKED); }));
  complete(nullptr, chain, -ECANCELED, atomrt::exec::ContextId::THREADS);  // and it is another request's from here on
  Job& file = f.submitted(Kind::READ);
  f.comes_through(file);
  stream.ready.store(true);
  f.comes_through(f.submitted(Kind::READ));
  assert_int_equal(stream.outcome, -ECANCELED);
  assert_int_equal(stream.completed, 1);
}

void a_stream_that_has_moved_bytes_cannot_be_taken_away(void**) {
  Fixture f(1);
  Job& stream = f.job(Kind::STREAM_WRITE);
  stream.chain->moved = 5;
  assert_int_equal(f.workers.submit(*stream.chain), Verdict::ACCEPTED);
  assert_true(eventually([&] { return stream.tries > 0; }));
  for (int i = 0; i < 20; ++i) {
    assert_int_not_equal(place_of(*stream.chain), Place::BLOCKED);
    assert_int_not_equal(place_of(*stream.chain), Place::QUEUED);
    pause_briefly();
  }
  stream.ready.store(true);
  f.comes_through(stream);
}

// A datagram larger than the room left makes poll say ready and the write say EAGAIN, over and over.
void a_peer_that_pretends_to_be_ready_is_waited_for_in_the_call(void**) {
  Fixture f(1);
  Job& stream = f.job(Kind::STREAM_WRITE);
  stream.result = -77;  // poll: ready; attempt: not ready
  assert_int_equal(f.workers.submit(*stream.chain), Verdict::ACCEPTED);
  f.comes_through(stream);
  assert_int_equal(stream.plain_calls, 1);
  assert_in_range(stream.tries, 2, 100);
}

void what_an_end_releases_is_run_by_the_same_thread(void**) {
  Fixture f(4);
  Gate gate;
  Job& first = f.job(Kind::WRITE, &gate);
  Job& second = f.job(Kind::WRITE);
  Job& third = f.job(Kind::WRITE);
  Job& sync = f.job(Kind::SYNC);
  first.releases = {{second.chain, nullptr}};
  second.releases = {{third.chain, sync.chain}};
  assert_int_equal(f.workers.submit(*first.chain), Verdict::ACCEPTED);
  gate.open();
  for (const Job* job : {&first, &second, &third, &sync}) f.comes_through(*job);
  assert_int_equal(second.thread, first.thread);
  assert_int_equal(third.thread, first.thread);
  assert_int_equal(f.engine.offered, 1);  // the sync, which may run beside them
  assert_int_equal(second.place_seen, Place::RUNNING);
}

// In a moment: but not for two, and not behind the next one of its lane.
void who_sends_a_signal_comes_for_the_next(void**) {
  for (const bool goes_on : {false, true}) {
    Fixture f(4);
    Gate signal, gate;
    Job& next = f.job(Kind::READ, &gate);
    Job& first = f.submitted_direct_with_signal(signal, goes_on ? next.chain : nullptr);
    Job& second = f.submitted(Kind::READ);
    assert_int_equal(f.workers.created(), 1);
    if (!goes_on) f.comes_through(f.submitted(Kind::READ));
    signal.open();
    for (const Job* job : {&first, &second}) f.comes_through(*job);
    assert_true(eventually([&] { return f.workers.created() == 2; }));
    gate.open();
    if (goes_on) f.comes_through(next);
  }
}

void what_is_queued_can_be_taken_back(void**) {
  Fixture f(1);
  Gate gate;
  Job& running = f.begun(gate);
  Job& queued = f.submitted(Kind::READ);
  Job& last = f.submitted(Kind::READ);
  assert_false(f.workers.take(*running.chain));
  assert_true(f.workers.take(*queued.chain));
  assert_int_equal(place_of(*queued.chain), Place::RUNNING);
  assert_false(f.workers.take(*queued.chain));
  gate.open();
  f.comes_through(running);
  f.comes_through(last);
  assert_int_equal(queued.performed, 0);
}

void without_any_thread_the_submitter_has_his_chain_back(void**) {
  Fixture f(4);
  thread_fault.refused.store(1);
  Job& job = f.job(Kind::READ);
  assert_int_equal(f.workers.submit(*job.chain), Verdict::DECLINED);
  assert_int_equal(place_of(*job.chain), Place::RUNNING);
  assert_false(f.workers.take(*job.chain));
  assert_int_equal(job.completed, 0);
  assert_int_equal(f.workers.created(), 0);
  // Nothing is half done: the same chain goes through when there is a thread.
  assert_int_equal(f.workers.submit(*job.chain), Verdict::ACCEPTED);
  f.comes_through(job);
  assert_int_equal(job.performed, 1);
  assert_true(eventually([&] { return is_asleep(job.thread); }));
  assert_int_equal(f.workers.created(), 1);
}

void one_thread_is_enough_where_no_other_can_be_made(void**) {
  Fixture f(4);
  Gate gate;
  Job& first = f.begun(gate);
  thread_fault.refused.store(ALL);
  Job* others[5];
  for (Job*& other : others) other = &f.submitted(Kind::READ);
  gate.open();
  f.comes_through(first);
  for (const Job* other : others) f.comes_through(*other);
  assert_int_equal(f.workers.created(), 1);
}

void a_blocked_stream_is_nobody_who_would_come_back(void**) {
  Fixture f(4);
  f.engine.polls_for_long.store(true);
  Job& stream = f.submitted(Kind::STREAM_READ);
  assert_true(eventually([&] { return place_of(*stream.chain) == Place::BLOCKED; }));
  thread_fault.refused.store(1);
  Job& file = f.job(Kind::READ);
  assert_int_equal(f.workers.submit(*file.chain), Verdict::DECLINED);
  f.comes_through(f.submitted(Kind::READ));
  stream.ready.store(true);
  f.comes_through(stream);
}

void a_thread_that_is_on_its_way_counts_as_one(void**) {
  Fixture f(4);
  Gate birth;
  thread_fault.gate.store(&birth);
  Job& first = f.submitted(Kind::READ);
  assert_true(eventually([&] { return birth.arrived() == 1; }));
  thread_fault.refused.store(1);
  Job& second = f.job(Kind::READ);
  const Verdict verdict = f.workers.submit(*second.chain);
  const long outcome = first.outcome;
  birth.open();
  thread_fault.gate.store(nullptr);
  assert_int_equal(outcome, 0);  // it was accepted, and a thread comes for it
  f.comes_through(first);
  if (verdict == Verdict::ACCEPTED) f.comes_through(second);
}

// The only thread falls into a stream's wait while a file request is queued, and no other can be made at that moment: it
// is tried again, and not only when the peer comes.
void a_stream_that_blocks_without_a_thread_for_others_strands_nobody(void**) {
  Fixture f(1);
  Gate gate;
  f.begun(gate);
  Job& stream = f.submitted(Kind::STREAM_READ);
  Job& file = f.submitted(Kind::READ);
  thread_fault.refused.store(1);
  gate.open();
  f.comes_through(file);
  assert_int_equal(stream.completed, 0);
  stream.ready.store(true);
  f.comes_through(stream);
}

// Callers that may be in a signal handler.
void who_may_start_no_thread_uses_those_that_exist(void**) {
  using MayStart = atomrt::exec::Workers::MayStart;
  Fixture f(4);
  Job& job = f.job(Kind::READ);
  assert_int_equal(f.workers.submit(*job.chain, MayStart::NO), Verdict::DECLINED);
  assert_int_equal(place_of(*job.chain), Place::MOVING);
  assert_int_equal(thread_fault.asked, 0);
  Job& first = f.submitted(Kind::READ);
  f.comes_through(first);
  assert_true(eventually([&] { return is_asleep(first.thread); }));
  assert_int_equal(f.workers.submit(*job.chain, MayStart::NO), Verdict::ACCEPTED);  // an idle one is woken
  f.comes_through(job);
  Gate gate;
  f.begun(gate);
  Job& later = f.job(Kind::READ);
  assert_int_equal(f.workers.submit(*later.chain, MayStart::NO), Verdict::ACCEPTED);  // a busy one comes back
  assert_int_equal(place_of(*later.chain), Place::QUEUED);
  assert_int_equal(thread_fault.asked, 1);
  gate.open();
  f.comes_through(later);
}

void a_thread_about_to_sleep_does_chores(void**) {
  Fixture f(1);
  f.comes_through(f.submitted(Kind::READ));
  assert_int_equal(f.engine.chores_done, 0);
  f.engine.chores.store(1);
  f.workers.nudge();
  assert_true(eventually([&] { return f.engine.chores_done == 1; }));
}

void no_thread_leaves_while_there_are_chores(void**) {
  Fixture f(1, 1);
  f.engine.ask_chores = [](FakeEngine& engine) { return engine.chores_done.load() < 5; };
  f.comes_through(f.submitted(Kind::READ));
  assert_true(eventually([&] { return f.engine.chores_done == 5; }));
  assert_true(eventually([] { return workers_alive() == 0; }));
}

// The chore comes behind the thread's look, and the nudge before its sleep or in it.
void a_chore_that_comes_as_the_thread_falls_asleep_is_done(void**) {
  Fixture f(1);
  f.engine.ask_chores = [](FakeEngine& engine) {
    const bool any = engine.chores.load() > 0;
    if (engine.chores_done.load() == 0) engine.chores.store(1);
    return any;
  };
  f.comes_through(f.submitted(Kind::READ));
  assert_true(eventually([&] { return f.engine.chores > 0 || f.engine.chores_done > 0; }));
  f.workers.nudge();
  assert_true(eventually([&] { return f.engine.chores_done > 0; }));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_chain_is_run_and_completed), cmocka_unit_test(no_more_threads_run_than_the_limit),
           cmocka_unit_test(requests_run_in_parallel_up_to_the_limit), cmocka_unit_test(the_queue_is_served_in_order),
           cmocka_unit_test(an_idle_thread_is_woken_rather_than_another_made),
           cmocka_unit_test(idle_threads_leave_and_come_back_when_needed),
           cmocka_unit_test(blocked_streams_do_not_use_up_the_limit),
           cmocka_unit_test(threads_that_were_blocked_do_not_raise_the_limit),
           cmocka_unit_test(a_stream_that_blocks_makes_room_for_who_is_queued),
           cmocka_unit_test(a_stream_that_is_ready_blocks_nobody),
           cmocka_unit_test(a_blocked_stream_can_be_taken_away),
           cmocka_unit_test(a_stream_that_has_moved_bytes_cannot_be_taken_away),
           cmocka_unit_test(a_peer_that_pretends_to_be_ready_is_waited_for_in_the_call),
           cmocka_unit_test(what_an_end_releases_is_run_by_the_same_thread),
           cmocka_unit_test(who_sends_a_signal_comes_for_the_next), cmocka_unit_test(what_is_queued_can_be_taken_back),
           cmocka_unit_test(without_any_thread_the_submitter_has_his_chain_back),
           cmocka_unit_test(one_thread_is_enough_where_no_other_can_be_made),
           cmocka_unit_test(a_blocked_stream_is_nobody_who_would_come_back),
           cmocka_unit_test(a_thread_that_is_on_its_way_counts_as_one),
           cmocka_unit_test(a_stream_that_blocks_without_a_thread_for_others_strands_nobody),
           cmocka_unit_test(who_may_start_no_thread_uses_those_that_exist),
           cmocka_unit_test(a_thread_about_to_sleep_does_chores),
           cmocka_unit_test(no_thread_leaves_while_there_are_chores),
           cmocka_unit_test(a_chore_that_comes_as_the_thread_falls_asleep_is_done))
