#include "os/thread.h"

#include <limits.h>
#include <sys/prctl.h>

#include <bit>
#include <cerrno>

#include "os/signals.h"
#include "os/system_call.h"

namespace atomrt::os {
namespace {

// What the workers need beyond the thread-local storage that glibc puts on the same stack: their deepest path is a
// system call below a few frames. Sanitizers and debuggers want more; pthread_create says EINVAL when it is too little.
constexpr std::size_t STACK_SIZE = 64 * 1024;

int create_detached(std::size_t stack_size, void* (*body)(void*), void* argument) {
  pthread_attr_t attributes;
  if (const int error = pthread_attr_init(&attributes); error != 0) return error;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (stack_size != 0) pthread_attr_setstacksize(&attributes, stack_size);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, body, argument);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

int start_library_thread(void* (*body)(void*), void* argument) {
  const int saved_errno = errno;
  int error;
  {
    const SignalBlock blocked(LIBRARY_THREAD_SIGNALS);
    error = create_detached(STACK_SIZE, body, argument);
    if (error == EINVAL) error = create_detached(0, body, argument);
  }
  errno = saved_errno;
  return error;
}

unsigned processors() {
  unsigned long set[1024 / sizeof(long)]{};
  const long bytes = system_call(SYS_sched_getaffinity, 0, sizeof set, set);
  unsigned count = 0;
  for (const unsigned long word : set) count += static_cast<unsigned>(std::popcount(word));
  return bytes > 0 && count > 0 ? count : 1;
}

void yield_processor() { system_call(SYS_sched_yield); }

void name_this_thread(const char* name) { system_call(SYS_prctl, PR_SET_NAME, name); }

int start_application_thread(const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  const int saved_errno = errno;
  pthread_t thread;
  const int error =
      attributes != nullptr ? pthread_create(&thread, attributes, body, argument) : create_detached(0, body, argument);
  errno = saved_errno;
  return error;
}

}  // namespace atomrt::os
