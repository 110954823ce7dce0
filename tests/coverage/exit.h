// SPDX-License-Identifier: MIT
// Before all else in the tests' sources where gcov counts (-Db_coverage=true): a child that leaves by _exit would not write
// what it has counted. It writes it here, unless vfork has made it, or files may not grow. A C program ends by exit for
// that: the library that it loads has counts of its own.
#pragma once
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" void __gcov_dump(void);
#endif

static pid_t covered_child;

static void note_covered_child(void) { covered_child = getpid(); }

__attribute__((constructor)) static void heed_covered_children(void) { pthread_atfork(NULL, NULL, note_covered_child); }

__attribute__((noreturn, unused)) static void covered_exit(int status) {
  const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  struct rlimit present;
  const int may_write = (getrlimit(RLIMIT_FSIZE, &present) == 0 && present.rlim_cur == RLIM_INFINITY) ||
                        setrlimit(RLIMIT_FSIZE, &all) == 0;
  if (may_write && covered_child == getpid()) {
#ifdef __cplusplus
    __gcov_dump();
#else
    exit(status);
#endif
  }
  _exit(status);
}
#define _exit covered_exit
