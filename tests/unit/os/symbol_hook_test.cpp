// SPDX-License-Identifier: MIT
// symbol_hook: every look-up after it gives the replacement, one before it keeps the function; memory is as protected as
// before. UNIT_HOOKED_…: hooked_object.c as built in three ways (meson.build).
#include "os/symbol_hook.h"

#include <dlfcn.h>

#include "unit.h"

namespace {

using atomrt::os::redirect_symbols;
using atomrt::os::SymbolDefinition;

constexpr int REPLACED = -4711;
int replaced_getpid() { return REPLACED; }

using GetPid = int (*)();

struct Wish {
  const char* name;
  void* with;
  void* real;
  unsigned seen;
};

void* grant(void* argument, const SymbolDefinition& definition) {
  Wish& wish = *static_cast<Wish*>(argument);
  ++wish.seen;
  if (strcmp(definition.name, wish.name) != 0) return nullptr;
  wish.real = definition.address;
  return wish.with;
}

const char* soname_of(const char* path) {
  const char* const slash = strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}

GetPid look_up(void* handle) { return reinterpret_cast<GetPid>(dlsym(handle, "hooked_getpid")); }

int permissions_of(const void* address) {
  FILE* file = fopen("/proc/self/maps", "re");
  unsigned long low = 0, high = 0;
  char permissions[8] = "", line[512];
  int result = -1;
  while (file != nullptr && fgets(line, sizeof line, file) != nullptr) {
    if (sscanf(line, "%lx-%lx %7s", &low, &high, permissions) != 3) continue;
    const auto value = reinterpret_cast<unsigned long>(address);
    if (value >= low && value < high) result = (permissions[0] == 'r') | (permissions[1] == 'w') << 1 | (permissions[2] == 'x') << 2;
  }
  if (file != nullptr) fclose(file);
  return result;
}

void look_ups_give_the_replacement_until_it_is_taken_back(void**) {
  void* const handle = dlopen(UNIT_HOOKED_LAZY, RTLD_LAZY | RTLD_LOCAL);
  assert_non_null(handle);
  const GetPid before = look_up(handle);
  assert_int_equal(before(), getpid());
  Wish wish{"hooked_getpid", reinterpret_cast<void*>(replaced_getpid), nullptr, 0};
  assert_true(redirect_symbols(soname_of(UNIT_HOOKED_LAZY), grant, &wish));
  assert_ptr_equal(wish.real, reinterpret_cast<void*>(before));
  assert_true(wish.seen >= 5);  // the object's other functions
  assert_int_equal(look_up(handle)(), REPLACED);
  assert_int_equal(before(), getpid());

  wish.with = wish.real;
  assert_true(redirect_symbols(soname_of(UNIT_HOOKED_LAZY), grant, &wish));
  assert_ptr_equal(reinterpret_cast<void*>(look_up(handle)), reinterpret_cast<void*>(before));
  dlclose(handle);
}

void other_objects_and_functions_stay_as_they_are(void**) {
  void* const handle = dlopen(UNIT_HOOKED_LAZY, RTLD_LAZY | RTLD_LOCAL);
  assert_non_null(handle);
  Wish wish{"hooked_getpid", reinterpret_cast<void*>(replaced_getpid), nullptr, 0};
  assert_true(redirect_symbols("no-such-object.so", grant, &wish));
  assert_int_equal(wish.seen, 0);
  wish.name = "hooked_getpi";
  assert_true(redirect_symbols(soname_of(UNIT_HOOKED_LAZY), grant, &wish));
  assert_int_equal(look_up(handle)(), getpid());
  dlclose(handle);
}

void* count_writable(void* argument, const SymbolDefinition& definition) {
  if ((permissions_of(definition.name) & 2) != 0) ++*static_cast<unsigned*>(argument);  // names lie beside the symbols
  return nullptr;
}

void memory_is_as_protected_as_before(void**) {
  void* const handle = dlopen(UNIT_HOOKED_NOW, RTLD_NOW | RTLD_LOCAL);
  assert_non_null(handle);
  Wish wish{"hooked_getpid", reinterpret_cast<void*>(replaced_getpid), nullptr, 0};
  assert_true(redirect_symbols(soname_of(UNIT_HOOKED_NOW), grant, &wish));
  unsigned writable = 0;
  assert_true(redirect_symbols(soname_of(UNIT_HOOKED_NOW), count_writable, &writable));
  assert_int_equal(writable, 0);
  wish.with = wish.real;
  redirect_symbols(soname_of(UNIT_HOOKED_NOW), grant, &wish);
  dlclose(handle);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(look_ups_give_the_replacement_until_it_is_taken_back),
           cmocka_unit_test(other_objects_and_functions_stay_as_they_are),
           cmocka_unit_test(memory_is_as_protected_as_before))
