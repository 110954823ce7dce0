// SPDX-License-Identifier: MIT
// memory: zeroed, private, and zeroed again in a child where asked for.
#include "os/memory.h"

#include <sys/mman.h>

#include "unit.h"

namespace {

using namespace atomrt::os;
using atomrt::unit::in_child;

constexpr std::size_t SIZE = 64 * 1024;

volatile char* map() {
  const auto memory = map_memory(SIZE);
  assert_true(memory.has_value());
  return static_cast<volatile char*>(*memory);
}

bool is_zero(const volatile char* memory) {
  for (std::size_t i = 0; i < SIZE; ++i) {
    if (memory[i] != 0) return false;
  }
  return true;
}

void memory_is_zeroed_and_writable(void**) {
  volatile char* memory = map();
  assert_true(is_zero(memory));
  for (std::size_t i = 0; i < SIZE; ++i) memory[i] = 1;
  unmap_memory(const_cast<char*>(memory), SIZE);
}

void unmapped_memory_is_gone(void**) {
  volatile char* memory = map();
  unmap_memory(const_cast<char*>(memory), SIZE);
  unsigned char pages[SIZE / 4096];
  assert_int_equal(mincore(const_cast<char*>(memory), 4096, pages), -1);
  assert_int_equal(errno, ENOMEM);
}

bool is_mapped(const volatile char* memory) {
  return mprotect(const_cast<char*>(memory), 4096, PROT_NONE) == 0;
}

void a_reserved_page_is_mapped_by_nobody_else(void**) {
  volatile char* memory = map();
  unmap_memory(const_cast<char*>(memory), SIZE);
  reserve_page(const_cast<char*>(memory));
  assert_true(is_mapped(memory));
  assert_false(is_mapped(memory + 4096));
  void* other = mmap(const_cast<char*>(memory), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(other, memory);
  unmap_memory(other, 4096);
  unmap_memory(const_cast<char*>(memory), 4096);
}

void what_is_mapped_is_not_reserved(void**) {
  volatile char* memory = map();
  memory[0] = 'x';
  reserve_page(const_cast<char*>(memory));
  assert_int_equal(memory[0], 'x');
  memory[0] = 'y';  // and may still be written
  unmap_memory(const_cast<char*>(memory), SIZE);
}

void no_room_is_enomem_and_leaves_errno_alone(void**) {
  errno = 1234;
  assert_int_equal(map_memory(SIZE_MAX / 8 * 7).error(), ENOMEM);
  assert_int_equal(errno, 1234);
}

void memory_is_wiped_in_the_child_and_kept_in_the_parent(void**) {
  volatile char* memory = map();
  assert_true(wipe_on_fork(const_cast<char*>(memory), SIZE));
  memory[0] = 'p';
  memory[SIZE - 1] = 'p';
  assert_int_equal(in_child([&] { return is_zero(memory) ? 0 : 1; }), 0);
  assert_int_equal(memory[0], 'p');
  assert_int_equal(memory[SIZE - 1], 'p');
}

void memory_is_wiped_again_in_a_grandchild(void**) {
  volatile char* memory = map();
  assert_true(wipe_on_fork(const_cast<char*>(memory), SIZE));
  memory[0] = 'p';
  const int status = in_child([&] {
    memory[0] = 'c';
    const int grandchild = in_child([&] { return is_zero(memory) ? 0 : 1; });
    return grandchild == 0 && memory[0] == 'c' ? 0 : 1;
  });
  assert_int_equal(status, 0);
}

// What the two tests above would see if nothing were wiped.
void memory_is_inherited_where_nobody_asked(void**) {
  volatile char* memory = map();
  memory[0] = 'p';
  assert_int_equal(in_child([&] { return memory[0] == 'p' ? 0 : 1; }), 0);
}

void a_childs_writes_stay_its_own(void**) {
  volatile char* memory = map();
  assert_int_equal(in_child([&] {
                     memory[0] = 'c';
                     return 0;
                   }),
                   0);
  assert_true(is_zero(memory));
}

// The kernel refuses it for shared memory, as an old one would for any.
void refusal_is_told(void**) {
  void* shared = mmap(nullptr, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(shared != MAP_FAILED);
  assert_false(wipe_on_fork(shared, SIZE));
  munmap(shared, SIZE);
}

// What the work says in a descendant of that generation, and 0 in those between.
template <typename Work>
int in_descendant(int generations, Work work) {
  return in_child([&] { return generations == 1 ? work() : in_descendant(generations - 1, work); });
}

constexpr int APART = 4;

void a_late_descendant_takes_what_its_ancestors_had(void**) {
  SKIP_UNDER_TSAN();
  constexpr std::size_t ODD_SIZE = SIZE + 4096;
  void* const memory = map_memory(ODD_SIZE).value();
  assert_true(wipe_on_fork(memory, ODD_SIZE));
  note_for_descendants(memory, ODD_SIZE);
  std::memset(memory, 'p', ODD_SIZE);
  assert_null(take_inherited(ODD_SIZE));
  // A child of a handler, and its child, return through frames with pointers to it.
  assert_int_equal(in_descendant(APART - 1, [&] { return take_inherited(ODD_SIZE) == nullptr ? 0 : 1; }), 0);
  const int status = in_descendant(APART, [&] {
    if (take_inherited(SIZE) != nullptr) return 1;
    auto* const taken = static_cast<volatile char*>(take_inherited(ODD_SIZE));
    if (taken != memory || !is_zero(taken) || take_inherited(ODD_SIZE) != nullptr) return 2;
    std::memset(memory, 'd', ODD_SIZE);
    // Its children count from here.
    if (in_descendant(APART - 1, [&] { return take_inherited(ODD_SIZE) == nullptr ? 0 : 1; }) != 0) return 3;
    return in_descendant(APART, [&] { return take_inherited(ODD_SIZE) == memory ? 0 : 1; });
  });
  assert_int_equal(status, 0);
}

bool is_mapped(void* memory) {
  unsigned char resident[SIZE / 4096];
  return mincore(memory, SIZE, resident) == 0;
}

void a_late_descendant_unmaps_what_was_its_ancestors_alone(void**) {
  SKIP_UNDER_TSAN();
  void* const mappings[2] = {map_memory(SIZE).value(), map_memory(SIZE).value()};
  note_of_this_process(mappings[0], SIZE);
  const auto note_another = [&] {
    note_of_this_process(mappings[1], SIZE);
    const bool is_there = is_mapped(mappings[0]);
    forget_of_this_process(mappings[1]);
    return is_there ? 0 : 1;
  };
  assert_int_equal(note_another(), 0);
  assert_int_equal(in_descendant(APART - 1, note_another), 0);
  assert_int_equal(in_descendant(APART, note_another), 1);
  forget_of_this_process(mappings[0]);
  assert_int_equal(in_descendant(APART, note_another), 0);
  for (void* mapping : mappings) unmap_memory(mapping, SIZE);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(memory_is_zeroed_and_writable), cmocka_unit_test(unmapped_memory_is_gone),
           cmocka_unit_test(a_reserved_page_is_mapped_by_nobody_else), cmocka_unit_test(what_is_mapped_is_not_reserved),
           cmocka_unit_test(no_room_is_enomem_and_leaves_errno_alone),
           cmocka_unit_test(memory_is_wiped_in_the_child_and_kept_in_the_parent),
           cmocka_unit_test(memory_is_wiped_again_in_a_grandchild),
           cmocka_unit_test(memory_is_inherited_where_nobody_asked), cmocka_unit_test(a_childs_writes_stay_its_own),
           cmocka_unit_test(refusal_is_told), cmocka_unit_test(a_late_descendant_takes_what_its_ancestors_had),
           cmocka_unit_test(a_late_descendant_unmaps_what_was_its_ancestors_alone))
