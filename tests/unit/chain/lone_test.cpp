// SPDX-License-Identifier: MIT
// LoneTable: chains in no list, and how they come into the lists. No file, no thread.
#include "chain/lone.h"

#include "chain/finish.h"
#include "chain/lanes.h"

namespace {

using namespace atomrt::chain;
using namespace atomrt::unit;
using Which = LoneTable::Which;

struct Lone {
  Registry& registry = zeroed<Registry>();
  struct aiocb block {};
  int go_ons = 0;

  Chain& adopted(int fd = 3) {
    Chain* chain = adopt(registry.chains, request_of(Kind::WRITE, &block, fd), Place::LONE);
    assert_non_null(chain);
    assert_int_equal(place_of(*chain), Place::LONE);
    return *chain;
  }
  bool enter(const Chain& chain) { return registry.lone.enter(registry.chains, chain); }
  auto lists() {
    return [this](Chain& chain) {
      registry.in_flight.enter(chain);
      registry.latecomers.enter(chain);
    };
  }
  Chain* move_out(int fd, Which which = Which::ANY) {
    return registry.lone.move_out(registry.chains, fd, which, lists());
  }
  void move_old_out() {
    registry.lone.move_old_out(registry.chains, lists(), [this](Chain&) { ++go_ons; });
  }
  void ends(Chain& chain) {
    stand(chain, Place::RUNNING);
    const Finished finished = finish(registry, chain, 1);
    assert_true(finished.is_over);
    assert_null(finished.released.chains[0]);
    assert_false(registry.lone.may_have(chain.fd));
    assert_false(registry.in_flight.may_have(chain.fd));
    assert_false(registry.latecomers.any());
  }
};

void a_lone_chain_is_in_no_list(void**) {
  Lone lone;
  Chain& chain = lone.adopted();
  assert_false(lone.registry.lone.may_have(3));
  assert_true(lone.enter(chain));
  assert_true(lone.registry.lone.may_have(3));
  assert_false(lone.registry.in_flight.may_have(3));
  assert_true(claim(chain, generation_of(chain), Place::LONE));
  lone.ends(chain);
}

void a_spot_has_room_for_one(void**) {
  Lone lone;
  Chain& first = lone.adopted();
  assert_true(lone.enter(first));
  Chain& second = lone.adopted();
  Chain& elsewhere = lone.adopted(4);
  assert_false(lone.enter(second));
  assert_true(lone.enter(elsewhere));
  lone.ends(first);
  assert_true(lone.enter(second));
  lone.ends(second);
  lone.ends(elsewhere);
}

void who_does_not_begin_puts_it_back_unless_it_is_listed(void**) {
  Lone lone;
  Chain& chain = lone.adopted();
  assert_true(claim(chain, generation_of(chain), Place::LONE));
  assert_false(lone.registry.lone.put_back(chain));  // nobody would find it
  assert_true(lone.enter(chain));
  assert_true(lone.registry.lone.put_back(chain));
  assert_int_equal(place_of(chain), Place::LONE);
  assert_true(claim(chain, generation_of(chain), Place::LONE));
  assert_null(lone.move_out(3));
  assert_false(lone.registry.lone.put_back(chain));
  assert_int_equal(place_of(chain), Place::RUNNING);
  lone.ends(chain);
}

// A handler may have taken it before its submitter enters it.
void one_that_its_owner_has_listed_is_listed_once(void**) {
  Lone lone;
  Chain& chain = lone.adopted();
  assert_true(claim(chain, generation_of(chain), Place::LONE));
  lone.registry.lone.list(chain, lone.lists());
  assert_true(lone.registry.in_flight.may_have(3) && lone.registry.latecomers.any());
  assert_true(lone.enter(chain));
  assert_null(lone.move_out(3));
  assert_false(lone.registry.lone.may_have(3));
  lone.ends(chain);
}

void what_nobody_has_begun_is_moved_out_and_the_callers(void**) {
  Lone lone;
  Chain& chain = lone.adopted();
  assert_true(lone.enter(chain));
  assert_null(lone.move_out(4));
  assert_null(lone.move_out(3 + LoneTable::SPOTS));  // another number of the same spot
  assert_ptr_equal(lone.move_out(3), &chain);
  assert_int_equal(place_of(chain), Place::MOVING);
  assert_false(lone.registry.lone.may_have(3));
  assert_true(lone.registry.in_flight.may_have(3));
  assert_int_equal(chain.order, Order::LATE);
  assert_null(lone.move_out(3));
  lone.ends(chain);
}

void what_is_running_is_moved_out_and_stays_its_owners(void**) {
  Lone lone;
  Chain& chain = lone.adopted();
  assert_true(lone.enter(chain));
  assert_true(claim(chain, generation_of(chain), Place::LONE));
  assert_null(lone.move_out(3, Which::UNBEGUN));
  assert_true(lone.registry.lone.may_have(3));
  assert_null(lone.move_out(3));
  assert_int_equal(place_of(chain), Place::RUNNING);
  assert_true(lone.registry.in_flight.may_have(3));
  assert_true(lone.registry.latecomers.any());
  lone.ends(chain);
}

void a_sync_waits_for_one_that_was_moved_out(void**) {
  Lone lone;
  Chain& chain = lone.adopted();
  assert_true(lone.enter(chain));
  assert_true(claim(chain, generation_of(chain), Place::LONE));
  lone.registry.lone.move_all_out(lone.registry.chains, Which::ANY, lone.lists(), [](Chain&) { abort(); });
  lone.registry.latecomers.place_all(lone.registry.lanes, [](const Chain&, FileKey& key) {
    key = KEY;
    return true;
  });
  Chain& sync = atomrt::unit::adopted(lone.registry.chains, request_of(Kind::SYNC));
  assert_int_equal(lone.registry.lanes.enter(sync, KEY), Entry::HELD);
  const Finished finished = finish(lone.registry, chain, 1);
  assert_ptr_equal(finished.released.chains[1], &sync);
  assert_null(lone.registry.lanes.leave(sync).chains[0]);
}

void what_lies_since_the_last_look_goes_on(void**) {
  Lone lone;
  Chain& chain = lone.adopted();
  assert_true(lone.enter(chain));
  lone.move_old_out();
  assert_int_equal(lone.go_ons, 0);
  lone.move_old_out();
  assert_int_equal(lone.go_ons, 1);
  lone.ends(chain);
  // The next one of the same number has not been seen yet.
  Chain& next = lone.adopted();
  assert_true(lone.enter(next));
  lone.move_old_out();
  assert_int_equal(lone.go_ons, 1);
  lone.ends(next);
}

// A handler of its submitter has waited for the request before its name was stored.
void a_name_that_came_too_late_is_replaced(void**) {
  Lone lone;
  Chain& chain = lone.adopted();
  assert_true(claim(chain, generation_of(chain), Place::LONE));
  assert_true(lone.registry.lone.leave(chain));
  assert_true(lone.enter(chain));
  assert_null(lone.move_out(3));
  stand(chain, Place::RUNNING);
  recycle(lone.registry.chains, chain);
  assert_null(lone.move_out(3));
  Chain& next = lone.adopted();
  assert_true(lone.enter(next));
  lone.ends(next);
}

void one_write_at_a_time_may_guess(void**) {
  Lone lone;
  LoneTable& table = lone.registry.lone;
  assert_false(table.has_guess(lone.registry.chains));
  Chain& first = lone.adopted();
  assert_true(table.begin_guess(lone.registry.chains, first));
  assert_true(table.has_guess(lone.registry.chains));
  Chain& second = lone.adopted(4);
  assert_false(table.begin_guess(lone.registry.chains, second));
  assert_true(lone.enter(first));
  lone.ends(first);
  assert_false(table.has_guess(lone.registry.chains));
  assert_true(table.begin_guess(lone.registry.chains, second));
  assert_true(lone.enter(second));
  lone.ends(second);
}

// The submitter of a child of a handler finds that its engine is not running.
void a_name_can_be_taken_back(void**) {
  Lone lone;
  Chain& chain = lone.adopted();
  assert_true(lone.enter(chain));
  lone.registry.lone.withdraw(chain);
  assert_false(lone.registry.lone.may_have(3));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_lone_chain_is_in_no_list), cmocka_unit_test(a_spot_has_room_for_one),
           cmocka_unit_test(who_does_not_begin_puts_it_back_unless_it_is_listed),
           cmocka_unit_test(one_that_its_owner_has_listed_is_listed_once),
           cmocka_unit_test(what_nobody_has_begun_is_moved_out_and_the_callers),
           cmocka_unit_test(what_is_running_is_moved_out_and_stays_its_owners),
           cmocka_unit_test(a_sync_waits_for_one_that_was_moved_out),
           cmocka_unit_test(what_lies_since_the_last_look_goes_on),
           cmocka_unit_test(one_write_at_a_time_may_guess),
           cmocka_unit_test(a_name_that_came_too_late_is_replaced), cmocka_unit_test(a_name_can_be_taken_back))
