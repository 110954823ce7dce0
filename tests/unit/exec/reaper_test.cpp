// SPDX-License-Identifier: MIT
// Reaper: when it leads, what it is woken for, and when it goes. Kernel AIO is the test's (fake_kernel.h).
#include "exec/reaper.h"

#include "exec/fake_kernel.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::NotifyBy;
using atomrt::chain::Place;
using atomrt::exec::By;
using atomrt::exec::Lookout;
using atomrt::exec::Verdict;
using Fixture = DirectFixture;

void nobody_needs_it_and_it_sleeps(void**) {
  Fixture f;
  f.kernel.clock_runs_back.store(true);  // the time for a look of its own does not come
  Chain& chain = f.submitted();
  assert_int_equal(f.direct.created(), 1);
  assert_true(eventually([] { return threads_named("atomrt-reaper") == 1; }));
  f.kernel.complete(0, 512);
  f.direct.wake_reaper();
  assert_true(f.direct.has_events());
  assert_int_equal(f.job(chain).settled, 0);
  assert_int_equal(f.kernel.sleepers, 0);
  f.direct.process(By::APPLICATION);
  f.is_settled(chain, 512, By::APPLICATION);
}

void what_is_announced_is_settled_though_nobody_looks(void**) {
  for (const NotifyBy by : {NotifyBy::SIGNAL, NotifyBy::SIGNAL_TO_THREAD, NotifyBy::THREAD}) {
    Fixture f;
    Chain& chain = f.submitted(f.announced(by));
    assert_true(f.sleeps_in_kernel());
    assert_true(f.kernel.mask == atomrt::os::LIBRARY_THREAD_SIGNALS);
    f.kernel.complete(0, 4096);
    f.is_settled(chain, 4096, By::LIBRARY);
    assert_int_not_equal(f.job(chain).thread, gettid());
    assert_true(eventually([&] { return f.kernel.sleepers == 0; }));
    assert_int_equal(f.direct.created(), 1);
  }
}

void it_rests_while_nothing_is_in_flight_and_comes_for_the_next(void**) {
  Fixture f;
  Chain& first = f.submitted();
  assert_true(f.direct.add_need(atomrt::exec::MayStart::NO));
  f.direct.wake_reaper();
  assert_true(f.sleeps_in_kernel());
  f.kernel.complete(0, 1);
  f.is_settled(first, 1, By::LIBRARY);
  assert_true(eventually([&] { return f.kernel.sleepers == 0 && is_asleep(f.job(first).thread); }));
  Chain& second = f.submitted();  // announces nothing; who waits needs the reaper still
  assert_true(f.sleeps_in_kernel());
  f.kernel.complete(1, 2);
  f.is_settled(second, 2, By::LIBRARY);
  f.direct.drop_need();
}

// ---- needs ----

void a_need_without_a_reaper_is_refused_where_none_may_be_made(void**) {
  Fixture f;
  assert_false(f.direct.add_need(atomrt::exec::MayStart::NO));
  thread_fault.refused.store(1);
  assert_false(f.direct.add_need(atomrt::exec::MayStart::YES));
  assert_int_equal(f.direct.created(), 0);
  assert_true(f.direct.add_need(atomrt::exec::MayStart::YES));
  assert_int_equal(f.direct.created(), 1);
  f.direct.drop_need();
}

void what_is_announced_is_declined_where_no_reaper_can_be_made(void**) {
  Fixture f;
  thread_fault.refused.store(ALL);
  Chain& chain = f.announced();
  assert_int_equal(f.direct.submit(chain), Verdict::DECLINED);
  assert_int_equal(place_of(chain), Place::MOVING);
  assert_false(needs_reaper(chain));
  assert_false(f.direct.has_requests());
  Chain& plain = f.submitted();
  assert_false(f.direct.leave_to_reaper(plain));
  thread_fault.refused.store(0);
  f.submitted(chain);
  f.kernel.complete(1, 5);
  f.is_settled(chain, 5, By::LIBRARY);
}

// Another thread's request comes between the creation of the thread and its failure.
Fixture* fixture_of_other = nullptr;
Chain* chain_of_other = nullptr;
std::atomic<int> thread_of_other{0}, verdict_of_other{-1};

void nobody_relies_on_a_reaper_that_is_being_made(void**) {
  Fixture f;
  fixture_of_other = &f;
  chain_of_other = &f.announced();
  thread_of_other.store(0);
  verdict_of_other.store(-1);
  static pthread_t other;
  thread_fault.refused.store(1);
  thread_fault.when_refused.store([] {
    const auto submit = [](void*) -> void* {
      thread_of_other.store(gettid());
      verdict_of_other.store(static_cast<int>(fixture_of_other->direct.submit(*chain_of_other)));
      return nullptr;
    };
    if (pthread_create(&other, nullptr, submit, nullptr) != 0) abort();
    eventually([] { return verdict_of_other != -1 || (thread_of_other != 0 && is_asleep(thread_of_other)); });
  });
  f.submitted();
  pthread_join(other, nullptr);
  assert_int_equal(verdict_of_other, Verdict::DECLINED);
  f.submitted(*chain_of_other);
  f.kernel.complete_all(9);
  f.is_settled(*chain_of_other, 9, By::LIBRARY);
}

void a_chain_that_nobody_may_look_after_is_settled(void**) {
  Fixture f;
  Chain& chain = f.submitted();
  f.direct.need_for(chain);
  f.direct.need_for(chain);  // counted once
  assert_true(needs_reaper(chain));
  assert_true(f.sleeps_in_kernel());
  f.kernel.complete(0, 3);
  f.is_settled(chain, 3, By::LIBRARY);
  assert_false(needs_reaper(chain));
}

void a_chain_that_is_being_finished_needs_nobody(void**) {
  Fixture f;
  Chain& chain = f.submitted();
  for (const Place place : {Place::RUNNING, Place::MOVING, Place::QUEUED}) {
    atomrt::unit::stand(chain, place);
    f.direct.need_for(chain);
    assert_false(needs_reaper(chain));
  }
  atomrt::unit::stand(chain, Place::IN_AIO);
  // The reaper may have led for a moment, as it was needed for one.
  assert_true(eventually([&] { return f.direct.lead(Fixture::ME, By::APPLICATION); }));
  f.direct.stop_leading(Fixture::ME);
}

void a_sync_behind_direct_requests_needs_the_reaper(void**) {
  Fixture f;
  f.direct.add_sync();  // a request may be on its way into the kernel
  f.direct.call_reaper_if_busy();
  assert_int_equal(thread_fault.asked, 0);
  f.direct.drop_sync();
  Chain& chain = f.submitted();
  f.direct.add_sync();
  f.direct.call_reaper_if_busy();
  assert_true(f.sleeps_in_kernel());
  f.kernel.complete(0, 3);
  f.is_settled(chain, 3, By::LIBRARY);
  f.direct.drop_sync();
  f.direct.drop_sync();  // once
}

// ---- beside a leader of the application ----

void it_looks_though_another_leads_and_consumes_nothing(void**) {
  Fixture f;
  Chain& chain = f.announced();
  f.submitted();
  assert_true(f.direct.lead(Fixture::ME, By::APPLICATION));
  f.submitted(chain);
  f.kernel.complete(1, 6);
  f.is_settled(chain, 6, By::LIBRARY);
  assert_int_equal(f.kernel.not_consumed(), 1);
  assert_int_equal(f.kernel.sleepers, 0);
  f.direct.stop_leading(Fixture::ME);
  assert_int_equal(f.kernel.not_consumed(), 0);
}

// Awake by nothing else: the time that it waits for does not come.
void it_is_woken_by_a_leader_that_stops_or_hands_over(void**) {
  for (const bool hands_over : {false, true}) {
    Fixture f;
    f.kernel.clock_runs_back.store(true);
    f.submitted();
    assert_true(f.direct.lead(Fixture::ME, By::APPLICATION));
    const int calls = f.kernel.clock_calls;
    Chain& chain = f.submitted(f.announced());
    assert_true(eventually([&] { return f.kernel.clock_calls >= calls + 2; }));
    assert_int_equal(f.kernel.sleepers, 0);
    if (hands_over) {
      assert_false(f.direct.lead(Fixture::ME, By::APPLICATION));
    } else {
      f.direct.stop_leading(Fixture::ME);
    }
    assert_true(f.sleeps_in_kernel());
    assert_false(f.direct.lead(Fixture::ME, By::APPLICATION));
    f.kernel.complete(1, 6);
    f.is_settled(chain, 6, By::LIBRARY);
  }
}

// The leader goes while the reaper, which has found it leading, is not asleep yet.
DirectFixture* fixture_of_leader = nullptr;

void a_leader_that_stops_meanwhile_is_not_waited_for(void**) {
  Fixture f;
  f.submitted();
  assert_true(f.direct.lead(Fixture::ME, By::APPLICATION));
  fixture_of_leader = &f;
  f.engine.when_settled.store([](Chain&) {
    fixture_of_leader->kernel.clock_runs_back.store(true);
    fixture_of_leader->direct.stop_leading(Fixture::ME);
  });
  Chain& first = f.submitted(f.announced());
  Chain& second = f.submitted(f.announced());
  f.kernel.complete(1, 6);
  f.is_settled(first, 6, By::LIBRARY);
  f.engine.when_settled.store(nullptr);
  assert_true(f.sleeps_in_kernel());
  f.kernel.complete(2, 7);
  f.is_settled(second, 7, By::LIBRARY);
}

// ---- between two that need it ----

void who_needs_it_again_finds_it_in_the_kernel(void**) {
  Fixture f;
  f.reaper_is_needed_often();
  assert_true(f.sleeps_in_kernel());
  f.kernel.clock_runs_back.store(false);
  f.settled_one_more();
  assert_true(eventually([&] { return f.kernel.sleepers == 0 && is_asleep(f.kernel.sleeper); }));  // its time is over
}

void an_application_leads_beside_a_reaper_that_lingers(void**) {
  Fixture f;
  f.reaper_is_needed_often();
  assert_true(f.sleeps_in_kernel());
  Chain& mine = f.submitted();
  assert_true(f.direct.lead(Fixture::ME, By::APPLICATION));
  assert_false(f.direct.lead(Fixture::OTHER, By::APPLICATION));
  f.kernel.complete(f.kernel.submissions - 1, 3);
  assert_true(f.does_not_sleep());
  f.direct.process(By::APPLICATION);
  f.is_settled(mine, 3, By::APPLICATION);
  f.direct.stop_leading(Fixture::ME);
}

void it_no_longer_waits_where_nobody_comes(void**) {
  Fixture f;
  f.reaper_is_needed_often();
  for (unsigned vain = 0; vain < Lookout::MOST; ++vain) {
    assert_true(f.sleeps_in_kernel());
    f.submitted();
    f.kernel.complete(f.kernel.submissions - 1, 1);
    f.direct.process(By::APPLICATION);
    assert_true(eventually([&] { return f.kernel.not_consumed() == 0; }));
    f.settled_one_more();
  }
  assert_true(eventually([&] { return is_asleep(f.kernel.sleeper) || f.kernel.sleepers != 0; }));
  assert_int_equal(f.kernel.sleepers, 0);
}

// ---- what is left to it ----

void what_an_application_leaves_is_offered_by_it(void**) {
  Fixture f;
  f.kernel.clock_runs_back.store(true);
  Chain& chain = f.submitted();
  f.job(chain).is_left_to_reaper = true;
  f.kernel.complete(0, -EAGAIN);
  f.direct.process(By::APPLICATION);
  assert_true(eventually([&] { return f.job(chain).offered == 1; }));
  assert_int_equal(f.job(chain).place_seen.load(), Place::MOVING);
  assert_int_not_equal(f.job(chain).thread, gettid());
}

// It would not be woken from the kernel.
void it_does_not_sleep_in_the_kernel_while_something_may_be_left(void**) {
  Fixture f;
  static Gate gate;
  gate.close();
  f.kernel.clock_runs_back.store(true);
  Chain& chain = f.submitted();
  f.job(chain).is_left_to_reaper = true;
  f.engine.when_settled.store([](Chain&) { gate.pass(); });
  f.kernel.complete(0, -EAGAIN);
  Thread looker([&] { f.direct.process(By::APPLICATION); });
  assert_true(eventually([] { return gate.arrived() == 1; }));
  const int calls = f.kernel.clock_calls;
  f.submitted(f.announced());
  assert_true(eventually([&] { return f.kernel.sleepers == 1 || f.kernel.clock_calls >= calls + 2; }));
  assert_int_equal(f.kernel.sleepers, 0);
  gate.open();
  assert_true(eventually([&] { return f.job(chain).offered == 1; }));
  assert_true(f.sleeps_in_kernel());
}

// Left between its look at what is left and the bell.
void what_is_left_while_it_is_busy_is_offered_at_once(void**) {
  Fixture f;
  f.kernel.clock_runs_back.store(true);
  Chain& chain = f.submitted(f.announced());
  f.submitted(f.announced());
  assert_true(f.sleeps_in_kernel());
  f.job(chain).is_left_to_reaper = true;
  f.kernel.complete(0, -EAGAIN);
  assert_true(eventually([&] { return f.job(chain).offered == 1; }));
  assert_true(f.sleeps_in_kernel());
}

void what_nobody_looks_at_is_settled_in_time(void**) {
  Fixture f;
  Chain& chain = f.submitted();
  f.kernel.complete(0, -EAGAIN);
  f.is_settled(chain, -EAGAIN, By::LIBRARY);
}

// ---- its end ----

// An earlier context may have been given back before the request came to it.
bool is_given_back(Fixture& f) {
  return f.kernel.destroyed > 0 && f.kernel.destroyed == f.kernel.made && threads_named("atomrt-reaper") == 0;
}

void it_gives_the_context_back_when_idle_and_both_come_again(void**) {
  Fixture f(1'000'000);
  for (int round = 1; round <= 3; ++round) {
    Chain& chain = f.submitted();
    f.kernel.complete(round - 1, 1);
    f.direct.process(By::APPLICATION);
    f.is_settled(chain, 1);  // by whoever came first: it looks as often as it thinks of leaving
    assert_true(eventually([&] { return is_given_back(f); }));
    assert_false(f.direct.has_events());
    assert_false(f.direct.lead(Fixture::ME, By::APPLICATION));
    assert_false(f.direct.follow(zeroed<atomrt::os::FutexWord>()));
    assert_false(f.direct.add_need(atomrt::exec::MayStart::NO));
    assert_false(f.direct.leave_to_reaper(chain));
    assert_true(f.direct.created() >= static_cast<unsigned>(round));
  }
  assert_int_equal(f.kernel.reserved, 0);
}

// It may be about to sleep on it.
void a_context_that_somebody_leads_is_not_replaced_at_its_address(void**) {
  Fixture f(1'000'000);
  Chain& chain = f.submitted();
  assert_true(f.direct.lead(Fixture::ME, By::APPLICATION));
  f.kernel.complete(0, 1);
  f.direct.process(By::APPLICATION);
  f.is_settled(chain, 1);
  assert_true(eventually([&] { return is_given_back(f); }));
  assert_int_equal(f.kernel.reserved, 1);
  assert_false(f.direct.lead(Fixture::ME, By::APPLICATION));
}

bool is_kept(Fixture& f) {
  const int calls = f.kernel.clock_calls;  // two each time it thinks of leaving
  const int destroyed = f.kernel.destroyed;
  return eventually([&] { return f.kernel.clock_calls > calls + 20; }) && f.kernel.destroyed == destroyed;
}

void what_is_in_flight_or_needs_it_keeps_it(void**) {
  Fixture f(100'000);
  Chain& chain = f.submitted();
  assert_true(is_kept(f));
  assert_true(f.direct.add_need(atomrt::exec::MayStart::NO));
  f.kernel.complete(0, 1);
  f.direct.wake_reaper();
  f.is_settled(chain, 1, By::LIBRARY);
  assert_true(is_kept(f));
  const int destroyed = f.kernel.destroyed;
  f.direct.drop_need();
  assert_true(eventually([&] { return f.kernel.destroyed == destroyed + 1; }));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(nobody_needs_it_and_it_sleeps),
           cmocka_unit_test(what_is_announced_is_settled_though_nobody_looks),
           cmocka_unit_test(it_rests_while_nothing_is_in_flight_and_comes_for_the_next),
           cmocka_unit_test(a_need_without_a_reaper_is_refused_where_none_may_be_made),
           cmocka_unit_test(what_is_announced_is_declined_where_no_reaper_can_be_made),
           cmocka_unit_test(nobody_relies_on_a_reaper_that_is_being_made),
           cmocka_unit_test(a_chain_that_nobody_may_look_after_is_settled),
           cmocka_unit_test(a_chain_that_is_being_finished_needs_nobody),
           cmocka_unit_test(a_sync_behind_direct_requests_needs_the_reaper),
           cmocka_unit_test(it_looks_though_another_leads_and_consumes_nothing),
           cmocka_unit_test(it_is_woken_by_a_leader_that_stops_or_hands_over),
           cmocka_unit_test(a_leader_that_stops_meanwhile_is_not_waited_for),
           cmocka_unit_test(who_needs_it_again_finds_it_in_the_kernel),
           cmocka_unit_test(an_application_leads_beside_a_reaper_that_lingers),
           cmocka_unit_test(it_no_longer_waits_where_nobody_comes),
           cmocka_unit_test(what_an_application_leaves_is_offered_by_it),
           cmocka_unit_test(it_does_not_sleep_in_the_kernel_while_something_may_be_left),
           cmocka_unit_test(what_is_left_while_it_is_busy_is_offered_at_once),
           cmocka_unit_test(what_nobody_looks_at_is_settled_in_time),
           cmocka_unit_test(it_gives_the_context_back_when_idle_and_both_come_again),
           cmocka_unit_test(a_context_that_somebody_leads_is_not_replaced_at_its_address),
           cmocka_unit_test(what_is_in_flight_or_needs_it_keeps_it))
