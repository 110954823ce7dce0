// SPDX-License-Identifier: MIT
// request: where a continuation begins.
#include "chain/request.h"

#include "unit.h"

namespace {

using namespace atomrt::chain;

void syncs_are_those_without_data(void**) {
  assert_false(is_sync(Operation::READ));
  assert_false(is_sync(Operation::WRITE));
  assert_true(is_sync(Operation::FSYNC));
  assert_true(is_sync(Operation::FDATASYNC));
}

void a_continuation_begins_behind_what_was_moved(void**) {
  char buffer[100];
  Request request{};
  request.buffer = buffer;
  request.length = sizeof buffer;
  request.offset = 5'000'000'000;
  assert_ptr_equal(next_byte(request), buffer);
  assert_int_equal(bytes_left(request), 100);
  assert_int_equal(next_offset(request), 5'000'000'000);
  request.moved = 30;
  assert_ptr_equal(next_byte(request), buffer + 30);
  assert_int_equal(bytes_left(request), 70);
  assert_int_equal(next_offset(request), 5'000'000'030);
  request.moved = 100;
  assert_int_equal(bytes_left(request), 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(syncs_are_those_without_data),
           cmocka_unit_test(a_continuation_begins_behind_what_was_moved))
