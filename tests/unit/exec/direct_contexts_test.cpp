// SPDX-License-Identifier: MIT
// DirectContexts: which context a thread's requests go to, and who is called for all of them. Kernel AIO is the test's
// (fake_kernel.h).
#include "exec/direct_contexts.h"

#include "exec/fake_kernel.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::Group;
using atomrt::chain::NotifyBy;
using atomrt::chain::Place;
using atomrt::exec::MayStart;
using atomrt::exec::By;
using atomrt::exec::DirectContexts;
using atomrt::exec::Verdict;

struct Engine {
  atomrt::chain::ChainPool pool;
  DirectContexts contexts;
  int settled, library_settled;
};

void settle(void* self, Chain& chain, long, By by) {
  Engine& engine = *static_cast<Engine*>(self);
  engine.contexts.drop_need_of(chain);
  __atomic_fetch_add(by == By::LIBRARY ? &engine.library_settled : &engine.settled, 1, __ATOMIC_SEQ_CST);
}

constexpr atomrt::exec::Host::Functions FUNCTIONS{.settle = settle};

class Fixture {
 public:
  static constexpr unsigned OWN = DirectContexts::OWN;

  explicit Fixture(bool has_own = true) : engine(zeroed<Engine>()), kernel(zeroed<FakeKernel>()) {
    thread_fault.start_over();
    fake_kernel.store(&kernel);
    contexts().start({&engine, FUNCTIONS}, engine.pool, has_own);
    contexts().configure(DirectFixture::LONG);
    kernel.clock_runs_back.store(true);  // reapers that nobody needs look at no event
  }
  ~Fixture() {
    kernel.clock_runs_back.store(false);
    for (int turn = 0; turn < kernel.submissions; ++turn) {
      if (!kernel.is_over[turn]) complete(turn);
    }
    contexts().process(By::LIBRARY);
    contexts().configure(0);
    thread_fault.start_over();
    assert_true(eventually([this] {
      bool any = false;
      for (unsigned i = 0; i <= OWN; ++i) {
        atomrt::exec::Direct& context = contexts().at(i);
        const bool is_one_wanted = kernel.destroyed != kernel.made;
        if (context.add_need(is_one_wanted ? MayStart::YES : MayStart::NO)) context.drop_need();
        context.wake_reaper();
        any |= has_reaper(context);
      }
      return kernel.destroyed == kernel.made && !any;
    }));
  }

  DirectContexts& contexts() { return engine.contexts; }
  // By a thread of that number.
  Chain& made(std::uint32_t thread) {
    Chain& chain = adopted(engine.pool, request_of(Kind::READ, nullptr, 3));
    chain.submitter = thread;
    return chain;
  }
  unsigned context_of(Chain& chain) {
    assert_int_equal(contexts().submit(chain), Verdict::ACCEPTED);
    return aio_context_of(chain);
  }
  unsigned context_of_one(std::uint32_t thread) { return context_of(made(thread)); }
  void complete(int turn) {
    kernel.ring.store(kernel.rings[turn]);
    kernel.complete(turn, 512);
  }

  Engine& engine;
  FakeKernel& kernel;
};

void the_first_thread_has_the_common_one_and_others_their_own(void**) {
  Fixture f;
  assert_int_equal(f.context_of_one(100), 0);
  assert_int_equal(f.context_of_one(200), 1);
  assert_int_equal(f.context_of_one(300), 2);
  assert_int_equal(f.context_of_one(100), 0);
  assert_int_equal(f.context_of_one(300), 2);
  assert_int_equal(f.kernel.made, 3);
}

void what_others_are_told_of_is_the_common_ones(void**) {
  Fixture f;
  f.context_of_one(100);
  for (const NotifyBy by : {NotifyBy::SIGNAL, NotifyBy::SIGNAL_TO_THREAD, NotifyBy::THREAD}) {
    Chain& announced = f.made(200);
    announced.notification.by = by;
    assert_int_equal(f.context_of(announced), 0);
  }
  Group group{};
  group.open(true, {});
  Chain& listed = f.made(200);
  listed.group = &group;
  assert_int_equal(f.context_of(listed), 0);
  Chain& unknown = f.made(0);
  assert_int_equal(f.context_of(unknown), 0);
  assert_int_equal(f.kernel.made, 1);
}

void none_has_its_own_where_that_is_said(void**) {
  Fixture f(false);
  for (std::uint32_t thread = 100; thread < 104; ++thread) assert_int_equal(f.context_of_one(thread), 0);
}

void a_context_without_requests_is_taken_over(void**) {
  Fixture f;
  std::uint32_t thread = 100;
  for (unsigned i = 0; i <= Fixture::OWN; ++i) assert_int_equal(f.context_of_one(thread++), i);
  assert_int_equal(f.context_of_one(thread), 0);  // all are busy
  f.complete(5);
  f.contexts().process(By::APPLICATION);
  assert_int_equal(f.context_of_one(thread), 5);
  assert_int_equal(f.context_of_one(105), 0);  // whose it was
  assert_int_equal(f.context_of_one(thread), 5);
}

void those_who_are_waited_for_together_share_the_common_one(void**) {
  Fixture f;
  f.context_of_one(100);
  assert_int_equal(f.context_of_one(200), 1);
  assert_int_equal(f.context_of_one(300), 2);
  f.contexts().share(DirectContexts::COMMON | 2);
  assert_int_equal(f.context_of_one(100), 0);
  assert_int_equal(f.context_of_one(200), 0);
  assert_int_equal(f.context_of_one(300), 2);
}

void where_the_kernel_has_no_room_the_common_one_serves(void**) {
  Fixture f;
  f.context_of_one(100);
  f.kernel.clock_runs_back.store(false);
  f.kernel.making_fails.store(EAGAIN);
  assert_int_equal(f.context_of_one(200), 0);
  f.kernel.making_fails.store(0);
  f.kernel.clock_ahead_ns.store(2'000'000'000);
  assert_int_equal(f.context_of_one(200), 1);
}

void whoever_looks_sees_the_events_of_all(void**) {
  Fixture f;
  f.context_of_one(100);
  f.context_of_one(200);
  f.context_of_one(300);
  assert_false(f.contexts().has_events());
  f.complete(2);
  assert_true(f.contexts().has_events());
  f.contexts().process(By::APPLICATION);
  assert_int_equal(f.engine.settled, 1);
  assert_false(f.contexts().has_events());
  assert_true(f.contexts().has_requests());
  f.complete(0);
  f.complete(1);
  f.contexts().process(By::APPLICATION);
  assert_int_equal(f.engine.settled, 3);
  assert_false(f.contexts().has_requests());
}

void a_sync_calls_the_reapers_of_all(void**) {
  Fixture f;
  f.context_of_one(100);
  f.context_of_one(200);
  Chain& sync = adopted(f.engine.pool, request_of(Kind::SYNC, nullptr, 3));
  f.contexts().need_for_sync(sync);
  assert_true(eventually([&] { return f.kernel.sleepers == 2; }));
  f.context_of_one(300);  // comes later, and calls its own
  assert_true(eventually([&] { return f.kernel.sleepers == 3; }));
  for (int turn = 0; turn < 3; ++turn) f.complete(turn);
  assert_true(eventually([&] { return __atomic_load_n(&f.engine.library_settled, __ATOMIC_SEQ_CST) == 3; }));
  f.contexts().drop_need_of(sync);
  f.contexts().drop_need_of(sync);  // once
}

void a_sync_is_told_of_where_nobody_looks_after_what_is_before_it(void**) {
  Fixture f;
  f.context_of_one(100);
  thread_fault.refused.store(ALL);
  f.context_of_one(200);
  assert_false(f.contexts().lacks_reaper());
  Chain& sync = adopted(f.engine.pool, request_of(Kind::SYNC, nullptr, 3));
  f.contexts().need_for_sync(sync);
  assert_true(f.contexts().lacks_reaper());
  f.complete(1);
  f.contexts().process(By::APPLICATION);
  assert_false(f.contexts().lacks_reaper());
  f.contexts().drop_need_of(sync);
}

void who_waits_for_several_has_their_reapers(void**) {
  Fixture f;
  f.context_of_one(100);
  f.context_of_one(200);
  f.context_of_one(300);
  constexpr DirectContexts::Set FIRST_AND_THIRD = 5;
  assert_true(f.contexts().add_needs(FIRST_AND_THIRD));
  f.contexts().wake_reapers(FIRST_AND_THIRD);
  assert_true(eventually([&] { return f.kernel.sleepers == 2; }));
  for (int turn = 0; turn < 3; ++turn) f.complete(turn);
  assert_true(eventually([&] { return __atomic_load_n(&f.engine.library_settled, __ATOMIC_SEQ_CST) == 2; }));
  f.contexts().drop_needs(FIRST_AND_THIRD);
}

void no_need_is_left_where_one_has_no_reaper(void**) {
  Fixture f;
  f.kernel.clock_runs_back.store(false);  // a reaper that saw the need for a moment sleeps in the kernel for its time
  f.context_of_one(100);
  thread_fault.refused.store(ALL);
  f.context_of_one(200);
  thread_fault.refused.store(0);
  constexpr DirectContexts::Set BOTH = 3;
  assert_false(f.contexts().add_needs(BOTH));
  f.contexts().wake_reapers(BOTH);
  // The reaper that has been woken leads for a moment before it lingers.
  assert_true(eventually([&] { return f.contexts().at(0).lead(1, By::APPLICATION) != nullptr; }));
  f.contexts().at(0).stop_leading(1);
}

// A handler's child goes on in the middle of a submission, and its memory has been wiped.
void in_wiped_memory_nothing_is_avoided_or_needed(void**) {
  auto& wiped = zeroed<DirectContexts>();
  for (unsigned i = 0; i <= DirectContexts::OWN; ++i) {
    assert_false(wiped.at(i).is_avoided(0));
    assert_false(wiped.at(i).lacks_reaper());
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(in_wiped_memory_nothing_is_avoided_or_needed),
           cmocka_unit_test(the_first_thread_has_the_common_one_and_others_their_own),
           cmocka_unit_test(what_others_are_told_of_is_the_common_ones),
           cmocka_unit_test(none_has_its_own_where_that_is_said),
           cmocka_unit_test(a_context_without_requests_is_taken_over),
           cmocka_unit_test(those_who_are_waited_for_together_share_the_common_one),
           cmocka_unit_test(where_the_kernel_has_no_room_the_common_one_serves),
           cmocka_unit_test(whoever_looks_sees_the_events_of_all),
           cmocka_unit_test(a_sync_calls_the_reapers_of_all),
           cmocka_unit_test(a_sync_is_told_of_where_nobody_looks_after_what_is_before_it),
           cmocka_unit_test(who_waits_for_several_has_their_reapers),
           cmocka_unit_test(no_need_is_left_where_one_has_no_reaper))
