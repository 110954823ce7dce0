/* SPDX-License-Identifier: MIT */
// A program to be launched, built in several ways: tells that it ran, and with which preload.
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  const char *preload = getenv("LD_PRELOAD");
  printf("ran %s\n", preload ? preload : "");
  return 3;
}
