// SPDX-License-Identifier: MIT
// Lane in random orders of events, held against its rules after each; with many files; and with threads that enter and
// leave at once.
#include "base/tuning.h"
#include "chain/lane.h"

#include "chain/lanes.h"

namespace {

using namespace atomrt::chain;
using namespace atomrt::unit;

std::uint32_t random_number() {
  static std::uint32_t state = 12345;
  state = state * 1664525 + 1013904223;
  return state >> 8;
}

// What the test knows of a chain; in order of submission.
struct Known {
  Chain* chain;
  Order order;
  bool was_taken;    // out of its turn, by a canceller or a waiter
  bool by_a_waiter;  // who runs it
};

class Scenario {
 public:
  explicit Scenario(LaneTable& table, ChainPool& pool) : table_(table), pool_(pool) {}

  void enter(Kind kind) {
    Known known{&atomrt::unit::adopted(pool_, request_of(kind)), Order::NONE, false, false};
    known.order = known.chain->order;
    if (table_.enter(*known.chain, KEY) == LaneTable::Entry::GO) put(*known.chain, Place::QUEUED);
    present_[count_++] = known;
    check();
  }

  void begin_one() {
    const int at = pick([](const Known& known) { return place_of(*known.chain) == Place::QUEUED; });
    if (at >= 0) put(*present_[at].chain, Place::RUNNING);
  }

  void leave_one() {
    begin_one();
    const int at = pick([](const Known& known) { return place_of(*known.chain) == Place::RUNNING; });
    if (at < 0) return;
    Chain& chain = *present_[at].chain;
    const Released released = table_.leave(chain);
    for (int i = at; i + 1 < count_; ++i) present_[i] = present_[i + 1];
    --count_;
    atomrt::unit::free_chain(pool_, chain);
    for (Chain* next : released.chains) {
      if (next == nullptr) continue;
      assert_int_equal(place_of(*next), Place::MOVING);
      put(*next, Place::QUEUED);
    }
    check();
  }

  void take_one(bool to_run) {
    const int at = pick([](const Known& known) { return place_of(*known.chain) == Place::HELD; });
    if (at < 0) return;
    Known& known = present_[at];
    const bool is_free = known.order == Order::DRAINED_WRITES && !somebody_writes();
    const bool taken = table_.take_held(*known.chain, to_run);
    assert_int_equal(taken, !to_run || is_free);
    known.was_taken |= taken;
    known.by_a_waiter |= taken && to_run;
    check();
  }

  [[nodiscard]] int count() const { return count_; }

 private:
  template <typename Wanted>
  int pick(Wanted wanted) {
    const int start = count_ > 0 ? static_cast<int>(random_number() % static_cast<unsigned>(count_)) : 0;
    for (int i = 0; i < count_; ++i) {
      const int at = (start + i) % count_;
      if (wanted(present_[at])) return at;
    }
    return -1;
  }

  // In its turn, or out of it.
  [[nodiscard]] bool somebody_writes() const {
    for (int i = 0; i < count_; ++i) {
      const Known& known = present_[i];
      if (queue_of(known.order) != 1) continue;
      if (known.by_a_waiter || (!known.was_taken && place_of(*known.chain) == Place::RUNNING)) return true;
    }
    return false;
  }

  static int queue_of(Order order) {
    switch (order) {
      case Order::STREAM_READS:
        return 0;
      case Order::STREAM_WRITES:
      case Order::APPENDS:
      case Order::DRAINED_WRITES:
        return 1;
      default:
        return -1;
    }
  }

  void check() const {
    bool queue_has_runner[2] = {}, queue_has_held[2] = {};
    for (int i = 0; i < count_; ++i) {
      const Known& known = present_[i];
      const Place place = place_of(*known.chain);
      const bool goes = place != Place::HELD;
      if (known.order == Order::NONE) assert_true(goes);
      if (known.order == Order::SYNC && !known.was_taken) {
        // A sync goes when, and as soon as, nothing earlier is left.
        assert_int_equal(goes, i == 0 || known.chain->kind == atomrt::os::FileKind::STREAM);
      }
      const int queue = queue_of(known.order);
      if (queue < 0 || known.was_taken) continue;
      if (goes) {
        assert_false(queue_has_runner[queue]);  // one at a time,
        assert_false(queue_has_held[queue]);    // and the oldest
        queue_has_runner[queue] = true;
      } else {
        queue_has_held[queue] = true;
        assert_true(queue_has_runner[queue]);  // nobody is held for nothing
      }
    }
  }

  LaneTable& table_;
  ChainPool& pool_;
  Known present_[32];
  int count_ = 0;
};

void random_events(const Kind (&kinds)[4]) {
  auto& table = zeroed<LaneTable>();
  auto& pool = zeroed<ChainPool>();
  for (int round = 0; round < 3000; ++round) {
    Scenario scenario(table, pool);
    for (int step = 0; step < 40; ++step) {
      switch (random_number() % 8) {
        case 0:
        case 1:
        case 2:
          if (scenario.count() < 12) scenario.enter(kinds[random_number() % 4]);
          break;
        case 4:
          scenario.begin_one();
          break;
        case 3:
          scenario.take_one(random_number() % 2 != 0);
          break;
        default:
          scenario.leave_one();
      }
    }
    for (int step = 0; step < 12; ++step) scenario.leave_one();
    assert_int_equal(scenario.count(), 0);  // none was left behind
  }
}

void file_rules_hold_in_any_order_of_events(void**) {
  random_events({Kind::WRITE, Kind::APPEND, Kind::READ, Kind::SYNC});
}

void stream_rules_hold_in_any_order_of_events(void**) {
  random_events({Kind::STREAM_READ, Kind::STREAM_WRITE, Kind::STREAM_WRITE, Kind::STREAM_SYNC});
}

void a_crowd_is_more_than_a_few_chains_of_one_file(void**) {
  Lanes lanes;
  Chain* chains[atomrt::tuning::CROWD_LIMIT + 1] = {};
  for (Chain*& chain : chains) {
    chain = &lanes.make(Kind::WRITE);  // the first goes, the others are held
    const bool is_first = chain == chains[0], is_last = chain == chains[atomrt::tuning::CROWD_LIMIT];
    const Entry expected = is_first ? Entry::GO : is_last ? Entry::HELD_IN_CROWD : Entry::HELD;
    assert_int_equal(lanes.table.enter(*chain, KEY), expected);
    assert_int_equal(is_crowded(*chain), is_last);
  }
  Chain& elsewhere = lanes.go(Kind::WRITE, {8, 1002, -1});
  assert_false(is_crowded(elsewhere));
}

// More files than the table has buckets, each with an order of its own.
void many_files_at_once_stay_apart(void**) {
  constexpr std::uint64_t FILES = 40'000;
  static Chain* first[FILES];
  static Chain* second[FILES];
  Lanes lanes;
  for (std::uint64_t i = 0; i < FILES; ++i) {
    first[i] = &lanes.go(Kind::APPEND, {i, 8, -1});
    second[i] = &lanes.held(Kind::APPEND, {i, 8, -1});
  }
  for (std::uint64_t i = 0; i < FILES; ++i) {
    const std::uint64_t at = i * 7919 % FILES;
    lanes.leaves(*first[at], second[at], nullptr);
  }
  for (std::uint64_t i = 0; i < FILES; ++i) lanes.leaves(*second[i]);
}

// Every thread submits, runs what it is given and what that releases. Appends must never overlap, a sync must see every
// earlier write over, and nobody may be forgotten.
void threads_keep_the_rules_and_lose_nobody(void**) {
  constexpr int ROUNDS = UNIT_SANITIZED ? 10'000 : 60'000;
  auto& table = zeroed<LaneTable>();
  auto& pool = zeroed<ChainPool>();
  std::atomic<int> inside{0}, overlaps{0}, finished{0};
  long protected_by_order = 0;  // not atomic: the lane orders the appends

  const auto run = [&](Chain* chain) {
    Chain* todo[64];
    int count = 0;
    for (todo[count++] = chain; count > 0;) {
      Chain* next = todo[--count];
      put(*next, Place::RUNNING);
      if (next->order == Order::APPENDS) {
        if (inside.fetch_add(1) != 0) overlaps.fetch_add(1);
        protected_by_order += 1;
        inside.fetch_sub(1);
      }
      const Released released = table.leave(*next);
      atomrt::unit::free_chain(pool, *next);
      finished.fetch_add(1);
      for (Chain* other : released.chains) {
        if (other != nullptr) todo[count++] = other;
      }
    }
  };
  const auto submit = [&](Kind kind, const FileKey& key) {
    Chain& chain = atomrt::unit::adopted(pool, request_of(kind));
    if (table.enter(chain, key) == LaneTable::Entry::GO) run(&chain);
  };
  const auto work = [&] {
    for (int i = 0; i < ROUNDS; ++i) {
      submit(Kind::APPEND, KEY);
      if (i % 16 == 0) submit(Kind::SYNC, KEY);
      if (i % 4 == 0) submit(Kind::READ, KEY);
    }
  };
  {
    Thread first(work), second(work);
  }
  assert_int_equal(overlaps, 0);
  assert_int_equal(protected_by_order, 2 * ROUNDS);
  assert_int_equal(finished, 2 * (ROUNDS + ROUNDS / 16 + ROUNDS / 4));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(file_rules_hold_in_any_order_of_events),
           cmocka_unit_test(stream_rules_hold_in_any_order_of_events),
           cmocka_unit_test(a_crowd_is_more_than_a_few_chains_of_one_file),
           cmocka_unit_test(many_files_at_once_stay_apart), cmocka_unit_test(threads_keep_the_rules_and_lose_nobody))
