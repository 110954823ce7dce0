// symbol_values: what is written, and how the memory is protected meanwhile and afterwards. That look-ups heed it:
// symbol_hook_test.cpp.
#include "os/symbol_values.h"

#include <dlfcn.h>

#include "unit.h"

namespace {

using atomrt::os::ElfObject;
using atomrt::os::elf_object_of;
using atomrt::os::replace_functions;
using atomrt::os::WritableSegment;

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

void memory_is_writable_from_the_first_write_to_the_end(void**) {
  Loaded loaded;
  const ElfObject elf = elf_object_of(loaded.object);
  auto& value = const_cast<ElfW(Addr)&>(elf.symbol(1).st_value);
  const ElfW(Addr) before = value;
  {
    WritableSegment segment(loaded.object, reinterpret_cast<ElfW(Addr)>(&value));
    assert_false(is_writable(&value));
    assert_true(segment.write(value, before + 1));
    assert_int_equal(value, before + 1);
    assert_true(is_writable(&value));
    assert_true(segment.write(value, before));
  }
  assert_false(is_writable(&value));
  assert_int_equal(value, before);
}

void memory_outside_the_object_is_left_alone(void**) {
  Loaded loaded;
  ElfW(Addr) word = 5;
  WritableSegment segment(loaded.object, reinterpret_cast<ElfW(Addr)>(&word));
  assert_false(segment.write(word, 6));
  assert_int_equal(word, 5);
}

void each_function_is_asked_about_and_only_those_named_change(void**) {
  Loaded loaded;
  const ElfObject elf = elf_object_of(loaded.object);
  const void* const real = dlsym(loaded.handle, "hooked_getpid");
  unsigned asked = 0;
  const auto lead_to = [&](const void* address) {
    return replace_functions(loaded.object, elf, [&](std::uint32_t index) -> ElfW(Addr) {
      ++asked;
      return strcmp(elf.name(index), "hooked_getpid") == 0 ? reinterpret_cast<ElfW(Addr)>(address) : 0;
    });
  };
  assert_true(lead_to(&asked));
  assert_true(asked >= 5);
  assert_ptr_equal(dlsym(loaded.handle, "hooked_getpid"), &asked);
  assert_true(lead_to(real));
  assert_ptr_equal(dlsym(loaded.handle, "hooked_getpid"), real);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(memory_is_writable_from_the_first_write_to_the_end),
           cmocka_unit_test(memory_outside_the_object_is_left_alone),
           cmocka_unit_test(each_function_is_asked_about_and_only_those_named_change))
