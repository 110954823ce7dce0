// SPDX-License-Identifier: MIT
// What the compiler's -fsanitize=thread calls in the library's code, in place of libtsan: an atomic operation is a step
// of the scheduler, a plain access is looked at by the memory, entry and exit of functions keep the stack for reports.
#include <cstddef>
#include <cstdint>

#include "machine/memory.h"
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

// One place for what is done of it: the step comes before the operation.
template <typename Word, typename Operation>
Word update(const char* what, volatile Word* word, Operation operation) {
  step_at(what, word);
  note_access(const_cast<const Word*>(word), sizeof(Word), true);
  const Word before = *word;
  *word = operation(before);
  return before;
}

template <typename Word>
Word load(const volatile Word* word) {
  step_at("load", word);
  note_access(const_cast<const Word*>(word), sizeof(Word), false);
  return *word;
}

template <typename Word>
int compare_exchange(volatile Word* word, Word* expected, Word desired, bool is_weak) {
  step_at("compare_exchange", word);
  note_access(const_cast<const Word*>(word), sizeof(Word), true);
  const Word before = *word;
  if (before == *expected && !(is_weak && is_running() && perhaps(64))) {
    *word = desired;
    return 1;
  }
  *expected = before;
  return 0;
}

}  // namespace

// The address in the library that the hook was called from.
#define HERE() note_place(__builtin_return_address(0))

#define ATOMICS(BITS)                                                                                              \
  using Word##BITS = std::uint##BITS##_t;                                                                          \
  Word##BITS __tsan_atomic##BITS##_load(const volatile Word##BITS* word, int) { HERE(); return load(word); } \
  void __tsan_atomic##BITS##_store(volatile Word##BITS* word, Word##BITS value, int) {                             \
    HERE(); update("store", word, [=](Word##BITS) { return value; });                                                      \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_exchange(volatile Word##BITS* word, Word##BITS value, int) {                    \
    HERE(); return update("exchange", word, [=](Word##BITS) { return value; });                                            \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_add(volatile Word##BITS* word, Word##BITS value, int) {                   \
    HERE(); return update("fetch_add", word, [=](Word##BITS old) { return static_cast<Word##BITS>(old + value); });        \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_sub(volatile Word##BITS* word, Word##BITS value, int) {                   \
    HERE(); return update("fetch_sub", word, [=](Word##BITS old) { return static_cast<Word##BITS>(old - value); });        \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_and(volatile Word##BITS* word, Word##BITS value, int) {                   \
    HERE(); return update("fetch_and", word, [=](Word##BITS old) { return static_cast<Word##BITS>(old & value); });        \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_or(volatile Word##BITS* word, Word##BITS value, int) {                    \
    HERE(); return update("fetch_or", word, [=](Word##BITS old) { return static_cast<Word##BITS>(old | value); });         \
  }                                                                                                                \
  Word##BITS __tsan_atomic##BITS##_fetch_xor(volatile Word##BITS* word, Word##BITS value, int) {                   \
    HERE(); return update("fetch_xor", word, [=](Word##BITS old) { return static_cast<Word##BITS>(old ^ value); });        \
  }                                                                                                                \
  int __tsan_atomic##BITS##_compare_exchange_strong(volatile Word##BITS* word, Word##BITS* expected,               \
                                                    Word##BITS desired, int, int) {                                \
    HERE(); return compare_exchange(word, expected, desired, false);                                                       \
  }                                                                                                                \
  int __tsan_atomic##BITS##_compare_exchange_weak(volatile Word##BITS* word, Word##BITS* expected,                 \
                                                  Word##BITS desired, int, int) {                                  \
    HERE(); return compare_exchange(word, expected, desired, true);                                                        \
  }

#define PLAIN(SIZE)                                                                \
  void __tsan_read##SIZE(void* memory) { HERE(); note_access(memory, SIZE, false); }       \
  void __tsan_write##SIZE(void* memory) { HERE(); note_access(memory, SIZE, true); }       \
  void __tsan_unaligned_read##SIZE(void* memory) { HERE(); note_access(memory, SIZE, false); } \
  void __tsan_unaligned_write##SIZE(void* memory) { HERE(); note_access(memory, SIZE, true); }

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

void __tsan_read_range(void* memory, std::size_t size) { HERE(); note_access(memory, size, false); }
void __tsan_write_range(void* memory, std::size_t size) { HERE(); note_access(memory, size, true); }

void __tsan_atomic_thread_fence(int) {}
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
