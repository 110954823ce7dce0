// SPDX-License-Identifier: MIT
// Threads of the library: detached, all signals but glibc's own blocked from their first instruction to their last (set
// in the creator, so that no handler of the application ever runs on them), small stacks, named. And threads for
// SIGEV_THREAD, which are the application's.
#pragma once

#include <pthread.h>

namespace atomrt::os {

// Returns 0 or an errno (EAGAIN: RLIMIT_NPROC, cgroup pids.max or memory).
int start_library_thread(void* (*body)(void*), void* argument);

// That this thread may run on; 1 where the kernel does not say.
[[nodiscard]] unsigned processors();

// Lets others run that wait for this processor.
void yield_processor();

// name: up to 15 bytes, seen in ps -L.
void name_this_thread(const char* name);

// A thread with the application's attributes, detached where there are none. Returns 0 or an errno (pthread_create).
int start_application_thread(const pthread_attr_t* attributes, void* (*body)(void*), void* argument);

}  // namespace atomrt::os
