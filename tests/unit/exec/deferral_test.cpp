// SPDX-License-Identifier: MIT
// Deferral: when a file's writes are left to waiters, and what ends it.
#include "exec/deferral.h"

#include "unit.h"

namespace {

using atomrt::exec::Deferral;
using atomrt::unit::zeroed;

int takes_until_on(Deferral& deferral, int fd) {
  int count = 0;
  for (; !deferral.is_on(fd) && count < 100; ++count) deferral.waiter_took(fd);
  return count;
}

void it_takes_several_takes_in_a_row(void**) {
  auto& deferral = zeroed<Deferral>();
  assert_false(deferral.is_on(3));
  assert_in_range(takes_until_on(deferral, 3), 2, 16);
  deferral.waiter_took(3);
  assert_true(deferral.is_on(3));
}

void files_are_told_apart(void**) {
  auto& deferral = zeroed<Deferral>();
  takes_until_on(deferral, 3);
  assert_false(deferral.is_on(4));
  takes_until_on(deferral, 4);
  deferral.end(3);
  assert_false(deferral.is_on(3));
  assert_true(deferral.is_on(4));
}

void after_an_end_it_takes_as_many_again(void**) {
  auto& deferral = zeroed<Deferral>();
  const int first = takes_until_on(deferral, 3);
  deferral.end(3);
  assert_int_equal(takes_until_on(deferral, 3), first);
}

void every_take_is_counted(void**) {
  auto& deferral = zeroed<Deferral>();
  const std::uint32_t before = deferral.takes();
  for (int i = 0; i < 300; ++i) deferral.waiter_took(i);
  deferral.end(3);
  assert_int_equal(deferral.takes() - before, 300);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(it_takes_several_takes_in_a_row), cmocka_unit_test(files_are_told_apart),
           cmocka_unit_test(after_an_end_it_takes_as_many_again), cmocka_unit_test(every_take_is_counted))
