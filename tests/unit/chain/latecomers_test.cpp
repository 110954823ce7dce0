// SPDX-License-Identifier: MIT
// Latecomers: chains without a lane, until a sync or their owner asks for it. No file, no thread.
#include "chain/latecomers.h"

#include "chain/finish.h"
#include "chain/lanes.h"
#include "without_memory.h"

namespace {

using namespace atomrt::chain;
using namespace atomrt::unit;

constexpr FileKey OTHER = {1002, 8, -1};

struct Late : Lanes {
  Latecomers& latecomers = zeroed<Latecomers>();

  Chain& late(int fd = 3) {
    Chain& chain = make(Kind::DIRECT_WRITE);
    chain.fd = fd;
    latecomers.enter(chain);
    atomrt::unit::stand(chain, Place::IN_AIO);
    return chain;
  }
  // Those of number 3 are in KEY's lane, those of 4 in OTHER's, of 5 nobody knows.
  void place_all() {
    latecomers.place_all(table, [](const Chain& chain, FileKey& key) {
      key = chain.fd == 3 ? KEY : OTHER;
      return chain.fd != 5;
    });
  }
};

void a_latecomer_is_alone_and_in_no_lane(void**) {
  Late lanes;
  assert_false(lanes.latecomers.any());
  Chain& chain = lanes.late();
  assert_true(lanes.latecomers.any());
  assert_int_equal(chain.order, Order::LATE);
  assert_true(is_alone(chain));
  assert_null(chain.lane);
  lanes.leaves(lanes.go(Kind::SYNC));  // which would wait for it
}

void its_owner_takes_it_out_once(void**) {
  Late lanes;
  Chain& first = lanes.late();
  Chain& second = lanes.late();
  assert_true(lanes.latecomers.take(first));
  assert_int_equal(first.order, Order::NONE);
  assert_true(lanes.latecomers.any());
  assert_int_equal(lanes.table.enter(first, KEY), Entry::GO);
  lanes.leaves(first);
  assert_true(lanes.latecomers.take(second));
  assert_false(lanes.latecomers.any());
}

void a_sync_waits_for_those_that_have_been_let_in(void**) {
  Late lanes;
  Chain& first = lanes.late();
  Chain& second = lanes.late();
  lanes.place_all();
  assert_false(lanes.latecomers.any());
  assert_false(lanes.latecomers.take(first));
  assert_false(lanes.latecomers.take(second));
  Chain& sync = lanes.held(Kind::SYNC);
  lanes.leaves(first);
  lanes.leaves(second, nullptr, &sync);
  lanes.leaves(sync);
}

void each_is_let_into_the_lane_of_its_file(void**) {
  Late lanes;
  Chain& own = lanes.late(3);
  Chain& other = lanes.late(4);
  lanes.place_all();
  Chain& sync = lanes.held(Kind::SYNC);
  Chain& others = lanes.held(Kind::SYNC, OTHER);
  lanes.leaves(other, nullptr, &others);
  lanes.leaves(own, nullptr, &sync);
}

void one_without_a_key_stays(void**) {
  Late lanes;
  Chain& before = lanes.late(3);
  Chain& unknown = lanes.late(5);
  Chain& after = lanes.late(3);
  lanes.place_all();
  assert_true(lanes.latecomers.any());
  assert_non_null(before.lane);
  assert_null(unknown.lane);
  assert_non_null(after.lane);
  assert_true(lanes.latecomers.take(unknown));
  assert_false(lanes.latecomers.any());
}

void without_memory_for_its_lane_it_stays(void**) {
  Late lanes;
  Chain* const chains[] = {&lanes.late(), &lanes.late(), &lanes.late()};
  {
    const WithoutMemory none;
    lanes.place_all();
  }
  for (const Chain* chain : chains) assert_null(chain->lane);
  assert_true(lanes.latecomers.take(*chains[1]));
  lanes.place_all();
  assert_non_null(chains[0]->lane);
  assert_null(chains[1]->lane);
  assert_non_null(chains[2]->lane);
}

// Whether it was let in or not.
void a_finished_one_leaves_nothing_behind(void**) {
  Registry& registry = zeroed<Registry>();
  for (const bool is_placed : {false, true}) {
    struct aiocb block {};
    Chain& chain = adopted(registry.chains, request_of(Kind::DIRECT_WRITE, &block));
    registry.in_flight.enter(chain);
    registry.latecomers.enter(chain);
    atomrt::unit::stand(chain, Place::RUNNING);
    if (is_placed) {
      registry.latecomers.place_all(registry.lanes, [](const Chain&, FileKey& key) {
        key = KEY;
        return true;
      });
    }
    const Finished finished = finish(registry, chain, 1);
    assert_true(finished.is_over);
    assert_null(finished.released.chains[0]);
    assert_null(finished.released.chains[1]);
    assert_false(registry.latecomers.any());
    assert_int_equal(place_of(chain), Place::FREE);
    Chain& sync = adopted(registry.chains, request_of(Kind::SYNC));
    assert_int_equal(registry.lanes.enter(sync, KEY), Entry::GO);
    assert_null(registry.lanes.leave(sync).chains[1]);
  }
}

// A write whose flags nobody has asked for, and which has been let into its lane as it is.
struct Guessed : Late {
  Chain& guess() {
    Chain& chain = make(Kind::WRITE);
    chain.are_flags_guessed = true;
    latecomers.enter(chain);
    stand(chain, Place::RUNNING);
    place_all();
    assert_non_null(chain.lane);
    return chain;
  }
};

void an_append_waits_for_a_write_that_may_be_one(void**) {
  Guessed lanes;
  Chain& guess = lanes.guess();
  lanes.leaves(lanes.go(Kind::WRITE));
  lanes.leaves(lanes.go(Kind::READ));
  Chain& first = lanes.held(Kind::APPEND);
  Chain& second = lanes.held(Kind::APPEND);
  lanes.leaves(guess, &first, nullptr);
  Chain& third = lanes.held(Kind::APPEND);
  lanes.leaves(first, &second, nullptr);
  lanes.leaves(second, &third, nullptr);
  assert_true(lanes.table.has_appends());
  lanes.leaves(third);
  assert_false(lanes.table.has_appends());
  lanes.leaves(lanes.go(Kind::APPEND));
}

void an_append_waits_for_that_and_for_the_write_before_it(void**) {
  for (const bool is_guess_first : {false, true}) {
    Guessed lanes;
    Chain& write = lanes.go(Kind::WRITE);
    Chain& guess = lanes.guess();
    Chain& append = lanes.held(Kind::APPEND);
    Chain& last = lanes.held(Kind::WRITE);
    Chain& sync = lanes.held(Kind::SYNC);
    Chain& earlier = is_guess_first ? guess : write;
    Chain& later = is_guess_first ? write : guess;
    lanes.leaves(earlier);
    lanes.leaves(later, &append, nullptr);
    lanes.leaves(append, &last, nullptr);
    lanes.leaves(last, nullptr, &sync);
    lanes.leaves(sync);
  }
}

void an_append_that_waits_for_that_may_be_cancelled(void**) {
  Guessed lanes;
  Chain& guess = lanes.guess();
  Chain& append = lanes.held(Kind::APPEND);
  assert_true(lanes.table.take_held(append, false));
  lanes.leaves(append);
  lanes.leaves(guess);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_latecomer_is_alone_and_in_no_lane), cmocka_unit_test(its_owner_takes_it_out_once),
           cmocka_unit_test(a_sync_waits_for_those_that_have_been_let_in),
           cmocka_unit_test(each_is_let_into_the_lane_of_its_file), cmocka_unit_test(one_without_a_key_stays),
           cmocka_unit_test(without_memory_for_its_lane_it_stays),
           cmocka_unit_test(a_finished_one_leaves_nothing_behind),
           cmocka_unit_test(an_append_waits_for_a_write_that_may_be_one),
           cmocka_unit_test(an_append_waits_for_that_and_for_the_write_before_it),
           cmocka_unit_test(an_append_that_waits_for_that_may_be_cancelled))
