// SPDX-License-Identifier: MIT
#include "os/memory.h"

#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <iterator>

#include "os/system_call.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

namespace atomrt::os {
namespace {

// No kernel knows this advice. An emulator (qemu-user before 8.0) accepts any and does nothing: where this is accepted,
// MADV_WIPEONFORK is taken to be ignored.
constexpr int NO_ADVICE = 0x7fff;

#if defined(__SANITIZE_THREAD__)
#define ATOMRT_TSAN 1
#elif defined(__has_feature)
#define ATOMRT_TSAN __has_feature(thread_sanitizer)
#else
#define ATOMRT_TSAN 0
#endif

#if ATOMRT_TSAN
// TSan does not see that the kernel wiped the memory: it would hold the parent's accesses against the child's. A
// mapping made anew by the mmap that it intercepts has no past.
struct Region {
  std::atomic<void*> memory;
  std::size_t size;
};
constinit Region wiped[64]{};
constinit std::atomic<unsigned> wiped_count{0};

void map_anew_in_child() {
  for (const Region& region : wiped) {
    void* memory = region.memory.load(std::memory_order_acquire);
    if (memory == nullptr) continue;
    mmap(memory, region.size, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    madvise(memory, region.size, MADV_WIPEONFORK);
  }
}

void forget_on_fork(void* memory, std::size_t size) {
  const unsigned place = wiped_count.fetch_add(1);
  if (place == 0) pthread_atfork(nullptr, nullptr, map_anew_in_child);
  if (place >= std::size(wiped)) return;
  wiped[place].size = size;
  wiped[place].memory.store(memory, std::memory_order_release);
}

void forget(void* memory) {
  for (Region& region : wiped) {
    void* expected = memory;
    if (region.memory.compare_exchange_strong(expected, nullptr)) return;
  }
}

// By the munmap that it intercepts: the next mapping at that address has no past either.
void give_back(void* memory, std::size_t size) { munmap(memory, size); }
#else
void forget_on_fork(void*, std::size_t) {}
void forget(void*) {}
void give_back(void* memory, std::size_t size) { system_call(SYS_munmap, memory, size); }
#endif

base::Expected<void*> map(void* address, std::size_t size, int protection, int flags) {
#ifdef SYS_mmap2
  const long number = SYS_mmap2;
#else
  const long number = SYS_mmap;
#endif
  const long result = system_call(number, address, size, protection,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  const auto given = base::from_kernel<unsigned long>(result);
  if (!given) return base::Error{given.error()};
  return reinterpret_cast<void*>(*given);
}

}  // namespace

base::Expected<void*> map_memory(std::size_t size) { return map(nullptr, size, PROT_READ | PROT_WRITE, 0); }

namespace {

// `generation` is that of the last user; changing it by compare-exchange takes the piece (relaxed: the memory was wiped
// before this process began). `memory` is written last, with release.
struct Piece {
  std::atomic<void*> memory;
  std::size_t size;
  std::atomic<std::uint32_t> generation;
};
constinit Piece pieces[1024]{};
constinit std::atomic<std::uint32_t> piece_count{0};

// Forks between the process that loaded the library and this one; written at fork, by a child's only thread.
constinit std::atomic<std::uint32_t> generation{0};
constexpr std::uint32_t GENERATIONS_APART = 4;

[[gnu::constructor]] void count_generations() {
  pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });
}

}  // namespace

void note_for_descendants(void* memory, std::size_t size) {
  std::uint32_t place = piece_count.load(std::memory_order_relaxed);
  do {
    if (place >= std::size(pieces)) return;
  } while (!piece_count.compare_exchange_weak(place, place + 1, std::memory_order_relaxed));
  Piece& piece = pieces[place];
  piece.size = size;
  piece.generation.store(generation.load(std::memory_order_relaxed), std::memory_order_relaxed);
  piece.memory.store(memory, std::memory_order_release);
}

void* take_inherited(std::size_t size) {
  const std::uint32_t present = generation.load(std::memory_order_relaxed);
  const std::uint32_t count = present < GENERATIONS_APART ? 0 : piece_count.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i) {
    Piece& piece = pieces[i];
    void* const memory = piece.memory.load(std::memory_order_acquire);
    std::uint32_t last = piece.generation.load(std::memory_order_relaxed);
    if (memory == nullptr || piece.size != size || present - last < GENERATIONS_APART) continue;
    if (piece.generation.compare_exchange_strong(last, present, std::memory_order_relaxed)) return memory;
  }
  return nullptr;
}

namespace {
// `memory` is written last (release) by the thread that notes, and exchanged for null by the one that takes it out.
struct OwnMapping {
  std::atomic<void*> memory;
  std::atomic<std::size_t> size;
  std::atomic<std::uint32_t> generation;
  std::atomic<bool> is_taken;
};
constinit OwnMapping own_mappings[64]{};

// True: it was there, and the entry is this thread's.
bool take_out(OwnMapping& entry, void* memory) { return entry.memory.compare_exchange_strong(memory, nullptr); }
}  // namespace

void note_of_this_process(void* memory, std::size_t size) {
  const std::uint32_t present = generation.load(std::memory_order_relaxed);
  for (OwnMapping& entry : own_mappings) {
    if (present < GENERATIONS_APART) break;
    void* const inherited = entry.memory.load(std::memory_order_acquire);
    const std::uint32_t last = entry.generation.load(std::memory_order_relaxed);
    const std::size_t length = entry.size.load(std::memory_order_relaxed);
    if (inherited == nullptr || present - last < GENERATIONS_APART || !take_out(entry, inherited)) continue;
    give_back(inherited, length);
    entry.is_taken.store(false, std::memory_order_release);
  }
  for (OwnMapping& entry : own_mappings) {
    if (entry.is_taken.exchange(true, std::memory_order_acquire)) continue;
    entry.size.store(size, std::memory_order_relaxed);
    entry.generation.store(present, std::memory_order_relaxed);
    entry.memory.store(memory, std::memory_order_release);
    return;
  }
}

void forget_of_this_process(void* memory) {
  for (OwnMapping& entry : own_mappings) {
    if (take_out(entry, memory)) entry.is_taken.store(false, std::memory_order_release);
  }
}

void unmap_memory(void* memory, std::size_t size) {
  forget(memory);
  give_back(memory, size);
}

// A kernel that does not know the flag (before Linux 4.17), or an emulator, maps it elsewhere.
void reserve_page(void* address) {
  constexpr std::size_t PAGE = 4096;
  const auto reserved = map(address, PAGE, PROT_NONE, MAP_FIXED_NOREPLACE);
  if (reserved && *reserved != address) unmap_memory(*reserved, PAGE);
}

bool wipe_on_fork(void* memory, std::size_t size) {
  forget_on_fork(memory, size);
  if (system_call(SYS_madvise, memory, size, MADV_WIPEONFORK) != 0) return false;
  return system_call(SYS_madvise, memory, size, NO_ADVICE) == -EINVAL;
}

void drop_on_fork(void* memory, std::size_t size) { system_call(SYS_madvise, memory, size, MADV_DONTFORK); }

}  // namespace atomrt::os
