/* SPDX-License-Identifier: MIT */
// In place of a preload of the other word size: tells that it was loaded.
#include <unistd.h>

__attribute__((constructor)) static void tell(void) {
  static const char text[] = "32-bit preload\n";
  (void)!write(STDOUT_FILENO, text, sizeof text - 1);
}
