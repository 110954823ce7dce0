// SPDX-License-Identifier: MIT
// fields: the private fields are those that glibc's own aio_error and aio_return read (the test is linked with glibc's).
#include "aiocb/fields.h"

#include "unit.h"

namespace {

using namespace atomrt::aiocb;

void in_progress_is_what_glibc_calls_in_progress(void**) {
  struct aiocb block;
  memset(&block, 0xa5, sizeof block);
  store_in_progress(&block);
  assert_int_equal(load_error(&block), EINPROGRESS);
  assert_int_equal(aio_error(&block), EINPROGRESS);
}

void bytes_become_the_return_value(void**) {
  struct aiocb block;
  memset(&block, 0xa5, sizeof block);
  store_result(&block, 0x7ffff000);
  assert_int_equal(load_error(&block), 0);
  assert_int_equal(load_return_value(&block), 0x7ffff000);
  assert_int_equal(aio_error(&block), 0);
  assert_int_equal(aio_return(&block), 0x7ffff000);
  store_result(&block, 0);
  assert_int_equal(aio_error(&block), 0);
  assert_int_equal(aio_return(&block), 0);
}

void a_failure_becomes_an_errno_and_minus_one(void**) {
  struct aiocb block {};
  store_result(&block, -ECANCELED);
  assert_int_equal(load_error(&block), ECANCELED);
  assert_int_equal(load_return_value(&block), -1);
  assert_int_equal(aio_error(&block), ECANCELED);
  assert_int_equal(aio_return(&block), -1);
}

void a_name_is_kept_beside_the_result(void**) {
  struct aiocb block {};
  store_in_progress(&block);
  store_name(&block, {0xfffffffe, 0x80000001});
  assert_int_equal(load_name(&block).number, 0xfffffffe);
  assert_int_equal(load_name(&block).generation, 0x80000001);
  assert_int_equal(load_error(&block), EINPROGRESS);
  store_result(&block, 17);
  assert_int_equal(load_name(&block).number, 0xfffffffe);
  assert_int_equal(load_name(&block).generation, 0x80000001);
}

// Only the private fields: what the program filled in stays as it is.
void the_callers_fields_are_not_touched(void**) {
  struct aiocb block;
  memset(&block, 0x5a, sizeof block);
  store_name(&block, {1, 2});
  store_in_progress(&block);
  store_result(&block, 3);
  struct aiocb expected;
  memset(&expected, 0x5a, sizeof expected);
  assert_int_equal(block.aio_fildes, expected.aio_fildes);
  assert_int_equal(block.aio_lio_opcode, expected.aio_lio_opcode);
  assert_int_equal(block.aio_reqprio, expected.aio_reqprio);
  assert_ptr_equal(block.aio_buf, expected.aio_buf);
  assert_int_equal(block.aio_nbytes, expected.aio_nbytes);
  assert_int_equal(block.aio_offset, expected.aio_offset);
  assert_memory_equal(&block.aio_sigevent, &expected.aio_sigevent, sizeof block.aio_sigevent);
}

void an_aiocb64_has_the_same_fields(void**) {
  struct aiocb64 block;
  memset(&block, 0xa5, sizeof block);
  auto* view = reinterpret_cast<struct aiocb*>(&block);
  store_in_progress(view);
  assert_int_equal(aio_error64(&block), EINPROGRESS);
  store_result(view, -EIO);
  assert_int_equal(aio_error64(&block), EIO);
  assert_int_equal(aio_return64(&block), -1);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(in_progress_is_what_glibc_calls_in_progress),
           cmocka_unit_test(bytes_become_the_return_value), cmocka_unit_test(a_failure_becomes_an_errno_and_minus_one),
           cmocka_unit_test(a_name_is_kept_beside_the_result), cmocka_unit_test(the_callers_fields_are_not_touched),
           cmocka_unit_test(an_aiocb64_has_the_same_fields))
