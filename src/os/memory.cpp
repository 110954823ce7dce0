// SPDX-License-Identifier: MIT
#include "os/memory.h"

#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
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

// No kernel knows it. An emulator (qemu-user before 8.0) takes any advice and does nothing: one that takes this is not
// believed the other.
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

}  // namespace atomrt::os
