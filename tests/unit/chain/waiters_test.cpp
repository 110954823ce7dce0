// SPDX-License-Identifier: MIT
// WaiterTable: who is woken at a publish, one event after the other. races/waiters_race_test.cpp lets them come at once.
#include "chain/waiters.h"

#include <new>

#include "chain/chains.h"

namespace {

using namespace atomrt::chain;
using atomrt::unit::Kind;
using atomrt::unit::request_of;
using atomrt::unit::zeroed;

struct Fixture {
  ChainPool& pool = zeroed<ChainPool>();
  WaiterTable& table = zeroed<WaiterTable>();

  Chain& chain() { return atomrt::unit::adopted(pool, request_of(Kind::READ)); }
  static constexpr int MANY = 300;
  WaiterHold (&holds)[MANY] = zeroed<WaiterHold[MANY]>();
  int held = 0;
  Waiter& waiter() {
    Waiter* waiter = table.enter(holds[held++], 0);
    assert_non_null(waiter);
    return *waiter;
  }
  void watches(Chain& chain, Waiter& waiter) {
    assert_int_equal(table.watch(chain, generation_of(chain), waiter), Watch::WATCHED);
  }
};

bool woken(const Waiter& waiter) { return waiter.bell.load() != atomrt::os::QUIET; }

void the_watcher_is_woken_and_nobody_else(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Chain& other_chain = f.chain();
  Waiter& waiter = f.waiter();
  Waiter& other = f.waiter();
  f.watches(chain, waiter);
  f.watches(other_chain, other);
  assert_false(woken(waiter));
  f.table.publish(chain);
  assert_true(woken(waiter));
  assert_false(woken(other));
}

void a_chain_that_nobody_watches_wakes_nobody(void**) {
  Fixture f;
  Waiter& waiter = f.waiter();
  f.table.publish(f.chain());
  assert_false(woken(waiter));
}

void who_comes_after_publish_is_told(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& waiter = f.waiter();
  const std::uint32_t generation = generation_of(chain);
  f.table.publish(chain);
  assert_int_equal(f.table.watch(chain, generation, waiter), Watch::OVER);
  assert_false(woken(waiter));
}

void a_stale_name_is_over_and_wakes_nobody_later(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& waiter = f.waiter();
  const std::uint32_t old_generation = generation_of(chain);
  f.table.publish(chain);
  atomrt::unit::free_chain(f.pool, chain);
  Chain& again = f.chain();
  assert_ptr_equal(&again, &chain);
  assert_int_equal(f.table.watch(again, old_generation, waiter), Watch::OVER);
  f.table.publish(again);
  assert_false(woken(waiter));
}

void who_tells_wakes_behind_it(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& waiter = f.waiter();
  Waiter& stranger = f.waiter();
  const std::uint32_t generation = generation_of(chain);
  f.watches(chain, waiter);
  assert_true(WaiterTable::may_watch(chain, generation, waiter));
  assert_false(WaiterTable::may_watch(chain, generation, stranger));
  assert_false(WaiterTable::is_telling(chain, generation));
  f.table.begin_telling();
  assert_true(f.table.is_anybody_telling());
  put(chain, Place::ENDING);
  assert_true(WaiterTable::is_telling(chain, generation));  // its result may be there, the word is about to be closed
  const std::uint32_t watchers = f.table.publish_and_tell(chain);
  assert_false(woken(waiter));
  assert_true(is_published(chain));
  assert_true(WaiterTable::is_telling(chain, generation));
  assert_false(WaiterTable::is_telling(chain, generation - 1));
  assert_false(WaiterTable::may_watch(chain, generation, waiter));
  assert_int_equal(f.table.watch(chain, generation, stranger), Watch::OVER);
  f.table.end_telling(chain, watchers);
  assert_true(woken(waiter));
  assert_false(woken(stranger));
  assert_false(WaiterTable::is_telling(chain, generation));
  assert_false(f.table.is_anybody_telling());
}

void all_who_share_are_woken_behind_it(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& first = f.waiter();
  Waiter& second = f.waiter();
  f.watches(chain, first);
  f.watches(chain, second);
  assert_true(WaiterTable::may_watch(chain, generation_of(chain), first));
  f.table.begin_telling();
  put(chain, Place::ENDING);
  const std::uint32_t watchers = f.table.publish_and_tell(chain);
  assert_false(woken(first) || woken(second));
  f.table.end_telling(chain, watchers);
  assert_true(woken(first) && woken(second));
}

void watching_twice_is_watching_once(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& waiter = f.waiter();
  Waiter& sharer = f.waiter();
  f.watches(chain, waiter);
  f.watches(chain, waiter);
  assert_int_equal(waiter.shares, 0);  // the same waiter shares with nobody
  f.table.unwatch(chain, generation_of(chain), waiter);
  f.table.publish(chain);
  assert_false(woken(waiter));
  assert_false(woken(sharer));
}

void who_unwatched_is_not_woken(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& waiter = f.waiter();
  f.watches(chain, waiter);
  f.table.unwatch(chain, generation_of(chain), waiter);
  Waiter& next = f.waiter();
  f.watches(chain, next);
  f.table.publish(chain);
  assert_false(woken(waiter));
  assert_true(woken(next));
}

void unwatching_takes_nobody_elses_watch_away(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& waiter = f.waiter();
  Waiter& other = f.waiter();
  f.watches(chain, waiter);
  f.table.unwatch(chain, generation_of(chain), other);
  f.table.unwatch(chain, generation_of(chain) + 1, waiter);
  f.table.publish(chain);
  assert_true(woken(waiter));
}

void unwatching_a_recycled_chain_is_no_harm(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& waiter = f.waiter();
  const std::uint32_t old_generation = generation_of(chain);
  f.watches(chain, waiter);
  f.table.publish(chain);
  atomrt::unit::free_chain(f.pool, chain);
  Chain& again = f.chain();
  f.watches(again, waiter);
  waiter.bell.store(atomrt::os::QUIET);
  f.table.unwatch(again, old_generation, waiter);
  f.table.publish(again);
  assert_true(woken(waiter));
}

void two_sharers_are_both_woken(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& first = f.waiter();
  Waiter& second = f.waiter();
  Waiter& bystander = f.waiter();
  f.watches(chain, first);
  f.watches(chain, second);
  f.table.publish(chain);
  assert_true(woken(first));
  assert_true(woken(second));
  assert_false(woken(bystander));
}

void three_sharers_are_all_woken(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter* waiters[3] = {&f.waiter(), &f.waiter(), &f.waiter()};
  for (Waiter* waiter : waiters) f.watches(chain, *waiter);
  f.watches(chain, *waiters[0]);  // again, now that it is shared
  f.table.publish(chain);
  for (Waiter* waiter : waiters) assert_true(woken(*waiter));
}

void a_sharer_that_leaves_does_not_leave_the_other_asleep(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& first = f.waiter();
  Waiter& second = f.waiter();
  f.watches(chain, first);
  f.watches(chain, second);
  f.table.unwatch(chain, generation_of(chain), first);
  f.table.leave(f.holds[0]);
  f.table.publish(chain);
  assert_true(woken(second));
}

// Waiters of any chunk of the pool are reached.
void many_sharers_are_all_woken(void**) {
  Fixture f;
  Chain& chain = f.chain();
  static Waiter* waiters[Fixture::MANY];
  for (auto& waiter : waiters) {
    waiter = &f.waiter();
    f.watches(chain, *waiter);
  }
  f.table.publish(chain);
  for (const Waiter* waiter : waiters) assert_true(woken(*waiter));
}

void a_waiter_used_again_starts_afresh(void**) {
  Fixture f;
  Chain& chain = f.chain();
  Waiter& first = f.waiter();
  Waiter& second = f.waiter();
  f.watches(chain, first);
  f.watches(chain, second);
  f.table.publish(chain);
  f.table.leave(f.holds[1]);
  Waiter& again = f.waiter();
  assert_ptr_equal(&again, &second);
  assert_false(woken(again));
  assert_int_equal(again.shares, 0);
}

// Whatever a handler's longjmp has left undone is done by another leave.
void a_slot_is_given_back_once(void**) {
  Fixture f;
  WaiterHold hold, other;
  f.table.leave(hold);
  assert_null(hold.waiter());
  Waiter* const first = f.table.enter(hold, 7);
  assert_ptr_equal(hold.waiter(), first);
  f.table.leave(hold);
  assert_null(hold.waiter());
  assert_ptr_equal(f.table.enter(other, 7), first);
  f.table.leave(hold);
  assert_ptr_equal(other.waiter(), first);
}

// A frame that was left without leave, by setcontext, say: the next one at its address has its slot.
void a_lost_slot_is_found_by_its_holders_name(void**) {
  Fixture f;
  Waiter* found[2] = {};
  alignas(WaiterHold) unsigned char frame[sizeof(WaiterHold)];
  for (Waiter*& waiter : found) waiter = f.table.enter(*new (frame) WaiterHold, 3);
  assert_ptr_equal(found[0], found[1]);
}

void no_slot_is_made_while_one_is_free(void**) {
  Fixture f;
  Waiter* seen[64];
  for (std::uint32_t i = 0; i < 64; ++i) {
    seen[i] = f.table.enter(f.holds[i], 0);
    assert_int_equal(seen[i]->number, i + 1);
  }
  f.table.leave(f.holds[20]);
  assert_ptr_equal(f.table.enter(f.holds[64], 50), seen[20]);
  assert_int_equal(f.table.enter(f.holds[65], 50)->number, 65);  // the first of those made for it
}

// Though it still is in its place, and keeps its generation up to the end of its tail.
void a_published_chain_is_known_as_such(void**) {
  Fixture f;
  Chain& chain = f.chain();
  assert_false(is_published(chain));
  f.watches(chain, f.waiter());
  assert_false(is_published(chain));
  f.table.publish(chain);
  assert_true(is_published(chain));
  atomrt::unit::free_chain(f.pool, chain);
  assert_false(is_published(f.chain()));
}

void a_chain_used_again_is_watched_anew(void**) {
  Fixture f;
  Waiter& waiter = f.waiter();
  for (int i = 0; i < 3; ++i) {
    Chain& chain = f.chain();
    f.watches(chain, waiter);
    waiter.bell.store(atomrt::os::QUIET);
    f.table.publish(chain);
    assert_true(woken(waiter));
    atomrt::unit::free_chain(f.pool, chain);
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(the_watcher_is_woken_and_nobody_else),
           cmocka_unit_test(a_chain_that_nobody_watches_wakes_nobody),
           cmocka_unit_test(who_comes_after_publish_is_told),
           cmocka_unit_test(a_stale_name_is_over_and_wakes_nobody_later),
           cmocka_unit_test(who_tells_wakes_behind_it), cmocka_unit_test(all_who_share_are_woken_behind_it),
           cmocka_unit_test(watching_twice_is_watching_once), cmocka_unit_test(who_unwatched_is_not_woken),
           cmocka_unit_test(unwatching_takes_nobody_elses_watch_away),
           cmocka_unit_test(unwatching_a_recycled_chain_is_no_harm), cmocka_unit_test(two_sharers_are_both_woken),
           cmocka_unit_test(three_sharers_are_all_woken),
           cmocka_unit_test(a_sharer_that_leaves_does_not_leave_the_other_asleep),
           cmocka_unit_test(many_sharers_are_all_woken), cmocka_unit_test(a_waiter_used_again_starts_afresh),
           cmocka_unit_test(a_slot_is_given_back_once), cmocka_unit_test(a_lost_slot_is_found_by_its_holders_name),
           cmocka_unit_test(no_slot_is_made_while_one_is_free),
           cmocka_unit_test(a_published_chain_is_known_as_such),
           cmocka_unit_test(a_chain_used_again_is_watched_anew))
