// SPDX-License-Identifier: MIT
// The simulated kernel has no io_uring: io_uring_setup says ENOSYS, and so the ring's thread never comes to liburing.
#include "machine/report.h"

extern "C" {

int io_uring_submit(void*) { schedule::fail("io_uring is used, which the simulated kernel does not have"); }
int io_uring_get_events(void*) { schedule::fail("io_uring is used, which the simulated kernel does not have"); }
int io_uring_submit_and_wait_timeout(void*, void*, unsigned, void*, void*) {
  schedule::fail("io_uring is used, which the simulated kernel does not have");
}

}  // extern "C"
