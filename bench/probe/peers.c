/* SPDX-License-Identifier: MIT */
#include "peers.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SPARE_DESCRIPTORS = 64 };

void require(bool holds, const char *what) {
  if (holds) return;
  perror(what);
  exit(1);
}

/* As many descriptors as may be had, and are needed. */
static unsigned descriptors(unsigned wanted) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < wanted) {
    const struct rlimit raised = {wanted, wanted};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return wanted;
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max < wanted ? (unsigned)limit.rlim_max : wanted;
}

void open_peers(struct peers *peers, unsigned requests, bool sockets) {
  const unsigned most = (descriptors(2 * requests + SPARE_DESCRIPTORS) - SPARE_DESCRIPTORS) / 2;
  peers->count = requests < most ? requests : most;
  peers->ends = calloc(peers->count, sizeof *peers->ends);
  require(peers->ends != NULL, "memory");
  for (unsigned i = 0; i < peers->count; i++) {
    int *ends = peers->ends[i];
    if (sockets)
      require(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    else
      require(pipe(ends) == 0, "pipe");
  }
}

void feed(const struct peers *peers, unsigned request) {
  require(write(peers->ends[request % peers->count][1], "x", 1) == 1, "write");
}

/* The number after a name in one of the kernel's tables of names and numbers. */
static uint64_t number_in(const char *path, const char *name) {
  char line[256];
  unsigned long long value = 0;
  const size_t length = strlen(name);
  FILE *file = fopen(path, "re");
  require(file != NULL, path);
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, name, length) == 0 && line[length] == ':') value = strtoull(line + length + 1, NULL, 10);
  fclose(file);
  return value;
}

double resident_bytes(void) { return 1024.0 * (double)number_in("/proc/self/smaps_rollup", "Anonymous"); }

unsigned threads_now(void) { return (unsigned)number_in("/proc/self/status", "Threads"); }

uint64_t context_switches_of(int thread) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/status", thread);
  return number_in(path, "voluntary_ctxt_switches") + number_in(path, "nonvoluntary_ctxt_switches");
}

bool is_asleep(int thread) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
  FILE *file = fopen(path, "re");
  require(file != NULL && fgets(line, sizeof line, file) != NULL, path);
  fclose(file);
  const char *state = strrchr(line, ')');
  return state != NULL && state[1] == ' ' && state[2] == 'S';
}

static int64_t time_of(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

int64_t own_cpu_ns(void) { return time_of(CLOCK_THREAD_CPUTIME_ID); }

int64_t others_cpu_ns(void) { return time_of(CLOCK_PROCESS_CPUTIME_ID) - own_cpu_ns(); }

void stay_on_this_processor(void) {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET((unsigned)sched_getcpu(), &here);
  require(sched_setaffinity(0, sizeof here, &here) == 0, "sched_setaffinity");
}

void let_settle(void) {
  enum { STILL_NS = 30000, MOST_LOOKS = 2000 };
  const struct timespec millisecond = {0, 1000000};
  int64_t last = others_cpu_ns();
  for (int i = 0; i < MOST_LOOKS; i++) {
    nanosleep(&millisecond, NULL);
    const int64_t now = others_cpu_ns();
    if (now - last < STILL_NS) return;
    last = now;
  }
}
