// SPDX-License-Identifier: MIT
// WaiterTable with publish and watch at the same moment: nobody who was told WATCHED sleeps for ever, nobody who was told
// OVER misses the result. The publisher waits a moment longer where the watchers came late, and a moment less where they
// had time to sleep, so that the two meet.
#include "chain/waiters.h"

#include "chain/chains.h"

namespace {

using namespace atomrt::chain;
using atomrt::unit::Kind;
using atomrt::unit::request_of;
using atomrt::unit::Thread;
using atomrt::unit::zeroed;

class Race {
 public:
  explicit Race(int watchers) : watchers_(watchers), rounds_(watchers, 60'000) {}

  void run() {
    Thread first([&] { watch_all(); });
    Thread second([&] {
      if (watchers_ > 1) watch_all();
    });
    int delay = 0;
    while (rounds_.more(slept_ > 0)) {
      Chain& chain = atomrt::unit::adopted(pool_, request_of(Kind::READ));
      generation_ = generation_of(chain);
      chain_ = &chain;
      result_.store(0, std::memory_order_relaxed);
      const int slept_before = slept_.load();
      rounds_.start();
      for (volatile int left = delay + rounds_.started() % 61; left > 0;) left = left - 1;
      result_.store(1, std::memory_order_relaxed);  // as store_result does before
      table_.publish(chain);
      rounds_.finish();
      delay = slept_.load() - slept_before < watchers_ ? delay + delay / 8 + 4 : delay - delay / 8;
      atomrt::unit::free_chain(pool_, chain);
    }
    first.join();
    second.join();
    assert_int_equal(missed_, 0);
    assert_int_equal(stuck_, 0);
    assert_true(slept_ > 0);  // else nothing was tried
  }

 private:
  void watch_all() {
    for (int round = 0; rounds_.join(round);) {
      WaiterHold hold;
      Waiter* waiter = table_.enter(hold, 0);
      if (table_.watch(*chain_, generation_, *waiter) == Watch::WATCHED) {
        if (!woken(*waiter)) stuck_.fetch_add(1);
        table_.unwatch(*chain_, generation_, *waiter);
        slept_.fetch_add(1);
      }
      if (result_.load(std::memory_order_relaxed) == 0) missed_.fetch_add(1);
      WaiterTable::leave(hold);
      rounds_.leave();
    }
  }

  // Wake-ups that were meant for the slot's last user are looked through.
  bool woken(Waiter& waiter) {
    const std::time_t begin = atomrt::unit::seconds_now();
    for (;;) {
      if (waiter.bell.exchange(atomrt::os::QUIET, std::memory_order_acquire) != atomrt::os::QUIET &&
          generation_of(chain_->waiters.load(std::memory_order_acquire)) != generation_) {
        return true;
      }
      const std::int64_t end = atomrt::os::now_ns() + 1'000'000'000;
      if (atomrt::os::futex_wait_until(waiter.bell, atomrt::os::QUIET, end) != ETIMEDOUT) continue;
      if (atomrt::unit::is_over(begin, 2 * atomrt::unit::PATIENCE_S / 3)) return false;
    }
  }

  const int watchers_;
  atomrt::unit::Rounds rounds_;
  ChainPool& pool_ = zeroed<ChainPool>();
  WaiterTable& table_ = zeroed<WaiterTable>();
  Chain* chain_ = nullptr;
  std::uint32_t generation_ = 0;
  std::atomic<int> result_{0}, slept_{0}, missed_{0}, stuck_{0};
};

void one_watcher_against_publish(void**) { Race(1).run(); }
void two_sharers_against_publish(void**) { Race(2).run(); }

}  // namespace

UNIT_TESTS(cmocka_unit_test(one_watcher_against_publish), cmocka_unit_test(two_sharers_against_publish))
