// SPDX-License-Identifier: MIT
// symbol_values: what is written, and how the memory is protected meanwhile and afterwards. That look-ups heed it:
// symbol_hook_test.cpp.
#include "os/symbol_values.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include "unit.h"

namespace {

using atomrt::os::ElfObject;
using atomrt::os::elf_object_of;
using atomrt::os::replace_functions;
using atomrt::os::Replaced;
using atomrt::os::WritableRange;

// The object, as long as it is loaded.
struct Loaded {
  void* handle = dlopen(UNIT_HOOKED_NOW, RTLD_NOW | RTLD_LOCAL);
  dl_phdr_info object{};
  Loaded() {
    dl_iterate_phdr(
        [](dl_phdr_info* found, size_t, void* result) {
          if (strcmp(found->dlpi_name, UNIT_HOOKED_NOW) != 0) return 0;
          *static_cast<dl_phdr_info*>(result) = *found;
          return 1;
        },
        &object);
    if (handle == nullptr || object.dlpi_phnum == 0) abort();
  }
  ~Loaded() { dlclose(handle); }
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
};

bool is_writable(const void* address) {
  FILE* file = fopen("/proc/self/maps", "re");
  unsigned long low = 0, high = 0;
  char permissions[8] = "", line[512];
  bool result = false;
  while (file != nullptr && fgets(line, sizeof line, file) != nullptr) {
    if (sscanf(line, "%lx-%lx %7s", &low, &high, permissions) != 3) continue;
    const auto value = reinterpret_cast<unsigned long>(address);
    if (value >= low && value < high) result = permissions[1] == 'w';
  }
  if (file != nullptr) fclose(file);
  return result;
}

ElfW(Addr) address_of(const void* memory) { return reinterpret_cast<ElfW(Addr)>(memory); }

void memory_is_writable_from_the_first_write_to_the_end(void**) {
  Loaded loaded;
  const ElfObject elf = elf_object_of(loaded.object);
  auto& value = const_cast<ElfW(Addr)&>(elf.symbol(1).st_value);
  const ElfW(Addr) before = value;
  {
    WritableRange range(loaded.object, address_of(&value), address_of(&value + 1) - 1);
    assert_false(is_writable(&value));
    assert_true(range.write(value, before + 1));
    assert_int_equal(value, before + 1);
    assert_true(is_writable(&value));
    assert_true(range.write(value, before));
  }
  assert_false(is_writable(&value));
  assert_int_equal(value, before);
}

void memory_outside_the_object_is_left_alone(void**) {
  Loaded loaded;
  ElfW(Addr) word = 5;
  WritableRange range(loaded.object, address_of(&word), address_of(&word + 1) - 1);
  assert_false(range.write(word, 6));
  assert_int_equal(word, 5);
}

// Objects lie at the beginning of any page, and what is below is somebody else's.
void pages_beside_the_range_are_left_alone(void**) {
  const auto page = static_cast<ElfW(Addr)>(sysconf(_SC_PAGESIZE));
  auto* const memory = static_cast<char*>(mmap(nullptr, 32 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  assert_ptr_not_equal(memory, MAP_FAILED);
  for (unsigned at = 1; at < 18; ++at) {
    char* const start = memory + at * page;
    ElfW(Phdr) segment{};
    segment.p_type = PT_LOAD;
    segment.p_flags = PF_R;
    segment.p_memsz = 3 * page;
    dl_phdr_info object{};
    object.dlpi_addr = address_of(start);
    object.dlpi_phdr = &segment;
    object.dlpi_phnum = 1;
    auto& word = *reinterpret_cast<ElfW(Addr)*>(start + page);
    WritableRange range(object, address_of(&word), address_of(&word + 1) - 1);
    assert_true(range.write(word, at));
    assert_true(is_writable(start + page));
    assert_false(is_writable(start));
    assert_false(is_writable(start - page));
    assert_false(is_writable(start + 2 * page));
  }
  munmap(memory, 32 * page);
}

void each_function_is_asked_about_and_only_those_named_change(void**) {
  Loaded loaded;
  const ElfObject elf = elf_object_of(loaded.object);
  const void* const real = dlsym(loaded.handle, "hooked_getpid");
  unsigned asked = 0;
  const auto lead_to = [&](const void* address) {
    const Replaced replaced = replace_functions(loaded.object, elf, [&](std::uint32_t index) {
      ++asked;
      return strcmp(elf.name(index), "hooked_getpid") == 0 ? address_of(address) : 0;
    });
    assert_true(replaced.complete);
    return replaced.count;
  };
  assert_int_equal(lead_to(nullptr), 0);
  assert_int_equal(lead_to(&asked), 1);
  assert_true(asked >= 5);
  assert_ptr_equal(dlsym(loaded.handle, "hooked_getpid"), &asked);
  assert_int_equal(lead_to(&asked), 1);  // as wished already
  assert_int_equal(lead_to(real), 1);
  assert_ptr_equal(dlsym(loaded.handle, "hooked_getpid"), real);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(memory_is_writable_from_the_first_write_to_the_end),
           cmocka_unit_test(memory_outside_the_object_is_left_alone),
           cmocka_unit_test(pages_beside_the_range_are_left_alone),
           cmocka_unit_test(each_function_is_asked_about_and_only_those_named_change))
