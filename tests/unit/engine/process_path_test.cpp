// SPDX-License-Identifier: MIT
// process_path: each %p, the suffix where there is none, and names that do not fit.
#include "engine/process_path.h"

#include "unit.h"

namespace {

using namespace atomrt::engine;

void expands_to(const char* pattern, const char* suffix, const char* format) {
  static ProcessPath path;
  char expected[128];
  const int pid = getpid();
  const char* const numbers = strchr(format, '#');
  if (numbers == nullptr) {
    snprintf(expected, sizeof expected, "%s", format);
  } else {
    snprintf(expected, sizeof expected, "%.*s%d%s", static_cast<int>(numbers - format), format, pid, numbers + 1);
  }
  assert_true(expand(pattern, suffix, path));
  assert_string_equal(path, expected);
}

void the_number_stands_for_its_sign(void**) {
  expands_to("/a/%p.txt", "", "/a/#.txt");
  expands_to("/a/b", "", "/a/b");
  expands_to("%p", "", "#");
  expands_to("%%%d%", "", "%%%d%");
  static ProcessPath path;
  char twice[64];
  snprintf(twice, sizeof twice, "%d/%d", static_cast<int>(getpid()), static_cast<int>(getpid()));
  assert_true(expand("%p/%p", "", path));
  assert_string_equal(path, twice);
}

void the_suffix_is_for_names_without_it(void**) {
  expands_to("/a/b", ".%p", "/a/b.#");
  expands_to("/a/b.%p.c", ".%p", "/a/b.#.c");
}

void what_does_not_fit_is_refused(void**) {
  static ProcessPath path;
  static char pattern[sizeof path + 1];
  memset(pattern, 'x', sizeof path - 1);
  assert_true(expand(pattern, "", path));
  assert_int_equal(strlen(path), sizeof path - 1);
  assert_false(expand(pattern, ".%p", path));
  pattern[sizeof path - 1] = 'x';
  assert_false(expand(pattern, "", path));
  memcpy(pattern + sizeof path - 3, "%p", 3);
  snprintf(pattern + sizeof path - 2, 2, "p");
  assert_false(getpid() >= 100 && expand(pattern, "", path));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(the_number_stands_for_its_sign), cmocka_unit_test(the_suffix_is_for_names_without_it),
           cmocka_unit_test(what_does_not_fit_is_refused))
