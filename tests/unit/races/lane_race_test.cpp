// Lane in random orders of events, held against its rules after each; and with threads that enter and leave at once.
#include "chain/lane.h"

#include "chain/chains.h"

namespace {

using namespace atomrt::chain;
using atomrt::unit::Kind;
using atomrt::unit::request_of;
using atomrt::unit::Thread;
using atomrt::unit::zeroed;

constexpr FileKey KEY = {8, 1001, -1};

std::uint32_t random_number() {
  static std::uint32_t state = 12345;
  state = state * 1664525 + 1013904223;
  return state >> 8;
}

// What the test knows of a chain; in order of submission.
struct Known {
  Chain* chain;
  Order order;
  bool out_of_turn;
};

class Scenario {
 public:
  explicit Scenario(LaneTable& table, ChainPool& pool) : table_(table), pool_(pool) {}

  void enter(Kind kind) {
    Known known{&atomrt::unit::adopted(pool_, request_of(kind)), Order::NONE, false};
    known.order = known.chain->order;
    if (table_.enter(*known.chain, KEY) == LaneTable::Entry::GO) put(*known.chain, Place::RUNNING);
    present_[count_++] = known;
    check();
  }

  void leave_one() {
    const int at = pick([](const Known& known) { return place_of(*known.chain) == Place::RUNNING; });
    if (at < 0) return;
    Chain& chain = *present_[at].chain;
    const Released released = table_.leave(chain);
    for (int i = at; i + 1 < count_; ++i) present_[i] = present_[i + 1];
    --count_;
    recycle(pool_, chain);
    for (Chain* next : released.chains) {
      if (next == nullptr) continue;
      assert_int_equal(place_of(*next), Place::MOVING);
      put(*next, Place::RUNNING);
    }
    check();
  }

  void take_one(bool to_run) {
    const int at = pick([](const Known& known) { return place_of(*known.chain) == Place::HELD; });
    if (at < 0) return;
    Known& known = present_[at];
    const bool taken = table_.take_held(*known.chain, to_run);
    assert_int_equal(taken, !to_run || known.order == Order::DRAINED_WRITES);
    known.out_of_turn |= taken;
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
      assert_true(place == Place::RUNNING || place == Place::HELD);
      if (known.order == Order::NONE) assert_int_equal(place, Place::RUNNING);
      if (known.order == Order::SYNC && !known.out_of_turn) {
        // A sync runs when, and as soon as, nothing earlier is left.
        const bool is_stream = known.chain->kind == atomrt::os::FileKind::STREAM;
        assert_int_equal(place, i == 0 || is_stream ? Place::RUNNING : Place::HELD);
      }
      const int queue = queue_of(known.order);
      if (queue < 0 || known.out_of_turn) continue;
      if (place == Place::RUNNING) {
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
      recycle(pool, *next);
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
           cmocka_unit_test(threads_keep_the_rules_and_lose_nobody))
