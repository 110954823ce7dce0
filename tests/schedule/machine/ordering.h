// SPDX-License-Identifier: MIT
// Memory as weak as C++ allows, in the runs that want it: a load takes any value that it may, by the seed, and two plain
// accesses without an order between them fail the run.
//
// Stores happen in the order of the steps, which is the modification order of each word and the order of all that is
// sequentially consistent. A load may return a store that is not the newest unless something newer of the word happens
// before it (a store, or a load that saw it), or, for two that are sequentially consistent, came first. Stricter than
// C++ is this: a fence that is sequentially consistent sees all stores before it; a store is never seen before its step
// (so no two loads see each other's later stores); only the last HISTORY stores of a word can be seen.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "machine/clock.h"
#include "machine/random.h"

namespace schedule {

extern bool is_weak;  // this run's memory

// The operation at this offset of the code is done without any ordering: what if the library asked for less?
void leave_out(std::uintptr_t place);
[[nodiscard]] bool is_left_out(const void* place);

void begin_ordering(bool weak, std::uint64_t seed);
// All that is remembered of words and accesses is forgotten: a child begins, or its parent goes on.
void forget_all_order();
// The same of that memory: it is mapped anew.
void forget_order_of_pages(std::size_t first, std::size_t count);

// ---- atomic operations of the actor ----

std::uint64_t load_ordered(const void* word, unsigned size, std::memory_order order);
// The word still holds what it held before.
void store_ordered(const void* word, unsigned size, std::uint64_t value, std::memory_order order);
void update_ordered(const void* word, unsigned size, std::uint64_t before, std::uint64_t after, std::memory_order order);
// What a comparison that may fail sees; it succeeds only with what the word holds.
std::uint64_t load_to_compare(const void* word, unsigned size, std::uint64_t expected, std::memory_order order);
void fence_ordered(std::memory_order order);
void learn_of_newest(const void* word, unsigned size);  // the kernel acquires it

// ---- plain accesses ----

void access_plainly(const void* memory, std::size_t size, bool writes);
// All accesses so far must have an order to this one, which is not remembered.
void expect_order_to(const void* memory, std::size_t size);
// Of a word that is atomic: against plain ones.
void access_atomically(const void* word, std::size_t size, bool writes);

// ---- what a thread knows of another by other ways than memory: calls of the kernel and the C library ----

void tell(Clock& way);
void learn(const Clock& way);
void tell_thread(Knowledge& other);
void begin_knowledge(Knowledge& other, unsigned whose_past);  // of a thread that the actor starts

// While it exists the device acts, and knows what the thread that began the operation knew.
class DeviceActs {
 public:
  explicit DeviceActs(const Clock& beginners);
  ~DeviceActs();
  DeviceActs(const DeviceActs&) = delete;
  DeviceActs& operator=(const DeviceActs&) = delete;
};

// That of who acts: the running thread, or the device.
Knowledge& actor();
[[nodiscard]] bool acts_as_device();

}  // namespace schedule
