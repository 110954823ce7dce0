// SPDX-License-Identifier: MIT
// predecessor: asked to cancel in the process that had one, and nowhere else.
#include "engine/predecessor.h"

#include "unit.h"

namespace {

using namespace atomrt::engine;

int asked_fd;
const struct aiocb* asked_block;

int cancel(int fd, struct aiocb* block) {
  asked_fd = fd;
  asked_block = block;
  return AIO_NOTCANCELED;
}

void without_a_predecessor_all_is_done(void**) {
  assert_false(has_predecessor());
  assert_int_equal(cancel_in_predecessor(3, nullptr), AIO_ALLDONE);
}

void the_predecessor_is_asked_in_its_process_alone(void**) {
  struct aiocb block {};
  set_predecessor(cancel);
  assert_true(has_predecessor());
  assert_int_equal(cancel_in_predecessor(7, &block), AIO_NOTCANCELED);
  assert_int_equal(asked_fd, 7);
  assert_ptr_equal(asked_block, &block);
  const pid_t child = fork();
  if (child == 0) _exit(has_predecessor() || cancel_in_predecessor(7, &block) != AIO_ALLDONE);
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(without_a_predecessor_all_is_done),
           cmocka_unit_test(the_predecessor_is_asked_in_its_process_alone))
