// SPDX-License-Identifier: MIT
#include "machine/races.h"

#include <algorithm>
#include <cstdint>

#include "machine/address_table.h"
#include "machine/ordering.h"
#include "machine/report.h"
#include "machine/scheduler.h"

namespace schedule {
namespace {

constexpr unsigned KEPT = 8;               // accesses of each eight bytes
constexpr std::size_t MOST = 64 * 1024;    // larger ones (an engine that is wiped) are not looked at

struct Access {
  std::uint32_t moment;
  std::uint8_t whose;
  std::uint8_t bytes;  // a bit each
  bool writes, is_atomic;
  Trail trail;
};

struct EightBytes {
  unsigned count = 0;
  Access accesses[KEPT];
};

AddressTable<EightBytes> table;

const char* kind_of(const Access& access) {
  return access.is_atomic ? access.writes ? "an atomic write" : "an atomic read" : access.writes ? "a write" : "a read";
}

// It need not be kept beside the new one: whatever races with it races with that, too.
bool is_covered(const Access& old, const Access& access) {
  const bool covers = (old.bytes & ~access.bytes) == 0 && (access.writes || !old.writes) && (old.is_atomic || !access.is_atomic);
  return covers && (old.whose == access.whose || access.writes);
}

void check(const EightBytes& cell, const void* memory, const Access& access) {
  const Clock& known = actor().known;
  for (unsigned i = 0; i < cell.count; ++i) {
    const Access& old = cell.accesses[i];
    const bool are_both_atomic = old.is_atomic && access.is_atomic;
    const bool conflicts = (old.bytes & access.bytes) != 0 && (old.writes || access.writes) && !are_both_atomic;
    if (conflicts && old.whose != access.whose && known.of(old.whose) < old.moment) {
      fail_with_trail(old.trail, "a data race: %s of %p without an order to %s before it", kind_of(access), memory,
                      kind_of(old));
    }
  }
}

void keep(EightBytes& cell, const Access& access) {
  unsigned kept = 0;
  for (unsigned i = 0; i < cell.count; ++i) {
    const Access& old = cell.accesses[i];
    if (is_covered(old, access)) continue;
    if (kept != i) cell.accesses[kept] = old;
    ++kept;
  }
  if (kept == KEPT) kept = KEPT - 1;  // the newest of them goes: it may be seen again
  cell.accesses[kept] = access;
  cell.count = kept + 1;
}

void note(const void* memory, std::size_t size, bool writes, bool is_atomic, bool is_kept = true) {
  if (size == 0 || size > MOST) return;
  const Knowledge& me = actor();
  Access access{me.moment(), static_cast<std::uint8_t>(me.own), 0, writes, is_atomic, present_trail()};
  const auto begin = reinterpret_cast<std::uintptr_t>(memory), end = begin + size;
  for (std::uintptr_t eight = begin & ~std::uintptr_t{7}; eight < end; eight += 8) {
    const unsigned from = begin > eight ? static_cast<unsigned>(begin - eight) : 0;
    const unsigned to = end < eight + 8 ? static_cast<unsigned>(end - eight) : 8;
    access.bytes = static_cast<std::uint8_t>((1u << to) - (1u << from));
    const void* const at = reinterpret_cast<const void*>(eight > begin ? eight : begin);
    bool is_new = false;
    EightBytes& cell = table.at(eight, at, is_new);
    if (is_new) cell.count = 0;
    check(cell, at, access);
    if (is_kept) keep(cell, access);
  }
}

}  // namespace

// Those of the one real thread: the executable's and libc's lie below its thread pointer, the C library's own words
// above.
bool is_tracked(const void* memory) {
  const auto pointer = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
  const auto at = reinterpret_cast<std::uintptr_t>(memory);
  return at < pointer - 16384 || at > pointer + 4096;
}

void note_plain_access(const void* memory, std::size_t size, bool writes) { note(memory, size, writes, false); }
void check_plain_access(const void* memory, std::size_t size) { note(memory, size, true, false, false); }
void note_atomic_access(const void* word, std::size_t size, bool writes) { note(word, size, writes, true); }

}  // namespace schedule
