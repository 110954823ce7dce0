// SPDX-License-Identifier: MIT
// SlotPool: numbers, exhaustion, growth that a signal handler or another thread comes into, concurrent take and give.
// map_memory and wipe_on_fork are wrapped, so that a test can refuse memory and stand where a handler would.
#include "os/slot_pool.h"

#include "unit.h"

using atomrt::base::Expected;

static bool is_out_of_memory = false;
static int mapped = 0;
static void (*during_growth)() = nullptr;

extern "C" Expected<void*> real_map(std::size_t) __asm__("__real__ZN6atomrt2os10map_memoryEm");
extern "C" Expected<void*> wrapped_map(std::size_t) __asm__("__wrap__ZN6atomrt2os10map_memoryEm");
extern "C" Expected<void*> wrapped_map(std::size_t size) {
  if (is_out_of_memory) return atomrt::base::Error{ENOMEM};
  __atomic_fetch_add(&mapped, 1, __ATOMIC_RELAXED);
  return real_map(size);
}
extern "C" void real_unmap(void*, std::size_t) __asm__("__real__ZN6atomrt2os12unmap_memoryEPvm");
extern "C" void wrapped_unmap(void*, std::size_t) __asm__("__wrap__ZN6atomrt2os12unmap_memoryEPvm");
extern "C" void wrapped_unmap(void* memory, std::size_t size) {
  __atomic_fetch_sub(&mapped, 1, __ATOMIC_RELAXED);
  if (!UNIT_TSAN) real_unmap(memory, size);  // so that no address comes again
}
extern "C" bool real_wipe(void*, std::size_t) __asm__("__real__ZN6atomrt2os12wipe_on_forkEPvm");
extern "C" bool wrapped_wipe(void*, std::size_t) __asm__("__wrap__ZN6atomrt2os12wipe_on_forkEPvm");
extern "C" bool wrapped_wipe(void* memory, std::size_t size) {
  if (auto hook = during_growth; hook != nullptr) {
    during_growth = nullptr;
    hook();
  }
  return real_wipe(memory, size);
}

namespace {

using atomrt::unit::Thread;
using atomrt::unit::zeroed;

struct Thing : atomrt::os::Slot {
  std::atomic<int> owners;
  int value;
};
using SmallPool = atomrt::os::SlotPool<Thing, 4, 2>;
using Pool = atomrt::os::SlotPool<Thing, 64, 1024>;

void zeroed_memory_is_a_pool_without_slots(void**) {
  auto& pool = zeroed<SmallPool>();
  assert_int_equal(pool.made(), 0);
  for (std::uint32_t number = 0; number < 20; ++number) assert_null(pool.at(number));
}

void slots_are_numbered_from_one(void**) {
  auto& pool = zeroed<SmallPool>();
  bool seen[9] = {};
  for (int i = 0; i < 8; ++i) {
    Thing* thing = pool.take();
    assert_non_null(thing);
    assert_in_range(thing->number, 1, 8);
    assert_false(seen[thing->number]);
    seen[thing->number] = true;
    assert_ptr_equal(pool.at(thing->number), thing);
    assert_int_equal(thing->value, 0);
    assert_int_equal(pool.made(), i < 4 ? 4 : 8);
  }
}

void numbers_never_handed_out_name_nothing(void**) {
  auto& pool = zeroed<SmallPool>();
  assert_non_null(pool.take());
  assert_null(pool.at(0));
  assert_non_null(pool.at(4));
  assert_null(pool.at(5));
  assert_null(pool.at(9));
  assert_null(pool.at(UINT32_MAX));
}

void a_full_pool_gives_nothing_until_something_comes_back(void**) {
  auto& pool = zeroed<SmallPool>();
  Thing* things[8];
  for (auto& thing : things) thing = pool.take();
  assert_null(pool.take());
  assert_null(pool.take());
  things[3]->value = 33;
  pool.give(*things[3]);
  Thing* again = pool.take();
  assert_ptr_equal(again, things[3]);
  assert_int_equal(again->value, 33);  // as its last user left it
  assert_null(pool.take());
}

void without_memory_there_is_no_slot_and_later_there_is(void**) {
  auto& pool = zeroed<SmallPool>();
  is_out_of_memory = true;
  Thing* none = pool.take();
  is_out_of_memory = false;
  assert_null(none);
  assert_int_equal(pool.made(), 0);
  assert_non_null(pool.take());
}

// A child that a handler has forked between take and give has the slot's number wiped.
void a_wiped_slot_is_not_taken_back(void**) {
  auto& pool = zeroed<SmallPool>();
  Thing* taken = pool.take();
  Thing* last = pool.take();
  pool.give(*last);
  taken->number = 0;
  pool.give(*taken);
  assert_ptr_equal(pool.take(), last);
}

void what_was_given_last_is_taken_first(void**) {
  auto& pool = zeroed<SmallPool>();
  Thing* a = pool.take();
  Thing* b = pool.take();
  pool.give(*a);
  pool.give(*b);
  assert_ptr_equal(pool.take(), b);
  assert_ptr_equal(pool.take(), a);
}

Pool* grown = nullptr;
Thing* taken_inside = nullptr;

// A handler, or another thread, that takes a slot while a chunk is being made: the second chunk of that index is lost,
// and both have a slot.
void growth_inside_growth_loses_nothing(void**) {
  grown = &zeroed<Pool>();
  const int before = mapped;
  during_growth = [] { taken_inside = grown->take(); };
  Thing* outside = grown->take();
  assert_non_null(outside);
  assert_non_null(taken_inside);
  assert_ptr_not_equal(outside, taken_inside);
  assert_int_equal(grown->made(), 64);
  assert_int_equal(mapped - before, 1);
  bool seen[65] = {};
  seen[outside->number] = seen[taken_inside->number] = true;
  for (int i = 0; i < 62; ++i) {
    Thing* thing = grown->take();
    assert_false(seen[thing->number]);
    seen[thing->number] = true;
  }
  assert_int_equal(grown->made(), 64);
}

std::atomic<int> conflicts{0};

void own(Thing& thing) {
  if (thing.owners.fetch_add(1, std::memory_order_relaxed) != 0) conflicts.fetch_add(1);
}
void disown(Pool& pool, Thing& thing) {
  thing.owners.fetch_sub(1, std::memory_order_relaxed);
  pool.give(thing);
}

// Each thread takes a few, checks that they are its own, and gives them back in another order: what a stack of free
// slots without a tag gets wrong (ABA).
void concurrent_takers_never_share_a_slot(void**) {
  constexpr int ROUNDS = UNIT_SANITIZED ? 20'000 : 200'000;
  auto& pool = zeroed<Pool>();
  pool.give(*pool.take());  // one chunk is there, which is enough for all
  conflicts.store(0);
  std::atomic<int> ready{0};
  const auto work = [&] {
    ready.fetch_add(1);
    while (ready.load() < 3) sched_yield();
    for (int round = 0; round < ROUNDS; ++round) {
      Thing* a = pool.take();
      Thing* b = pool.take();
      own(*a);
      own(*b);
      a->value = b->value = round;
      disown(pool, *a);
      if (round % 3 == 0) {
        a = pool.take();
        own(*a);
        disown(pool, *a);
      }
      disown(pool, *b);
    }
  };
  {
    Thread first(work), second(work), third(work);
  }
  assert_int_equal(conflicts, 0);
  assert_int_equal(pool.made(), 64);  // none were lost, or it would have grown
  for (int i = 0; i < 64; ++i) assert_non_null(pool.take());
  assert_int_equal(pool.made(), 64);
}

void threads_that_grow_the_pool_together_lose_nothing(void**) {
  constexpr int EACH = 64 * 40;
  for (int round = 0; round < 20; ++round) {
    auto& pool = zeroed<Pool>();
    conflicts.store(0);
    const int before = mapped;
    std::atomic<int> ready{0};
    const auto work = [&] {
      ready.fetch_add(1);
      while (ready.load() < 2) sched_yield();
      for (int i = 0; i < EACH; ++i) own(*pool.take());
    };
    {
      Thread first(work), second(work);
    }
    assert_int_equal(conflicts, 0);
    assert_int_equal(pool.made(), 64 * (mapped - before));  // who lost a race gave his chunk back
    for (std::uint32_t number = 1; number <= pool.made(); ++number) assert_int_equal(pool.at(number)->number, number);
    assert_in_range(pool.made(), 2 * EACH, 2 * EACH + 2 * 64);
  }
}

void a_child_finds_a_pool_that_was_never_used(void**) {
  SKIP_UNDER_TSAN();
  const auto memory = atomrt::os::map_memory(sizeof(Pool));
  assert_true(memory.has_value());
  assert_true(atomrt::os::wipe_on_fork(*memory, sizeof(Pool)));
  Pool& pool = *static_cast<Pool*>(*memory);
  Thing* taken = pool.take();
  pool.give(*pool.take());
  const int status = atomrt::unit::in_child([&] {
    if (pool.made() != 0 || pool.at(taken->number) != nullptr) return 1;
    const Thing* thing = pool.take();
    return thing != nullptr && thing->number == 1 && pool.made() == 64 ? 0 : 2;
  });
  assert_int_equal(status, 0);
  assert_int_equal(pool.made(), 64);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(zeroed_memory_is_a_pool_without_slots), cmocka_unit_test(slots_are_numbered_from_one),
           cmocka_unit_test(numbers_never_handed_out_name_nothing),
           cmocka_unit_test(a_full_pool_gives_nothing_until_something_comes_back),
           cmocka_unit_test(without_memory_there_is_no_slot_and_later_there_is),
           cmocka_unit_test(a_wiped_slot_is_not_taken_back),
           cmocka_unit_test(what_was_given_last_is_taken_first), cmocka_unit_test(growth_inside_growth_loses_nothing),
           cmocka_unit_test(concurrent_takers_never_share_a_slot),
           cmocka_unit_test(threads_that_grow_the_pool_together_lose_nothing),
           cmocka_unit_test(a_child_finds_a_pool_that_was_never_used))
