/* SPDX-License-Identifier: MIT */
/* A library whose constructor and destructor use AIO; the loader runs them before and after those of others. */
#include "early_and_late.h"

__attribute__((constructor)) static void begin(void) { use_aio_or_exit(11); }
__attribute__((destructor)) static void end(void) { use_aio_or_exit(12); }

void early_and_late_use(void) { use_aio_or_exit(13); }
