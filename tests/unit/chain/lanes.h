// SPDX-License-Identifier: MIT
// lanes.h: lanes and chains in them, for tests that do no I/O.
#pragma once

#include "chain/chains.h"

namespace atomrt::unit {

using chain::Chain;
using chain::ChainPool;
using chain::FileKey;
using chain::LaneTable;
using chain::Place;
using chain::Released;
using Entry = LaneTable::Entry;

constexpr FileKey KEY = {1001, 8, -1};

struct Lanes {
  ChainPool& pool = zeroed<ChainPool>();
  LaneTable& table = zeroed<LaneTable>();

  Chain& make(Kind kind) { return atomrt::unit::adopted(pool, request_of(kind)); }
  Chain& go(Kind kind, const FileKey& key = KEY) {
    Chain& chain = make(kind);
    assert_int_equal(table.enter(chain, key), Entry::GO);
    assert_int_equal(place_of(chain), Place::MOVING);
    put(chain, Place::RUNNING);
    return chain;
  }
  // The same, but nobody has begun it.
  Chain& queued(Kind kind) {
    Chain& chain = go(kind);
    put(chain, Place::QUEUED);
    return chain;
  }
  Chain& held(Kind kind, const FileKey& key = KEY) {
    Chain& chain = make(kind);
    const Entry entry = table.enter(chain, key);
    assert_true(entry == Entry::HELD || entry == Entry::HELD_IN_CROWD);
    assert_int_equal(place_of(chain), Place::HELD);
    return chain;
  }
  // The chain is over; those released must be these (null: none), and are run.
  void leaves(Chain& chain, Chain* next, Chain* sync) {
    const Released released = table.leave(chain);
    assert_ptr_equal(released.chains[0], next);
    assert_ptr_equal(released.chains[1], sync);
    assert_null(chain.lane);
    for (Chain* other : released.chains) {
      if (other == nullptr) continue;
      assert_int_equal(place_of(*other), Place::MOVING);
      put(*other, Place::RUNNING);
    }
  }
  void leaves(Chain& chain) { leaves(chain, nullptr, nullptr); }
};

}  // namespace atomrt::unit
