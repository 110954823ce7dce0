/* SPDX-License-Identifier: MIT */
/* Stands in for libaio.c where its library is missing. */
#include <errno.h>

#include "engine.h"

static int set_up(struct session *session) {
  (void)session;
  return ENOSYS;
}

const struct engine libaio_engine = {.name = "libaio", .set_up = set_up};
