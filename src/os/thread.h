// SPDX-License-Identifier: MIT
// Threads of the library: detached, all signals but glibc's own blocked from their first instruction to their last (set
// in the creator, so that no handler of the application ever runs on them), small stacks, named. And threads for
// SIGEV_THREAD, which are the application's.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>

namespace atomrt::os {

// Returns 0 or an errno (EAGAIN: RLIMIT_NPROC, cgroup pids.max or memory).
int start_library_thread(void* (*body)(void*), void* argument);

// Asked for each time: a child has another one.
[[nodiscard]] int process_number();

// How many processors this thread may run on; 1 where the kernel does not say.
[[nodiscard]] unsigned processors();

// Lets threads run that wait for this processor.
void yield_processor();

// Where glibc keeps a thread's number: the offset from pthread_self(); 0 where it is not known. Written at load, before
// there are other threads, or by the one that loads the library: relaxed.
extern constinit std::atomic<std::uint32_t> thread_number_offset;

// This thread's number, as ps -L shows it, without a system call; 0 where it is not known: static programs.
[[nodiscard]] inline std::uint32_t this_thread_number() {
  const std::uint32_t offset = thread_number_offset.load(std::memory_order_relaxed);
  if (offset == 0) return 0;
  return *reinterpret_cast<const std::uint32_t*>(reinterpret_cast<const char*>(pthread_self()) + offset);
}

// This thread's timed sleeps end when their time does; the kernel adds 50 us to others', and to those of threads that
// are made meanwhile.
class [[nodiscard]] ExactSleeps {
 public:
  ExactSleeps();
  ~ExactSleeps();
  ExactSleeps(const ExactSleeps&) = delete;
  ExactSleeps& operator=(const ExactSleeps&) = delete;
};

// name: up to 15 bytes, seen in ps -L.
void name_this_thread(const char* name);

// A thread with the application's attributes, detached where there are none. The caller has all signals blocked, and
// the thread begins so: a handler must not run while pthread_create holds its locks, and wait for a request whose end
// makes a thread, too. Returns 0 or an errno (pthread_create).
int start_application_thread(const pthread_attr_t* attributes, void* (*body)(void*), void* argument);

}  // namespace atomrt::os
