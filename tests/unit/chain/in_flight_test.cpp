// SPDX-License-Identifier: MIT
// InFlight: which chains a descriptor number has, and that a chain is found by its whole name only.
#include "chain/in_flight.h"

#include "chain/numbers.h"
#include "chain/waiters.h"

namespace {

using namespace atomrt::chain;
using namespace atomrt::unit;
using atomrt::aiocb::RequestName;

// As long as one of them is in flight, and the descriptor is not going away.
void the_file_of_requests_in_flight_is_known(void**) {
  Numbers f;
  const atomrt::os::FileIdentity file{7, 8, 0, atomrt::os::FileKind::POSITIONAL, false, true, false};
  atomrt::os::FileIdentity recalled{};
  int flags = 0;
  const auto enter = [&](Kind kind, bool is_local) -> Chain& {
    Chain& chain = atomrt::unit::adopted(f.pool, request_of(kind, nullptr, FD));
    chain.is_local = is_local;
    f.in_flight.enter(chain, O_DIRECT, file);
    return chain;
  };
  Chain& remote = enter(Kind::WRITE, false);
  assert_false(f.in_flight.recall(FD, flags, recalled));
  Chain& read = enter(Kind::READ, true);
  Chain& write = enter(Kind::WRITE, true);
  assert_true(f.in_flight.recall(FD, flags, recalled));
  assert_true(recalled.device == 7 && recalled.inode == 8 && flags == O_DIRECT);
  assert_false(f.in_flight.recall(SAME_BUCKET, flags, recalled));
  f.in_flight.forget(FD);
  assert_false(f.in_flight.recall(FD, flags, recalled));
  for (Chain* chain : {&read, &write}) f.leave(*chain);
  Chain& another = enter(Kind::WRITE, true);
  f.leave(remote);
  assert_true(f.in_flight.recall(FD, flags, recalled));
  f.leave(another);
  assert_false(f.in_flight.recall(FD, flags, recalled));
}

// A bucket knows one file, of a number that is in use; and no others than regular ones.
void what_is_known_is_one_regular_file(void**) {
  Numbers f;
  atomrt::os::FileIdentity file{7, 8, 0, atomrt::os::FileKind::POSITIONAL, false, false, false};
  atomrt::os::FileIdentity recalled{};
  int flags = 0;
  Chain* chains[3];
  const auto enter = [&](int fd) {
    Chain& chain = atomrt::unit::adopted(f.pool, request_of(Kind::WRITE, nullptr, fd));
    chain.is_local = true;
    f.in_flight.enter(chain, O_RDWR, file);
    return &chain;
  };
  chains[0] = enter(FD);
  assert_false(f.in_flight.recall(FD, flags, recalled));
  file.is_regular = true;
  chains[1] = enter(FD);
  file.inode = 9;
  chains[2] = enter(SAME_BUCKET);
  assert_true(f.in_flight.recall(FD, flags, recalled));
  assert_true(recalled.inode == 8 && !f.in_flight.recall(SAME_BUCKET, flags, recalled));
  assert_int_equal(f.in_flight.highest(), SAME_BUCKET);
  for (Chain* chain : chains) f.leave(*chain);
  assert_int_equal(f.in_flight.highest(), -1);
}

// What is done before its turn is parked; who leaves before it takes it along, or finds it later.
void what_is_parked_is_taken_when_its_turn_has_come(void**) {
  Numbers f;
  const auto enter = [&](Kind kind, int fd) -> Chain& {
    Chain& chain = atomrt::unit::adopted(f.pool, request_of(kind, nullptr, fd));
    f.in_flight.enter(chain);
    atomrt::unit::stand(chain, Place::RUNNING);
    return chain;
  };
  Chain& other_number = enter(Kind::READ, SAME_BUCKET);
  Chain& other_direction = enter(Kind::WRITE, FD);
  Chain& first = enter(Kind::READ, FD);
  Chain& second = enter(Kind::READ, FD);
  Chain& third = enter(Kind::READ, FD);
  assert_true(f.in_flight.has_turn(first) && !f.in_flight.has_turn(second));
  assert_true(f.in_flight.await_turn(other_direction) && f.in_flight.await_turn(other_number));
  assert_false(f.in_flight.await_turn(second));
  assert_int_equal(place_of(second), Place::PARKED);
  assert_int_equal(f.in_flight.place_of_turn(second), Place::RUNNING);
  assert_null(f.in_flight.take_parked(FD, 0));
  assert_ptr_equal(f.in_flight.leave_turn(first), &second);
  assert_int_equal(place_of(second), Place::RUNNING);
  assert_false(f.in_flight.await_turn(third));
  f.in_flight.leave(second);  // without looking
  assert_null(f.in_flight.take_parked(FD, 1));
  assert_ptr_equal(f.in_flight.take_parked(FD, 0), &third);
  assert_null(f.in_flight.take_parked(FD, 0));
  assert_null(f.in_flight.leave_turn(third));
  assert_int_equal(f.in_flight.place_of_turn(third), Place::FREE);
  for (Chain* chain : {&first, &second, &third}) atomrt::unit::free_chain(f.pool, *chain);
  f.leave(other_direction);
  f.leave(other_number);
}

// Before its result is stored, and so before anybody can have seen it.
void what_ends_keeps_nothing_known(void**) {
  Numbers f;
  const atomrt::os::FileIdentity file{7, 8, 0, atomrt::os::FileKind::POSITIONAL, false, true, false};
  atomrt::os::FileIdentity recalled{};
  int flags = 0;
  Chain* chains[2];
  for (Chain*& chain : chains) {
    chain = &atomrt::unit::adopted(f.pool, request_of(Kind::WRITE, nullptr, FD));
    chain->is_local = true;
    f.in_flight.enter(*chain, O_RDWR, file);
  }
  Chain& other = f.enter(SAME_BUCKET);  // for long
  f.in_flight.end_knowledge(*chains[0]);
  f.in_flight.end_knowledge(*chains[0]);
  assert_true(f.in_flight.knows(FD) && f.in_flight.recall(FD, flags, recalled));
  f.in_flight.end_knowledge(*chains[1]);
  assert_false(f.in_flight.knows(FD) || f.in_flight.recall(FD, flags, recalled));
  Chain& next = atomrt::unit::adopted(f.pool, request_of(Kind::WRITE, nullptr, FD));
  next.is_local = true;
  f.in_flight.enter(next, O_RDWR | O_APPEND, file);
  assert_true(f.in_flight.recall(FD, flags, recalled));
  assert_int_equal(flags, O_RDWR | O_APPEND);
  for (Chain* chain : chains) f.leave(*chain);
  assert_true(f.in_flight.knows(FD));
  f.leave(next);
  assert_false(f.in_flight.knows(FD));
  f.leave(other);
}

void chains_are_visited_by_descriptor_in_order(void**) {
  Numbers f;
  assert_int_equal(f.count(FD), 0);
  Chain* chains[3] = {&f.enter(FD), &f.enter(FD), &f.enter(FD)};
  f.enter(FD + 1);
  f.enter(SAME_BUCKET);
  int at = 0;
  f.in_flight.for_each(FD, [&](Chain& chain) {
    assert_ptr_equal(&chain, chains[at++]);
    return Visit::DONE;
  });
  assert_int_equal(at, 3);
  assert_int_equal(f.count(SAME_BUCKET), 1);
  assert_int_equal(f.count(FD + 1), 1);
  f.leave(*chains[1]);
  assert_int_equal(f.count(FD), 2);
}

void a_number_without_chains_is_seen_to_have_none(void**) {
  Numbers f;
  assert_false(f.in_flight.may_have(FD));
  Chain& a = f.enter(FD);
  Chain& b = f.enter(FD);
  assert_true(f.in_flight.may_have(FD));
  assert_false(f.in_flight.may_have(FD + 1));
  f.leave(a);
  assert_true(f.in_flight.may_have(FD));
  f.leave(b);
  assert_false(f.in_flight.may_have(FD));
  assert_int_equal(f.count(FD), 0);
}

void odd_numbers_are_no_harm(void**) {
  Numbers f;
  assert_int_equal(f.count(-1), 0);
  assert_false(f.in_flight.may_have(-1));
  Chain& chain = f.enter(INT32_MAX);
  assert_int_equal(f.count(INT32_MAX), 1);
  f.leave(chain);
  assert_false(f.finds(name_of(chain), chain.block, -1));  // in flight nowhere, and -1 is nowhere
}

void a_chain_is_found_by_its_whole_name(void**) {
  Numbers f;
  struct aiocb block, other;
  Chain& chain = f.enter(FD, &block);
  const RequestName name = name_of(chain);
  assert_true(f.finds(name, &block, FD));
  assert_false(f.finds(name, &other, FD));
  assert_false(f.finds(name, &block, FD + 1));
  assert_false(f.finds(name, &block, SAME_BUCKET));
  assert_false(f.finds({name.number, name.generation + 1}, &block, FD));
  assert_false(f.finds({name.number, name.generation - 1}, &block, FD));
  assert_false(f.finds({name.number + 1, name.generation}, &block, FD));
  assert_false(f.finds({0, name.generation}, &block, FD));
}

void garbage_names_nothing(void**) {
  Numbers f;
  struct aiocb block;
  memset(&block, 0xa5, sizeof block);
  f.enter(FD, &block);
  assert_false(f.finds(atomrt::aiocb::load_name(&block), &block, FD));
  assert_false(f.finds({UINT32_MAX, UINT32_MAX}, &block, FD));
  assert_false(f.finds({256 * 16384 + 1, 0}, &block, FD));
}

void a_chain_that_has_left_is_not_found(void**) {
  Numbers f;
  struct aiocb block;
  Chain& chain = f.enter(FD, &block);
  const RequestName name = name_of(chain);
  f.in_flight.leave(chain);
  atomrt::unit::stand(chain, Place::RUNNING);  // its tail may still have to run
  assert_false(f.finds(name, &block, FD));
  atomrt::unit::free_chain(f.pool, chain);
  assert_false(f.finds(name, &block, FD));
}

void a_chain_used_again_is_not_found_by_its_old_name(void**) {
  Numbers f;
  struct aiocb block;
  Chain& chain = f.enter(FD, &block);
  const RequestName old_name = name_of(chain);
  f.leave(chain);
  Chain& again = f.enter(FD, &block);
  assert_ptr_equal(&again, &chain);
  assert_false(f.finds(old_name, &block, FD));
  assert_true(f.finds(name_of(again), &block, FD));
}

// Slots of a fresh chunk have generation 0 and belong to nobody.
void a_chain_never_used_is_not_found(void**) {
  Numbers f;
  struct aiocb block {};
  Chain& chain = f.enter(FD, &block);
  assert_false(f.finds({chain.number + 1, 0}, nullptr, 0));
}

// Its mover may need the bucket: it is unlocked while a visitor waits, and what happens there meanwhile confuses nobody.
void a_chain_that_moves_is_waited_for_with_the_bucket_unlocked(void**) {
  for (const bool leaves : {false, true}) {
    Numbers f;
    Chain* chains[3] = {&f.enter(FD), &f.enter(FD), &f.enter(FD)};
    Chain& moving = *chains[1];
    atomrt::unit::stand(moving, Place::MOVING);
    std::atomic<int> vain{0}, visited{0}, others{0};
    const auto visit = [&](Chain& chain) {
      if (place_of(chain) == Place::MOVING) {
        vain.fetch_add(1);
        return Visit::AGAIN;
      }
      const bool is_known = &chain == chains[0] || &chain == chains[1] || &chain == chains[2];
      (is_known ? visited : others).fetch_add(1);
      return Visit::DONE;
    };
    Thread first([&] { f.in_flight.for_each(FD, visit); });
    Thread second([&] { f.in_flight.for_each(FD, visit); });
    assert_true(atomrt::unit::eventually([&] { return vain.load() == 2; }));
    f.in_flight.change(moving, [] {});
    Chain& late = f.enter(FD);
    f.leave(*chains[0]);
    assert_int_equal(f.count(SAME_BUCKET), 0);
    if (leaves) {
      f.leave(*chains[2]);
      f.leave(moving);
    } else {
      put(moving, Place::QUEUED);
    }
    first.join();
    second.join();
    assert_int_equal(visited.load(), 2 * (leaves ? 1 : 3));
    assert_int_equal(others.load(), 0);
    f.leave(late);
    if (leaves) continue;
    f.leave(moving);
    f.leave(*chains[2]);
  }
}

void a_named_chain_that_moves_is_waited_for_with_the_bucket_unlocked(void**) {
  for (const bool leaves : {false, true}) {
    Numbers f;
    struct aiocb block {};
    Chain& moving = f.enter(FD, &block);
    const RequestName name = name_of(moving);
    atomrt::unit::stand(moving, Place::MOVING);
    std::atomic<int> vain{0}, visited{0}, found{-1};
    Thread thread([&] {
      found.store(f.in_flight.with(f.pool, name, &block, FD, [&](Chain& chain) {
        const bool moves = place_of(chain) == Place::MOVING;
        (moves ? vain : visited).fetch_add(1);
        return moves ? Visit::AGAIN : Visit::DONE;
      }));
    });
    assert_true(atomrt::unit::eventually([&] { return vain.load() == 1; }));
    f.in_flight.change(moving, [] {});
    if (leaves) {
      f.leave(moving);
    } else {
      put(moving, Place::QUEUED);
    }
    thread.join();
    assert_int_equal(found.load(), !leaves);
    assert_int_equal(visited.load(), !leaves);
    if (!leaves) f.leave(moving);
  }
}

// Its end is told by publish; its place stays the same up to its recycling.
void a_chain_that_ends_is_waited_for_until_it_is_published(void**) {
  Numbers f;
  WaiterTable& waiters = zeroed<WaiterTable>();
  Chain& ending = f.enter(FD);
  atomrt::unit::stand(ending, Place::ENDING);
  std::atomic<int> vain{0}, seen{0};
  Thread thread([&] {
    f.in_flight.for_each(FD, [&](Chain& chain) {
      const bool published = is_published(chain);  // once: it may be published right here
      (published ? seen : vain).fetch_add(1);
      return published ? Visit::DONE : Visit::AGAIN;
    });
  });
  assert_true(atomrt::unit::eventually([&] { return vain.load() == 1; }));
  waiters.publish(ending);
  thread.join();
  assert_int_equal(seen.load(), 1);
  f.leave(ending);
}

// As long as it is looked at a chain can't become another request.
void a_chain_found_is_not_recycled_meanwhile(void**) {
  constexpr int ROUNDS = UNIT_SANITIZED ? 10'000 : 50'000;
  Numbers f;
  struct aiocb block {};
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, found{0};
  Thread looker([&] {
    while (!stop.load()) {
      const RequestName name = atomrt::aiocb::load_name(&block);
      f.in_flight.with(f.pool, name, &block, FD, [&](Chain& chain) {
        found.fetch_add(1);
        for (int i = 0; i < 10; ++i) {
          if (generation_of(chain) != name.generation || chain.block != &block) wrong.fetch_add(1);
        }
        return Visit::DONE;
      });
    }
  });
  const auto work = [&] {
    Chain& chain = f.enter(FD, &block);
    atomrt::aiocb::store_name(&block, name_of(chain));
    f.leave(chain);
  };
  for (int i = 0; i < ROUNDS; ++i) work();
  assert_true(atomrt::unit::eventually([&] {
    work();
    return found > 0;
  }));
  stop.store(true);
  looker.join();
  assert_int_equal(wrong, 0);
}

void the_highest_number_is_known_while_others_come_and_go(void**) {
  Numbers f;
  assert_int_equal(f.in_flight.highest(), -1);
  Chain& low = f.enter(FD);
  assert_int_equal(f.in_flight.highest(), FD);
  std::atomic<bool> stop{false};
  Thread other([&] {
    while (!stop.load()) f.leave(f.enter(SAME_BUCKET));
  });
  bool seen_low = false, seen_high = false;
  int wrong = 0;
  assert_true(atomrt::unit::eventually([&] {
    const int highest = f.in_flight.highest();
    (highest == FD ? seen_low : seen_high) = true;
    wrong += highest != FD && highest != SAME_BUCKET;
    return seen_low && seen_high;
  }));
  stop.store(true);
  other.join();
  assert_int_equal(wrong, 0);
  f.leave(low);
  assert_int_equal(f.in_flight.highest(), -1);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(the_highest_number_is_known_while_others_come_and_go),
           cmocka_unit_test(the_file_of_requests_in_flight_is_known),
           cmocka_unit_test(what_is_known_is_one_regular_file),
           cmocka_unit_test(what_is_parked_is_taken_when_its_turn_has_come),
           cmocka_unit_test(what_ends_keeps_nothing_known), cmocka_unit_test(chains_are_visited_by_descriptor_in_order),
           cmocka_unit_test(a_number_without_chains_is_seen_to_have_none), cmocka_unit_test(odd_numbers_are_no_harm),
           cmocka_unit_test(a_chain_is_found_by_its_whole_name), cmocka_unit_test(garbage_names_nothing),
           cmocka_unit_test(a_chain_that_has_left_is_not_found),
           cmocka_unit_test(a_chain_used_again_is_not_found_by_its_old_name),
           cmocka_unit_test(a_chain_never_used_is_not_found),
           cmocka_unit_test(a_chain_found_is_not_recycled_meanwhile),
           cmocka_unit_test(a_chain_that_moves_is_waited_for_with_the_bucket_unlocked),
           cmocka_unit_test(a_named_chain_that_moves_is_waited_for_with_the_bucket_unlocked),
           cmocka_unit_test(a_chain_that_ends_is_waited_for_until_it_is_published))
