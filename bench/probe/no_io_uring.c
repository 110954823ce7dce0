/* SPDX-License-Identifier: MIT */
/* Stands in for io_uring.c where its library is missing. */
#include <errno.h>

#include "engine.h"

static int set_up(struct session *session) {
  (void)session;
  return ENOSYS;
}

const struct engine io_uring_engine = {.name = "io_uring", .set_up = set_up};
