// SPDX-License-Identifier: MIT
// Expected: a value or an errno, and how the kernel's results become one.
#include "base/expected.h"

#include "unit.h"

namespace {

using atomrt::base::Error;
using atomrt::base::Expected;
using atomrt::base::from_kernel;

void a_value_has_no_error(void**) {
  const Expected<int> expected = 7;
  assert_true(expected.has_value());
  assert_true(static_cast<bool>(expected));
  assert_int_equal(expected.value(), 7);
  assert_int_equal(*expected, 7);
  assert_int_equal(expected.error(), 0);
}

void zero_is_a_value(void**) {
  const Expected<int> expected = 0;
  assert_true(expected.has_value());
}

void an_error_has_no_value(void**) {
  const Expected<void*> expected = Error{ENOMEM};
  assert_false(expected.has_value());
  assert_false(static_cast<bool>(expected));
  assert_int_equal(expected.error(), ENOMEM);
}

void the_kernels_errors_are_the_last_4095(void**) {
  assert_int_equal(from_kernel<int>(-1).error(), 1);
  assert_int_equal(from_kernel<long>(-4095).error(), 4095);
  assert_true(from_kernel<long>(-4096).has_value());  // an address, not an errno
  assert_int_equal(from_kernel<long>(-4096).value(), -4096L);
  assert_true(from_kernel<int>(0).has_value());
  assert_int_equal(from_kernel<int>(42).value(), 42);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_value_has_no_error), cmocka_unit_test(zero_is_a_value),
           cmocka_unit_test(an_error_has_no_value), cmocka_unit_test(the_kernels_errors_are_the_last_4095))
