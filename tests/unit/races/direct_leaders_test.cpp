// SPDX-License-Identifier: MIT
// Direct, who leads: of the threads that wait one sleeps in the kernel, and the others are woken one by one. Kernel AIO
// is the test's (exec/fake_kernel.h).
#include "exec/direct.h"

#include "exec/fake_kernel.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::exec::By;
using atomrt::exec::Direct;
using Fixture = HeldReaperFixture;

// ---- who leads ----

using Word = atomrt::os::FutexWord;
using atomrt::os::POKED;
using atomrt::os::QUIET;
using atomrt::os::RUNG;

void of_several_one_leads(void**) {
  Fixture f;
  assert_false(f.direct.lead(Fixture::ME, By::APPLICATION));  // no context
  f.submitted();
  assert_true(f.direct.lead(Fixture::ME, By::APPLICATION));
  assert_true(f.direct.lead(Fixture::ME, By::APPLICATION));
  assert_false(f.direct.lead(Fixture::OTHER, By::APPLICATION));
  assert_false(f.direct.lead(Fixture::OTHER, By::LIBRARY));
  f.direct.stop_leading(Fixture::OTHER);
  assert_false(f.direct.lead(Fixture::OTHER, By::APPLICATION));
  f.direct.stop_leading(Fixture::ME);
  assert_true(f.direct.lead(Fixture::OTHER, By::APPLICATION));
  f.direct.stop_leading(Fixture::OTHER);
}

void while_the_reaper_is_needed_no_application_leads(void**) {
  Fixture f;
  f.submitted();
  assert_true(f.direct.lead(Fixture::ME, By::APPLICATION));
  assert_true(f.direct.add_need(atomrt::exec::MayStart::NO));
  assert_false(f.direct.lead(Fixture::ME, By::APPLICATION));
  assert_true(f.direct.lead(Fixture::THIRD, By::LIBRARY));  // it was handed over
  f.direct.stop_leading(Fixture::THIRD);
  assert_false(f.direct.lead(Fixture::ME, By::APPLICATION));
  f.direct.drop_need();
  assert_true(f.direct.lead(Fixture::ME, By::APPLICATION));
  f.direct.stop_leading(Fixture::ME);
}

// The leader finds out by them that there was something.
void beside_a_leader_nobody_consumes(void**) {
  Fixture f;
  Chain& chain = f.submitted();
  f.submitted();
  const auto leader = static_cast<Direct::Thread>(pthread_self()) + 1;
  assert_true(f.direct.lead(leader, By::APPLICATION));
  f.kernel.complete(0, 4);
  f.direct.process(By::APPLICATION);
  f.is_settled(chain, 4, By::APPLICATION);
  assert_false(f.direct.has_events());
  assert_int_equal(f.kernel.not_consumed(), 1);
  assert_int_equal(atomrt::os::wait_for_event(f.kernel.ring, 0, atomrt::os::NO_DEADLINE), 0);
  assert_true(f.direct.lead(leader, By::APPLICATION));
  assert_int_equal(f.kernel.not_consumed(), 0);
  assert_int_equal(atomrt::os::wait_for_event(f.kernel.ring, 0, 1), ETIMEDOUT);
  f.direct.stop_leading(leader);
}

void a_leader_consumes_what_it_processes(void**) {
  Fixture f;
  f.submitted();
  const auto self = static_cast<Direct::Thread>(pthread_self());
  assert_true(f.direct.lead(self, By::APPLICATION));
  f.kernel.complete(0, 4);
  f.direct.process(By::APPLICATION);
  assert_int_equal(f.kernel.not_consumed(), 0);
  f.direct.stop_leading(self);
}

// ---- followers ----

struct Following : Fixture {
  static constexpr unsigned MOST = 32;  // that are remembered
  Word words[MOST + 1]{};
  Following() {
    for (Word& word : words) word.store(QUIET);
    submitted();
    assert_false(direct.follow(words[0]));  // nobody leads
    assert_true(direct.lead(ME, By::APPLICATION));
  }
  void follow(unsigned count) {
    for (unsigned i = 0; i < count; ++i) assert_true(direct.follow(words[i]));
  }
  [[nodiscard]] unsigned poked() const {
    unsigned count = 0;
    for (const Word& word : words) count += word == POKED;
    return count;
  }
};

void a_leader_that_stops_wakes_one_follower(void**) {
  Following f;
  f.follow(3);
  f.follow(3);  // again: as a loop of looks does
  for (unsigned i = 1; i <= 3; ++i) {
    f.direct.stop_leading(Following::ME);
    assert_int_equal(f.poked(), i);
    assert_true(f.direct.lead(Following::ME, By::APPLICATION));
  }
  f.direct.stop_leading(Following::ME);
  assert_int_equal(f.poked(), 3);
}

void a_follower_is_woken_from_its_sleep(void**) {
  Following f;
  std::atomic<int> thread{0}, outcome{-1};
  assert_true(f.direct.follow(f.words[0]));
  Thread follower([&] {
    thread.store(gettid());
    outcome.store(atomrt::os::futex_wait(f.words[0], QUIET));
  });
  assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  f.direct.stop_leading(Following::ME);
  follower.join();
  assert_int_equal(outcome, 0);
  assert_int_equal(f.words[0], POKED);
}

void who_does_not_follow_any_more_is_not_woken(void**) {
  Following f;
  f.follow(2);
  f.direct.stop_following(f.words[0]);
  f.direct.stop_leading(Following::ME);
  assert_int_equal(f.words[0], QUIET);
  assert_int_equal(f.words[1], POKED);
}

// It will not lead: its request is over.
void a_follower_that_is_done_is_passed_over(void**) {
  Following f;
  f.follow(2);
  f.words[0].store(RUNG);
  f.direct.stop_leading(Following::ME);
  assert_int_equal(f.words[0], RUNG);
  assert_int_equal(f.words[1], POKED);
}

void without_requests_there_is_nothing_to_lead_for(void**) {
  Following f;
  f.follow(1);
  f.kernel.complete(0, 1);
  f.direct.process(By::APPLICATION);
  f.direct.stop_leading(Following::ME);
  assert_int_equal(f.poked(), 0);
  f.direct.stop_following(f.words[0]);
}

void where_the_reaper_is_needed_no_follower_is_woken(void**) {
  Following f;
  f.follow(1);
  assert_true(f.direct.add_need(atomrt::exec::MayStart::NO));
  f.direct.stop_leading(Following::ME);
  assert_int_equal(f.poked(), 0);
  assert_true(f.direct.follow(f.words[1]));  // the reaper is on its way
  f.direct.drop_need();
  assert_false(f.direct.follow(f.words[1]));
}

// They look by themselves, in time.
void a_follower_too_many_follows_all_the_same(void**) {
  Following f;
  f.follow(Following::MOST + 1);
  for (unsigned i = 0; i <= Following::MOST; ++i) {
    f.direct.stop_leading(Following::ME);
    assert_true(f.direct.lead(Following::ME, By::APPLICATION));
  }
  assert_int_equal(f.poked(), Following::MOST);
  f.direct.stop_leading(Following::ME);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(of_several_one_leads),
           cmocka_unit_test(while_the_reaper_is_needed_no_application_leads),
           cmocka_unit_test(beside_a_leader_nobody_consumes),
           cmocka_unit_test(a_leader_consumes_what_it_processes),
           cmocka_unit_test(a_leader_that_stops_wakes_one_follower),
           cmocka_unit_test(a_follower_is_woken_from_its_sleep),
           cmocka_unit_test(who_does_not_follow_any_more_is_not_woken),
           cmocka_unit_test(a_follower_that_is_done_is_passed_over),
           cmocka_unit_test(without_requests_there_is_nothing_to_lead_for),
           cmocka_unit_test(where_the_reaper_is_needed_no_follower_is_woken),
           cmocka_unit_test(a_follower_too_many_follows_all_the_same))
