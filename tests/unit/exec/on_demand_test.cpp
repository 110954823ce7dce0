// SPDX-License-Identifier: MIT
// OnDemand: one thread or none, which nobody counts on while it is being made. pthread_create is wrapped.
#include "exec/on_demand.h"

#include "exec/without_threads.h"

namespace {

using namespace atomrt::unit;
using atomrt::exec::MayStart;
using atomrt::exec::OnDemand;
using atomrt::exec::Spawner;

struct Fixture {
  OnDemand& thread = zeroed<OnDemand>();
  Spawner& spawner = zeroed<Spawner>();
  Gate gate;
  std::atomic<int> gone{0};
  Fixture() {
    thread_fault.start_over();
    gate.open();
    spawner.start(this, [](void*) { return false; });
  }
  bool ensure(MayStart may_start = MayStart::YES) { return thread.ensure(may_start, run, this); }
  bool has_gone(int times) {
    return eventually([&] { return gone == times; });
  }
  static void* run(void* self) {
    Fixture& f = *static_cast<Fixture*>(self);
    f.thread.came();
    f.gate.pass();
    f.thread.left();
    f.gone.fetch_add(1);
    return nullptr;
  }
};

void it_is_made_where_that_may_be(void**) {
  Fixture f;
  f.gate.close();
  assert_false(f.ensure(MayStart::NO));
  assert_int_equal(thread_fault.asked, 0);
  for (const MayStart may_start : {MayStart::YES, MayStart::YES, MayStart::ASKS, MayStart::NO}) {
    assert_true(f.ensure(may_start));
  }
  assert_int_equal(thread_fault.asked, 1);
  assert_int_equal(f.thread.created(), 1);
  f.gate.open();
  assert_true(f.has_gone(1));
  assert_false(f.thread.is_present());
}

Fixture* fixture_of_callback = nullptr;

void nobody_counts_on_one_that_is_being_made(void**) {
  Fixture f;
  fixture_of_callback = &f;
  thread_fault.refused.store(1);
  thread_fault.when_refused.store([] {
    assert_int_equal(fixture_of_callback->thread.state(), OnDemand::MAKING);
    for (const MayStart may_start : {MayStart::NO, MayStart::ASKS, MayStart::YES}) {
      assert_false(fixture_of_callback->ensure(may_start));
    }
  });
  assert_false(f.ensure());
  assert_int_equal(f.thread.state(), OnDemand::ABSENT);
  assert_int_equal(f.thread.created(), 0);
  assert_true(f.ensure());
  assert_true(f.has_gone(1));
}

// It is gone, though its maker says afterwards that it has been made.
void one_that_leaves_at_once_is_not_counted_on(void**) {
  Fixture f;
  for (int round = 1; round <= 2000; ++round) {
    f.ensure();
    assert_true(f.has_gone(round));
    assert_int_equal(f.thread.state(), OnDemand::ABSENT);
  }
}

void where_there_is_a_spawner_it_is_asked(void**) {
  Fixture f;
  f.spawner.configure(1'000'000'000'000);
  f.thread.spawn_by(f.spawner);
  assert_true(f.ensure(MayStart::ASKS));  // there is none yet
  assert_true(f.has_gone(1));
  assert_true(f.thread.take_wish());
  {
    const Spawner::Use use(f.spawner);
    assert_false(f.ensure(MayStart::ASKS));
    assert_false(f.thread.is_present());
    assert_true(f.thread.take_wish());
    assert_false(f.thread.take_wish());
  }
  assert_int_equal(f.thread.created(), 1);
  f.spawner.configure(0);
  assert_true(f.spawner.ask());
  assert_true(eventually([&] { return !f.spawner.is_present() && threads_named("atomrt-spawner") == 0; }));
}

void one_that_is_refused_is_never_made(void**) {
  Fixture f;
  f.thread.refuse();
  assert_false(f.ensure());
  assert_int_equal(f.thread.state(), OnDemand::REFUSED);
  assert_int_equal(thread_fault.asked, 0);
}

void one_that_finds_more_to_do_comes_back_unless_another_is_there(void**) {
  Fixture f;
  f.ensure();
  assert_true(f.has_gone(1));
  assert_true(f.thread.came_back());
  assert_true(f.thread.is_present());
  assert_false(f.thread.came_back());
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(it_is_made_where_that_may_be),
           cmocka_unit_test(nobody_counts_on_one_that_is_being_made),
           cmocka_unit_test(one_that_leaves_at_once_is_not_counted_on),
           cmocka_unit_test(where_there_is_a_spawner_it_is_asked),
           cmocka_unit_test(one_that_is_refused_is_never_made),
           cmocka_unit_test(one_that_finds_more_to_do_comes_back_unless_another_is_there))
