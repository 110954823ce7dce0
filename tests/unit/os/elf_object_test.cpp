// SPDX-License-Identifier: MIT
// elf_object: what it reads of loaded objects is what the loader itself finds in them.
#include "os/elf_object.h"

#include <dlfcn.h>

#include "unit.h"

namespace {

using atomrt::os::elf_object_of;
using atomrt::os::ElfObject;
using atomrt::os::is_same_text;

struct Search {
  const char* soname;
  ElfObject found;
  int count;
};

int look(dl_phdr_info* object, size_t, void* argument) {
  Search& search = *static_cast<Search*>(argument);
  const ElfObject elf = elf_object_of(*object);
  if (elf.has_symbols() && is_same_text(elf.soname(), search.soname)) {
    search.found = elf;
    ++search.count;
  }
  return 0;
}

ElfObject libc() {
  Search search{"libc.so.6", {}, 0};
  dl_iterate_phdr(look, &search);
  assert_int_equal(search.count, 1);
  return search.found;
}

void texts_are_compared_to_their_ends(void**) {
  assert_true(is_same_text("", ""));
  assert_true(is_same_text("aio_read", "aio_read"));
  assert_false(is_same_text("aio_read", "aio_read64"));
  assert_false(is_same_text("aio_read64", "aio_read"));
  assert_false(is_same_text("", "a"));
}

void a_function_is_found_by_name_and_version(void**) {
  const ElfObject object = libc();
  for (const char* name : {"getpid", "read", "qsort"}) {
    void* const expected = dlsym(RTLD_DEFAULT, name);
    bool is_found = false;
    for (std::uint32_t index = 1; index < object.symbol_count(); ++index) {
      is_found |= object.is_defined(index) && is_same_text(object.name(index), name) &&
                  object.find_function(name, object.version(index)) == index;
    }
    assert_true(is_found);
    assert_non_null(expected);
  }
  assert_int_equal(object.find_function("getpid", "GLIBC_9.99"), 0);
  assert_int_equal(object.find_function("getpi", ""), 0);
  assert_int_equal(object.find_function("no_such_function", ""), 0);
}

// As a reference without a version finds it: dlsym agrees. (A function that the loader chooses is none of these.)
void the_default_version_is_found_by_name_alone(void**) {
  const ElfObject object = libc();
  unsigned found = 0;
  for (std::uint32_t index = 1; index < object.symbol_count(); ++index) {
    if (!object.is_defined(index) || (object.symbol(index).st_info & 0xf) != STT_FUNC) continue;
    const std::uint32_t chosen = object.find_default_function(object.name(index));
    if (chosen == 0) continue;  // it has old versions only
    assert_string_equal(object.name(chosen), object.name(index));
    ++found;
  }
  assert_true(found > 1000);
  for (const char* name : {"close", "dup2", "fclose", "freopen64", "qsort"}) {
    const std::uint32_t index = object.find_default_function(name);
    assert_int_not_equal(index, 0);
    if (UNIT_SANITIZED) continue;
    assert_ptr_equal(reinterpret_cast<void*>(object.address(index)), dlsym(RTLD_DEFAULT, name));
  }
  for (const char* name : {"", "clos", "close_", "no_such_function"}) {
    assert_int_equal(object.find_default_function(name), 0);
  }
}

void a_function_in_a_foreign_version_is_another_one(void**) {
  void* const handle = dlopen(UNIT_FOREIGN, RTLD_LAZY | RTLD_LOCAL);
  assert_non_null(handle);
  Search search{"libunit-foreign.so", {}, 0};
  dl_iterate_phdr(look, &search);
  assert_int_equal(search.count, 1);
  assert_int_not_equal(search.found.find_function("close", "FOREIGN_1"), 0);
  assert_int_equal(search.found.find_default_function("close"), 0);
  dlclose(handle);
}

// Two versions of a name are two functions, and dlvsym agrees on both.
void versions_are_told_apart(void**) {
  const ElfObject object = libc();
  unsigned compared = 0;
  for (std::uint32_t index = 1; index < object.symbol_count(); ++index) {
    if (!object.is_defined(index) || (object.symbol(index).st_info & 0xf) != STT_FUNC) continue;
    if (strncmp(object.name(index), "aio_", 4) != 0 && strncmp(object.name(index), "lio_", 4) != 0) continue;
    void* const expected = dlvsym(RTLD_DEFAULT, object.name(index), object.version(index));
    assert_ptr_equal(reinterpret_cast<void*>(object.address(index)), expected);
    assert_int_equal(object.find_function(object.name(index), object.version(index)), index);
    ++compared;
  }
  if (dlsym(RTLD_DEFAULT, "aio_read") != nullptr && !UNIT_SANITIZED) assert_true(compared >= 17);
}

void an_object_without_a_dynamic_section_has_no_symbols(void**) {
  const ElfObject none;
  assert_false(none.has_symbols());
  assert_int_equal(none.symbol_count(), 0);
  assert_string_equal(none.soname(), "");
}

void the_program_itself_has_no_soname(void**) {
  Search search{"", {}, 0};
  dl_iterate_phdr(look, &search);
  assert_true(search.count >= 1);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(texts_are_compared_to_their_ends), cmocka_unit_test(a_function_is_found_by_name_and_version),
           cmocka_unit_test(the_default_version_is_found_by_name_alone),
           cmocka_unit_test(a_function_in_a_foreign_version_is_another_one),
           cmocka_unit_test(versions_are_told_apart),
           cmocka_unit_test(an_object_without_a_dynamic_section_has_no_symbols),
           cmocka_unit_test(the_program_itself_has_no_soname))
