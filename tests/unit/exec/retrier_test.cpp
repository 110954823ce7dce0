// SPDX-License-Identifier: MIT
// Retrier: tails that found no room are tried in order until they go through, by the spawner, or by a thread that lends
// itself where there is none.
#include "exec/retrier.h"

#include "chain/chains.h"
#include "chain/group.h"
#include "exec/spawner.h"
#include "exec/without_threads.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::ChainPool;
using atomrt::chain::NotifyBy;
using atomrt::exec::MayStart;
using atomrt::exec::Retrier;
using atomrt::exec::Spawner;

// The engine's side: room for so many signals and threads, and what went through, in order.
struct Fake {
  std::atomic<int> signals{0}, threads{0};
  std::atomic<int> never{0};  // the number of one that no room is enough for
  std::atomic<int> tries{0}, through{0};
  std::atomic<int> order[64] = {};
  std::atomic<std::int64_t> tried_ns{0};  // the last that went through

  static bool try_again(void* self, Chain& chain) {
    Fake& fake = *static_cast<Fake*>(self);
    fake.tries.fetch_add(1);
    auto& room = chain.notification.by == NotifyBy::THREAD ? fake.threads : fake.signals;
    if (room.load() <= 0 || chain.fd == fake.never.load()) return false;
    room.fetch_sub(1);
    fake.tried_ns.store(atomrt::os::now_ns());
    fake.order[fake.through.load() % 64].store(chain.fd);
    fake.through.fetch_add(1);
    return true;
  }
};

constexpr std::int64_t IDLE_NS = 1'000'000'000'000;

std::uint32_t number_of_this_thread() { return static_cast<std::uint32_t>(gettid()); }

struct Fixture {
  Fake& fake = zeroed<Fake>();
  ChainPool& pool = zeroed<ChainPool>();
  Retrier& retrier = zeroed<Retrier>();
  Spawner& spawner = zeroed<Spawner>();
  Fixture() {
    thread_fault.start_over();
    retrier.start(&fake, Fake::try_again);
    spawner.start(&retrier, [](void* self) { return static_cast<Retrier*>(self)->serve(); });
  }
  ~Fixture() {
    // Its thread must be gone before the fake is.
    thread_fault.start_over();
    fake.never.store(0);
    fake.signals.store(1000);
    fake.threads.store(1000);
    spawner.configure(0);
    assert_true(ask());  // it looks at the idle time
    assert_true(eventually([&] { return !retrier.has_work() && is_gone(); }));
  }
  bool ask() { return spawner.ask(MayStart::YES); }
  bool is_gone() { return !spawner.is_present() && threads_named("atomrt-spawner") == 0; }
  // False: there is no spawner.
  bool add(Chain& chain, std::uint32_t relayed_by = 0) {
    retrier.add(chain, relayed_by);
    return ask();
  }
  Chain& chain(int number, NotifyBy by = NotifyBy::SIGNAL) {
    Chain& chain = adopted(pool, request_of(Kind::READ, nullptr, number));
    chain.notification.by = by;
    return chain;
  }
};

void without_work_there_is_no_thread(void**) {
  Fixture f;
  assert_false(f.retrier.has_work());
  assert_false(f.retrier.serve());
  assert_int_equal(thread_fault.asked, 0);
}

void a_tail_is_tried_until_it_goes_through_and_the_thread_leaves(void**) {
  Fixture f;
  assert_true(f.add(f.chain(1)));
  assert_true(f.retrier.has_work());
  assert_true(eventually([&] { return f.fake.tries >= 3; }));
  assert_int_equal(f.fake.through, 0);
  f.fake.signals.store(1);
  assert_true(eventually([&] { return f.fake.through == 1; }));
  assert_true(eventually([&] { return f.is_gone(); }));
  assert_false(f.retrier.has_work());
  const int tries = f.fake.tries;
  assert_false(f.retrier.serve());
  assert_int_equal(f.fake.tries, tries);  // once it is through it is nobody's any more
}

void after_the_thread_has_left_another_is_made(void**) {
  Fixture f;
  f.fake.signals.store(2);
  for (int i = 1; i <= 2; ++i) {
    assert_true(f.add(f.chain(i)));
    assert_true(eventually([&] { return f.fake.through == i && f.is_gone(); }));
  }
  assert_int_equal(thread_fault.asked, 2);
}

void one_that_is_refused_for_ever_holds_up_no_other(void**) {
  Fixture f;
  f.fake.never.store(1);
  for (int i = 1; i <= 4; ++i) assert_true(f.add(f.chain(i, NotifyBy::THREAD)));
  assert_true(eventually([&] { return f.fake.tries >= 8; }));
  f.fake.threads.store(3);
  assert_true(eventually([&] { return f.fake.through == 3; }));
  assert_true(f.retrier.has_work());
}

void one_thread_serves_all_in_order(void**) {
  Fixture f;
  for (int i = 1; i <= 20; ++i) assert_true(f.add(f.chain(i)));
  assert_true(eventually([&] { return f.fake.tries >= 2; }));
  for (int i = 1; i <= 20; ++i) {
    f.fake.signals.store(1);
    assert_true(eventually([&] { return f.fake.through == i; }));
  }
  for (int i = 0; i < 20; ++i) assert_int_equal(f.fake.order[i], i + 1);
  assert_int_equal(thread_fault.asked, 1);
}

// ---- what is relayed ----

// How long it takes until what this thread leaves to it is tried; meanwhile the thread sleeps, or does not.
std::int64_t delay_of(Fixture& f, bool sleeps) {
  const int before = f.fake.through;
  f.fake.signals.store(1);
  const std::int64_t begin = atomrt::os::now_ns();
  assert_true(f.add(f.chain(1), number_of_this_thread()));
  if (sleeps) {
    const atomrt::os::FutexWord nobody_wakes{0};
    atomrt::os::futex_wait_until(nobody_wakes, 0, begin + 10 * Retrier::MOMENT_NS);
  }
  while (f.fake.through == before) atomrt::os::relax();
  return f.fake.tried_ns - begin;
}

void what_is_relayed_is_tried_a_moment_later(void**) {
  Fixture f;
  f.spawner.configure(IDLE_NS);
  assert_true(delay_of(f, false) >= Retrier::MOMENT_NS);
}

// Any one of them may come late on a busy machine, not all.
void a_caller_who_sleeps_is_not_kept_waiting(void**) {
  Fixture f;
  f.spawner.configure(IDLE_NS);
  assert_true(eventually([&] { return delay_of(f, true) < Retrier::MOMENT_NS; }));
  // Nor has he who works less than his moment for it.
  for (int i = 0; i < 3; ++i) delay_of(f, false);
  assert_true(eventually([&] { return delay_of(f, false) >= Retrier::MOMENT_NS; }));
}

void a_caller_that_is_gone_is_not_waited_for(void**) {
  Fixture f;
  f.fake.signals.store(1);
  f.spawner.configure(IDLE_NS);
  assert_true(f.add(f.chain(1), 0x3fffffff));
  assert_true(eventually([&] { return f.fake.through == 1; }));
}

void signals_without_room_do_not_hold_up_threads(void**) {
  Fixture f;
  assert_true(f.add(f.chain(1)));
  assert_true(f.add(f.chain(2, NotifyBy::THREAD)));
  assert_true(f.add(f.chain(3)));
  f.fake.threads.store(1);
  assert_true(eventually([&] { return f.fake.through == 1; }));
  assert_int_equal(f.fake.order[0], 2);
}

void behind_one_without_room_its_like_is_not_tried(void**) {
  Fixture f;
  thread_fault.refused.store(ALL);  // no thread: the passes are the test's
  for (int i = 1; i <= 3; ++i) assert_false(f.add(f.chain(i)));
  f.retrier.serve();
  assert_int_equal(f.fake.tries, 1);
  f.fake.signals.store(1);
  f.retrier.serve();
  assert_int_equal(f.fake.tries, 3);
  assert_int_equal(f.fake.order[0], 1);
}

void without_a_spawner_the_tail_waits(void**) {
  Fixture f;
  thread_fault.refused.store(2);
  assert_false(f.add(f.chain(1)));
  assert_true(f.retrier.has_work());
  assert_false(f.ask());
  assert_int_equal(f.fake.tries, 0);
  f.fake.signals.store(1);
  assert_true(f.ask());
  assert_true(eventually([&] { return f.fake.through == 1; }));
}

void a_thread_that_lends_itself_makes_one_pass(void**) {
  Fixture f;
  thread_fault.refused.store(ALL);
  assert_false(f.add(f.chain(1)));
  assert_false(f.add(f.chain(2)));
  f.retrier.serve();
  assert_int_equal(f.fake.through, 0);
  f.fake.signals.store(5);
  f.retrier.serve();
  assert_int_equal(f.fake.through, 2);
  assert_false(f.retrier.has_work());
  assert_int_equal(threads_named("atomrt-spawner"), 0);
}

// The kind of the notification that is left counts: a list's may be another than its entry's.
void a_lists_thread_is_not_held_up_by_signals(void**) {
  Fixture f;
  thread_fault.refused.store(ALL);
  auto& group = zeroed<atomrt::chain::Group>();
  atomrt::chain::Notification by_thread{};
  by_thread.by = NotifyBy::THREAD;
  group.open(false, by_thread);
  Chain& list = f.chain(2, NotifyBy::NOTHING);
  list.group = &group;
  list.tail = atomrt::chain::Tail::NOTIFY_GROUP;
  f.retrier.add(f.chain(1));
  f.retrier.add(list);
  f.retrier.serve();
  assert_int_equal(f.fake.tries, 2);
}

// It is tried, with or without room: then who waits for it goes on.
void behind_one_without_room_what_is_waited_for_is_tried(void**) {
  Fixture f;
  thread_fault.refused.store(ALL);
  for (int i = 1; i <= 3; ++i) {
    Chain& chain = f.chain(i, NotifyBy::THREAD);
    chain.tells_late = i == 3;
    f.retrier.add(chain);
  }
  assert_true(f.retrier.serve());
  assert_int_equal(f.fake.tries, 2);
}

void what_is_added_during_a_pass_is_not_lost(void**) {
  Fixture f;
  f.fake.signals.store(1'000'000);
  std::atomic<int> added{0};
  constexpr int EACH = 2000;
  const auto work = [&] {
    for (int i = 0; i < EACH; ++i) {
      Chain& chain = f.chain(1);
      if (f.add(chain)) added.fetch_add(1);
    }
  };
  {
    Thread first(work), second(work);
  }
  assert_true(eventually([&] { return !f.retrier.has_work(); }));
  assert_int_equal(added, 2 * EACH);
  assert_int_equal(1'000'000 - f.fake.signals, 2 * EACH);  // each once
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(without_work_there_is_no_thread),
           cmocka_unit_test(a_tail_is_tried_until_it_goes_through_and_the_thread_leaves),
           cmocka_unit_test(after_the_thread_has_left_another_is_made),
           cmocka_unit_test(one_that_is_refused_for_ever_holds_up_no_other),
           cmocka_unit_test(one_thread_serves_all_in_order),
           cmocka_unit_test(what_is_relayed_is_tried_a_moment_later),
           cmocka_unit_test(a_caller_who_sleeps_is_not_kept_waiting),
           cmocka_unit_test(a_caller_that_is_gone_is_not_waited_for),
           cmocka_unit_test(signals_without_room_do_not_hold_up_threads),
           cmocka_unit_test(behind_one_without_room_its_like_is_not_tried),
           cmocka_unit_test(without_a_spawner_the_tail_waits),
           cmocka_unit_test(a_thread_that_lends_itself_makes_one_pass),
           cmocka_unit_test(a_lists_thread_is_not_held_up_by_signals),
           cmocka_unit_test(behind_one_without_room_what_is_waited_for_is_tried),
           cmocka_unit_test(what_is_added_during_a_pass_is_not_lost))
