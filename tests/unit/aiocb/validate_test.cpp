// SPDX-License-Identifier: MIT
// validate: what is refused at once, at and beyond each limit.
#include "aiocb/validate.h"

#include <fcntl.h>

#include "unit.h"

namespace {

using namespace atomrt::aiocb;

void a_priority_is_from_zero_to_the_systems_limit(void**) {
  assert_int_equal(sysconf(_SC_AIO_PRIO_DELTA_MAX), MOST_PRIORITY_DELTA);
  assert_int_equal(check_priority(0), 0);
  assert_int_equal(check_priority(MOST_PRIORITY_DELTA), 0);
  assert_int_equal(check_priority(MOST_PRIORITY_DELTA + 1), EINVAL);
  assert_int_equal(check_priority(-1), EINVAL);
  assert_int_equal(check_priority(INT32_MAX), EINVAL);
  assert_int_equal(check_priority(INT32_MIN), EINVAL);
}

void a_notification_is_of_one_of_four_kinds(void**) {
  struct sigevent event {};
  for (const int kind : {SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID}) {
    event.sigev_notify = kind;
    assert_int_equal(check_notification(event), 0);
  }
  for (const int kind : {-1, 3, 5, 1000, INT32_MAX}) {
    event.sigev_notify = kind;
    assert_int_equal(check_notification(event), EINVAL);
  }
}

void a_zeroed_sigevent_is_fine(void**) {
  struct sigevent event;
  memset(&event, 0, sizeof event);
  assert_int_equal(check_notification(event), 0);
}

void a_sync_is_o_sync_or_o_dsync(void**) {
  assert_int_equal(check_sync_operation(O_SYNC), 0);
  assert_int_equal(check_sync_operation(O_DSYNC), 0);
  for (const int operation : {0, -1, O_RDONLY, O_WRONLY, O_RDWR, O_SYNC | O_DSYNC | O_RDWR, O_DIRECT}) {
    assert_int_equal(check_sync_operation(operation), EINVAL);
  }
}

void a_list_waits_or_not_and_has_no_negative_length(void**) {
  assert_int_equal(check_list_mode(LIO_WAIT, 0), 0);
  assert_int_equal(check_list_mode(LIO_NOWAIT, INT32_MAX), 0);
  assert_int_equal(check_list_mode(LIO_WAIT, -1), EINVAL);
  assert_int_equal(check_list_mode(LIO_NOWAIT, INT32_MIN), EINVAL);
  assert_int_equal(check_list_mode(2, 1), EINVAL);
  assert_int_equal(check_list_mode(-1, 1), EINVAL);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_priority_is_from_zero_to_the_systems_limit),
           cmocka_unit_test(a_notification_is_of_one_of_four_kinds), cmocka_unit_test(a_zeroed_sigevent_is_fine),
           cmocka_unit_test(a_sync_is_o_sync_or_o_dsync),
           cmocka_unit_test(a_list_waits_or_not_and_has_no_negative_length))
