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

// An object of the test's own, its pointers absolute: some functions, in versions of glibc's and of another's.
struct Made {
  static constexpr char STRINGS[] = "\0first\0data\0missing\0second\0old\0GLIBC_2.5\0FOREIGN\0GLIB";
  enum : ElfW(Word) { FIRST = 1, DATA = 7, MISSING = 12, SECOND = 20, OLD = 27, IN_GLIBC = 31, IN_FOREIGN = 41, IN_SHORT = 49 };
  static constexpr std::uint32_t COUNT = 6;
  static constexpr std::uint16_t HIDDEN = 0x8000;

  ElfW(Sym) symbols[COUNT]{};
  std::uint32_t hash[2] = {1, COUNT};  // the rest is not read
  std::uint16_t versions[COUNT]{};
  struct {
    ElfW(Verdef) of;
    ElfW(Verdaux) named;
  } definitions[4]{};
  ElfW(Dyn) dynamic[8]{};
  unsigned entries = 0;

  Made() {
    const auto put = [&](std::uint32_t index, ElfW(Word) name, unsigned char kind, bool is_defined) {
      symbols[index].st_name = name;
      symbols[index].st_info = kind;
      symbols[index].st_shndx = is_defined ? 1 : SHN_UNDEF;
      symbols[index].st_value = is_defined ? 0x1000 + index : 0;
    };
    put(1, FIRST, STT_FUNC, true);
    put(2, DATA, STT_OBJECT, true);
    put(3, MISSING, STT_FUNC, false);
    put(4, SECOND, STT_FUNC, true);
    put(5, OLD, STT_FUNC, true);
    const ElfW(Word) names[] = {FIRST, IN_GLIBC, IN_FOREIGN, IN_SHORT};
    for (unsigned i = 0; i < 4; ++i) {
      definitions[i].of.vd_ndx = static_cast<ElfW(Half)>(i + 1);
      definitions[i].of.vd_flags = i == 0 ? VER_FLG_BASE : 0;
      definitions[i].of.vd_aux = sizeof definitions[i].of;
      definitions[i].of.vd_next = i < 3 ? sizeof definitions[i] : 0;
      definitions[i].named.vda_name = names[i];
    }
    point(DT_SYMTAB, symbols);
    point(DT_STRTAB, STRINGS);
  }
  Made& point(long tag, const void* to) {
    dynamic[entries].d_tag = tag;
    dynamic[entries++].d_un.d_ptr = reinterpret_cast<ElfW(Addr)>(to);
    return *this;
  }
  [[nodiscard]] ElfObject object() const { return {0, dynamic}; }
};

void the_old_table_of_names_is_enough(void**) {
  Made made;
  assert_true(made.object().has_symbols());
  assert_int_equal(made.object().symbol_count(), 0);  // nothing to count them by
  assert_int_equal(made.object().find_default_function("first"), 0);
  made.point(DT_HASH, made.hash);
  const ElfObject object = made.object();
  assert_int_equal(object.symbol_count(), Made::COUNT);
  assert_int_equal(object.find_default_function("first"), 1);
  assert_int_equal(object.find_default_function("second"), 4);
  assert_int_equal(object.find_function("second", ""), 4);
  for (const char* name : {"data", "missing", "third"}) {
    assert_int_equal(object.find_default_function(name), 0);
    assert_int_equal(object.find_function(name, ""), 0);
  }
}

void versions_decide_what_a_name_means(void**) {
  Made made;
  made.point(DT_HASH, made.hash).point(DT_VERSYM, made.versions);
  const std::uint16_t versions[] = {0, 0, 1, 1, 3, 2 | Made::HIDDEN};
  memcpy(made.versions, versions, sizeof versions);
  assert_string_equal(made.object().version(4), "");  // there are no definitions
  made.point(DT_VERDEF, made.definitions);
  const ElfObject object = made.object();
  assert_string_equal(object.version(4), "FOREIGN");
  assert_string_equal(object.version(5), "GLIBC_2.5");
  assert_string_equal(object.version(1), "");
  assert_string_equal(object.version(2), "");  // the object's own name is no version
  assert_int_equal(object.find_default_function("first"), 1);
  assert_int_equal(object.find_default_function("second"), 0);
  assert_int_equal(object.find_default_function("old"), 0);
  assert_int_equal(object.find_function("old", "GLIBC_2.5"), 5);
  made.versions[5] = 2;
  assert_int_equal(object.find_default_function("old"), 5);
  made.versions[5] = 4;  // "GLIB"
  assert_int_equal(object.find_default_function("old"), 0);
  made.versions[5] = 9;  // no such definition
  assert_string_equal(object.version(5), "");
  assert_int_equal(object.find_function("old", "GLIBC_2.5"), 0);
}

// As of a program without exports: buckets, the first index, words of the filter, shift; filter; buckets.
void tables_without_names_are_empty(void**) {
  const std::uint32_t none[] = {0, 3, 0, 0}, empty[] = {1, 5, 0, 0, 0};
  Made made;
  assert_int_equal(made.point(DT_GNU_HASH, none).object().symbol_count(), 3);
  assert_int_equal(made.object().find_default_function("first"), 0);
  Made other;
  assert_int_equal(other.point(DT_GNU_HASH, empty).object().symbol_count(), 5);
  assert_int_equal(other.object().find_default_function("first"), 0);
}

void what_has_half_of_its_tables_has_no_names(void**) {
  Made made;
  made.entries = 1;  // symbols alone
  made.dynamic[1] = {};
  assert_false(made.object().has_symbols());
  made.point(DT_SONAME, nullptr);
  assert_string_equal(made.object().soname(), "");
  const dl_phdr_info no_segments{};
  assert_false(elf_object_of(no_segments).has_symbols());
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(the_old_table_of_names_is_enough), cmocka_unit_test(versions_decide_what_a_name_means),
           cmocka_unit_test(tables_without_names_are_empty), cmocka_unit_test(what_has_half_of_its_tables_has_no_names),
           cmocka_unit_test(texts_are_compared_to_their_ends), cmocka_unit_test(a_function_is_found_by_name_and_version),
           cmocka_unit_test(the_default_version_is_found_by_name_alone),
           cmocka_unit_test(a_function_in_a_foreign_version_is_another_one),
           cmocka_unit_test(versions_are_told_apart),
           cmocka_unit_test(an_object_without_a_dynamic_section_has_no_symbols),
           cmocka_unit_test(the_program_itself_has_no_soname))
