// SPDX-License-Identifier: MIT
// Mutex: all-zero is free; it excludes, sleeps while held and wakes who sleeps.
#include "os/mutex.h"

#include "unit.h"

namespace {

using atomrt::os::Locked;
using atomrt::os::Mutex;
using atomrt::unit::eventually;
using atomrt::unit::Thread;

void zeroed_memory_is_a_free_mutex(void**) {
  auto& mutex = atomrt::unit::zeroed<Mutex>();
  mutex.lock();
  mutex.unlock();
  mutex.lock();
  mutex.unlock();
}

void it_excludes(void**) {
  constexpr long ROUNDS = UNIT_SANITIZED ? 20'000 : 100'000;
  Mutex mutex;
  long count = 0;  // not atomic: what the mutex protects
  const auto add = [&] {
    for (long i = 0; i < ROUNDS; ++i) {
      const Locked locked(mutex);
      const volatile long present = count;
      count = present + 1;
    }
  };
  {
    Thread first(add);
    Thread second(add);
    Thread third(add);
  }
  assert_int_equal(count, 3 * ROUNDS);
}

void who_finds_it_held_sleeps_and_is_woken(void**) {
  Mutex mutex;
  mutex.lock();
  std::atomic<int> threads[2] = {};
  std::atomic<int> got{0};
  const auto enter = [&](int i) {
    threads[i].store(gettid());
    const Locked locked(mutex);
    got.fetch_add(1);
  };
  Thread first([&] { enter(0); });
  Thread second([&] { enter(1); });
  for (auto& thread : threads) assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  assert_int_equal(got, 0);
  mutex.unlock();  // wakes one, which wakes the other
  assert_true(eventually([&] { return got == 2; }));
}

void locked_unlocks_at_the_end_of_its_scope(void**) {
  Mutex mutex;
  std::atomic<bool> got{false};
  { const Locked locked(mutex); }
  Thread other([&] {
    const Locked locked(mutex);
    got.store(true);
  });
  other.join();
  assert_true(got);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(zeroed_memory_is_a_free_mutex), cmocka_unit_test(it_excludes),
           cmocka_unit_test(who_finds_it_held_sleeps_and_is_woken),
           cmocka_unit_test(locked_unlocks_at_the_end_of_its_scope))
