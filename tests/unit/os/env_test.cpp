// SPDX-License-Identifier: MIT
// env: ATOMRT_ variables are found by their whole name, and never under AT_SECURE (getauxval is wrapped).
#include "os/env.h"

#include <sys/auxv.h>

#include "unit.h"

static bool is_secure = false;

extern "C" unsigned long real_getauxval(unsigned long type) __asm__("__real_getauxval");
extern "C" unsigned long wrapped_getauxval(unsigned long type) __asm__("__wrap_getauxval");
extern "C" unsigned long wrapped_getauxval(unsigned long type) {
  return type == AT_SECURE ? is_secure : real_getauxval(type);
}

namespace {

using atomrt::os::environment;

void a_variable_is_found_by_its_whole_name(void**) {
  clearenv();
  setenv("ATOMRT_STATS_INTERVAL", "5", 1);
  setenv("ATOMRT_STAT", "no", 1);
  setenv("XATOMRT_STATS", "no", 1);
  setenv("STATS", "no", 1);
  assert_null(environment("STATS"));
  setenv("ATOMRT_STATS", "file=with=signs", 1);
  assert_string_equal(environment("STATS"), "file=with=signs");
  assert_string_equal(environment("STATS_INTERVAL"), "5");
  assert_null(environment("STATS_"));
  assert_null(environment(""));
}

void an_empty_value_is_not_an_absent_one(void**) {
  clearenv();
  setenv("ATOMRT_VERBOSE", "", 1);
  assert_string_equal(environment("VERBOSE"), "");
}

void no_environment_at_all_is_no_variable(void**) {
  clearenv();
  environ = nullptr;
  assert_null(environment("STATS"));
  char* nothing[] = {nullptr};
  environ = nothing;
  const char* seen = environment("STATS");
  clearenv();
  assert_null(seen);
}

void a_secure_process_sees_none(void**) {
  clearenv();
  setenv("ATOMRT_STATS", "file", 1);
  is_secure = true;
  const char* seen = environment("STATS");
  is_secure = false;
  assert_null(seen);
  assert_non_null(environment("STATS"));
}

void valgrind_is_known_by_its_preload(void**) {
  clearenv();
  assert_false(atomrt::os::is_under_valgrind());
  setenv("LD_PRELOAD", "/usr/lib/libvgpreload.so", 1);
  setenv("XLD_PRELOAD", "/usr/libexec/valgrind/vgpreload_core-amd64-linux.so", 1);
  assert_false(atomrt::os::is_under_valgrind());
  setenv("LD_PRELOAD", "/usr/libexec/valgrind/vgpreload_core-amd64-linux.so:/a.so", 1);
  assert_true(atomrt::os::is_under_valgrind());
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_variable_is_found_by_its_whole_name),
           cmocka_unit_test(an_empty_value_is_not_an_absent_one),
           cmocka_unit_test(no_environment_at_all_is_no_variable), cmocka_unit_test(a_secure_process_sees_none),
           cmocka_unit_test(valgrind_is_known_by_its_preload))
