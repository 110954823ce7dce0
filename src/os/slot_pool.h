// SPDX-License-Identifier: MIT
// SlotPool<T>: type-stable objects named by small numbers. Memory comes from the kernel in chunks, is never given
// back and never changes its type, so a stale number or pointer may always be read (a generation in T tells that it
// is stale). take and give are lock-free and async-signal-safe.
//
// Shared words: `free_` is a Treiber stack of slot numbers with a tag against ABA; take's acquire pairs with give's
// release. `chunks_[i]` is set once by compare-exchange (release) and read by at (acquire); the loser of the race
// unmaps its chunk. A signal between any two steps sees a consistent stack.
// In a child after fork the memory is zero: no chunk, nothing free; ancestors' chunks of the same size are used again
// (os/memory.h). A handler may fork at any step of take and give, and the child returns into them: what was loaded
// before then must not enter its pool. take and give compare the stack's head, whose tag has grown with the first
// chunk, and is 0 in the child; a slot's number is loaded after the head, and is 0 there. The first chunk has no such
// tag to go by, so a chunk is made with signals blocked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "os/memory.h"
#include "os/signals.h"

namespace atomrt::os {

// What T begins with; T inherits it.
struct Slot {
  std::uint32_t number;                   // 1 and up; 0 names no slot. Written when the chunk is made
  std::atomic<std::uint32_t> next_free;  // number of the next free slot; used by the pool only
};

template <typename T, std::uint32_t PER_CHUNK, std::uint32_t MOST_CHUNKS>
class SlotPool {
 public:
  // Null when the kernel has no memory or the pool is full. Contents are as its last user left them; zero at first.
  T* take() {
    for (;;) {
      std::uint64_t head = free_.load(std::memory_order_acquire);
      while (number_of(head) != 0) {
        T* slot = at(number_of(head));
        if (slot == nullptr) {  // a handler forked in between: the child's pool is new
          head = free_.load(std::memory_order_acquire);
          continue;
        }
        const std::uint64_t next = slot->next_free.load(std::memory_order_relaxed);
        if (free_.compare_exchange_weak(head, tagged(head, static_cast<std::uint32_t>(next)), std::memory_order_acquire,
                                        std::memory_order_acquire)) {
          return slot;
        }
      }
      if (!grow()) return nullptr;
    }
  }

  // A slot that was taken before a fork has number 0 in the child, and belongs to no pool.
  void give(T& slot) {
    push(slot, slot);
  }

  // The slot of that number; null for 0 and for numbers that the pool has never handed out.
  [[nodiscard]] T* at(std::uint32_t number) const {
    if (number == 0 || (number - 1) / PER_CHUNK >= MOST_CHUNKS) return nullptr;
    T* chunk = chunks_[(number - 1) / PER_CHUNK].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk + (number - 1) % PER_CHUNK;
  }

  static constexpr std::uint32_t CHUNK_SLOTS = PER_CHUNK;
  static constexpr std::uint32_t CHUNKS = MOST_CHUNKS;
  // For readers in other processes: where in the pool the number of chunks is, and the first chunk's address.
  [[nodiscard]] static constexpr std::size_t place_of_count() { return offsetof(SlotPool, chunk_count_); }
  [[nodiscard]] static constexpr std::size_t place_of_chunks() { return offsetof(SlotPool, chunks_); }

  // Slots made so far: numbers 1..made() are valid.
  [[nodiscard]] std::uint32_t made() const { return chunk_count_.load(std::memory_order_acquire) * PER_CHUNK; }

  // Makes another chunk of free slots. False when the kernel has no memory or the pool is full.
  bool grow() {
    const SignalBlock blocked;
    const std::uint32_t index = chunk_count_.load(std::memory_order_acquire);
    if (index >= MOST_CHUNKS) return false;
    constexpr std::size_t SIZE = sizeof(T) * PER_CHUNK;
    T* chunk = static_cast<T*>(take_inherited(SIZE));
    const bool is_inherited = chunk != nullptr;
    bool is_wiped = false;
    if (!is_inherited) {
      const auto memory = map_memory(SIZE);
      if (!memory) return false;
      is_wiped = wipe_on_fork(*memory, SIZE);
      chunk = static_cast<T*>(*memory);
    }
    for (std::uint32_t i = 0; i < PER_CHUNK; ++i) {
      chunk[i].number = index * PER_CHUNK + i + 1;
      chunk[i].next_free.store(i + 1 < PER_CHUNK ? chunk[i].number + 1 : 0, std::memory_order_relaxed);
    }
    T* expected = nullptr;
    if (!chunks_[index].compare_exchange_strong(expected, chunk, std::memory_order_release)) {
      if (!is_inherited) unmap_memory(chunk, SIZE);  // else it is for descendants
      count(index);  // the winner may not have come to it: go past its chunk
      return true;
    }
    if (is_wiped) note_for_descendants(chunk, SIZE);
    count(index);
    push(chunk[0], chunk[PER_CHUNK - 1]);
    return true;
  }

 private:
  static std::uint32_t number_of(std::uint64_t head) { return static_cast<std::uint32_t>(head); }
  static std::uint64_t tagged(std::uint64_t old_head, std::uint32_t number) {
    return ((old_head >> 32) + 1) << 32 | number;
  }

  void push(T& first, T& last) {
    std::uint64_t head = free_.load(std::memory_order_relaxed);
    std::uint32_t number;
    do {
      number = std::atomic_ref(first.number).load(std::memory_order_relaxed);  // with each head: see above
      if (number == 0) return;
      last.next_free.store(number_of(head), std::memory_order_relaxed);
    } while (!free_.compare_exchange_weak(head, tagged(head, number), std::memory_order_release,
                                          std::memory_order_relaxed));
  }

  void count(std::uint32_t index) {
    chunk_count_.compare_exchange_strong(index, index + 1, std::memory_order_release, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> free_;
  std::atomic<std::uint32_t> chunk_count_;
  std::atomic<T*> chunks_[MOST_CHUNKS];
};

}  // namespace atomrt::os
