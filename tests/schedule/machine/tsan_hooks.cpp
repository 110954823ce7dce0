// SPDX-License-Identifier: MIT
// What the compiler's -fsanitize=thread calls in the library's code, in place of libtsan: an atomic operation is a step
// of the scheduler, a plain access is looked at by the memory, entry and exit of functions keep the stack for reports.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "machine/memory.h"
#include "machine/ordering.h"
#include "machine/scheduler.h"

using namespace schedule;

namespace {

bool is_on_own_stack(const void* memory) {
  const char* at = static_cast<const char*>(memory);
  const char* stack = self().fiber.stack;
  return at >= stack && at < stack + STACK_SIZE;
}

void note_place(const void* address) {
  if (is_running()) self().at = address;
}

void step_at(const char* what, const volatile void* memory) {
  const void* const at = const_cast<const void*>(memory);
  if (!is_running() || is_fresh(at) || is_on_own_stack(at)) return;
  end_freshness();
  step(what, at);
}

// The order that the code asks for, or none where this run leaves it out.
std::memory_order order_of(int order) {
  return is_left_out(self().at) ? std::memory_order_relaxed : static_cast<std::memory_order>(order & 0xFFFF);
}
// Memory is weak, and a thread runs.
bool is_ordered() { return is_weak && is_running(); }

// One place for what is done of it: the step comes before the operation.
template <typename Word, typename Operation>
Word update(const char* what, volatile Word* word, int order, Operation operation) {
  step_at(what, word);
  Word* const at = const_cast<Word*>(word);
  note_access(at, sizeof(Word), true);
  const Word before = *word;
  const Word after = operation(before);
  if (is_ordered()) update_ordered(at, sizeof(Word), before, after, order_of(order));
  *word = after;
  return before;
}

template <typename Word>
void store(volatile Word* word, Word value, int order) {
  step_at("store", word);
  Word* const at = const_cast<Word*>(word);
  note_access(at, sizeof(Word), true);
  if (is_ordered()) store_ordered(at, sizeof(Word), value, order_of(order));
  *word = value;
}

template <typename Word>
Word load(const volatile Word* word, int order) {
  step_at("load", word);
  const Word* const at = const_cast<const Word*>(word);
  note_access(at, sizeof(Word), false);
  return is_ordered() ? static_cast<Word>(load_ordered(at, sizeof(Word), order_of(order))) : *word;
}

template <typename Word>
int compare_exchange(volatile Word* word, Word* expected, Word desired, int order, int order_if_not, bool is_weak_one) {
  step_at("compare_exchange", word);
  Word* const at = const_cast<Word*>(word);
  note_access(at, sizeof(Word), true);
  Word before = *word;
  if (is_ordered()) before = static_cast<Word>(load_to_compare(at, sizeof(Word), *expected, order_of(order_if_not)));
  if (before == *expected && !(is_weak_one && is_running() && perhaps(64))) {
    if (is_ordered()) update_ordered(at, sizeof(Word), before, desired, order_of(order));
    *word = desired;
    return 1;
  }
  *expected = before;
  return 0;
}

#ifdef ATOMRT_COUNTED
extern "C" char __start_library_counts[], __stop_library_counts[];
bool is_count(const void* memory) {
  return memory >= __start_library_counts && memory < __stop_library_counts;
}
#else
constexpr bool is_count(const void*) { return false; }
#endif

void look_at(const void* memory, std::size_t size, bool writes) {
  if (is_count(memory)) return;  // gcov's, see counted.ld
  note_access(memory, size, writes);
  access_plainly(memory, size, writes);
}

}  // namespace

// The address in the library that the hook was called from.
#define HERE() note_place(__builtin_return_address(0))

#define ATOMICS(BITS)                                                                                              \
  using Word##BITS = std::uint##BITS##_t;                                                                          \
  Word##BITS __tsan_atomic##BITS##_load(const volatile Word##BITS* word, int order) { HERE(); return load(word, order); } \
  void __tsan_atomic##BITS##_store(volatile Word##BITS* word, Word##BITS value, int order) {                       \
    HERE(); store(word, value, order);                                                      \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_exchange(volatile Word##BITS* word, Word##BITS value, int order) {                    \
    HERE(); return update("exchange", word, order, [=](Word##BITS) { return value; });                                            \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_add(volatile Word##BITS* word, Word##BITS value, int order) {                   \
    HERE(); return update("fetch_add", word, order, [=](Word##BITS old) { return static_cast<Word##BITS>(old + value); });        \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_sub(volatile Word##BITS* word, Word##BITS value, int order) {                   \
    HERE(); return update("fetch_sub", word, order, [=](Word##BITS old) { return static_cast<Word##BITS>(old - value); });        \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_and(volatile Word##BITS* word, Word##BITS value, int order) {                   \
    HERE(); return update("fetch_and", word, order, [=](Word##BITS old) { return static_cast<Word##BITS>(old & value); });        \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_or(volatile Word##BITS* word, Word##BITS value, int order) {                    \
    HERE(); return update("fetch_or", word, order, [=](Word##BITS old) { return static_cast<Word##BITS>(old | value); });         \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_xor(volatile Word##BITS* word, Word##BITS value, int order) {                   \
    HERE(); return update("fetch_xor", word, order, [=](Word##BITS old) { return static_cast<Word##BITS>(old ^ value); });        \
  }                                                                                                                \
  int __tsan_atomic##BITS##_compare_exchange_strong(volatile Word##BITS* word, Word##BITS* expected,               \
                                                    Word##BITS desired, int order, int otherwise) {                                \
    HERE(); return compare_exchange(word, expected, desired, order, otherwise, false);                                                       \
  }                                                                                                                \
  int __tsan_atomic##BITS##_compare_exchange_weak(volatile Word##BITS* word, Word##BITS* expected,                 \
                                                  Word##BITS desired, int order, int otherwise) {                                  \
    HERE(); return compare_exchange(word, expected, desired, order, otherwise, true);                                                        \
  }

#define PLAIN(SIZE)                                                                \
  void __tsan_read##SIZE(void* memory) { HERE(); look_at(memory, SIZE, false); }       \
  void __tsan_write##SIZE(void* memory) { HERE(); look_at(memory, SIZE, true); }       \
  void __tsan_unaligned_read##SIZE(void* memory) { HERE(); look_at(memory, SIZE, false); } \
  void __tsan_unaligned_write##SIZE(void* memory) { HERE(); look_at(memory, SIZE, true); }

extern "C" {

ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void* memory, std::size_t size) { HERE(); look_at(memory, size, false); }
void __tsan_write_range(void* memory, std::size_t size) { HERE(); look_at(memory, size, true); }

// The library's calls of these: meson.build gives them these names.
void* schedule_memset(void* to, int byte, std::size_t size) {
  HERE(); look_at(to, size, true);
  return std::memset(to, byte, size);
}
void* schedule_memcpy(void* to, const void* from, std::size_t size) {
  HERE(); look_at(from, size, false);
  look_at(to, size, true);
  return std::memcpy(to, from, size);
}
void* schedule_memmove(void* to, const void* from, std::size_t size) {
  HERE(); look_at(from, size, false);
  look_at(to, size, true);
  return std::memmove(to, from, size);
}

void __tsan_atomic_thread_fence(int order) {
  HERE();
  if (is_ordered()) fence_ordered(order_of(order));
}
void __tsan_atomic_signal_fence(int) {}
void __tsan_init() {}
void __tsan_vptr_read(void**) {}
void __tsan_vptr_update(void**, void*) {}

void __tsan_func_entry(void* caller) {
  if (!is_running()) return;
  Thread& thread = self();
  if (thread.depth < MOST_FRAMES) thread.frames[thread.depth] = caller;
  ++thread.depth;
}
void __tsan_func_exit() {
  if (is_running() && self().depth > 0) --self().depth;
}

}  // extern "C"
