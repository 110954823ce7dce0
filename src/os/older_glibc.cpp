// SPDX-License-Identifier: MIT
// Linked into the shared libraries alone, in front of the functions that glibc 2.34 took from libpthread into libc
// under a new version: a library built with a newer glibc is to load with an older one (2.17 of 2012). --wrap leads the
// library's calls here, and here they are asked for by the version that they had before, which newer ones keep too.
// Entered by any thread; holds nothing.
//
// The references are weak. Before 2.34 libpthread gives these functions, and a preload comes into programs without it:
// they have one thread, which nobody cancels. (Those that use glibc's AIO have it, as librt needs it.)
#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>
#include "os/cancellable_wait.h"

#if defined(__x86_64__)
#define ATOMRT_OLDER_VERSION "GLIBC_2.2.5"
#elif defined(__i386__)
#define ATOMRT_OLDER_VERSION "GLIBC_2.1"
#elif defined(__aarch64__)
#define ATOMRT_OLDER_VERSION "GLIBC_2.17"
#endif
#if defined(__i386__)
#define ATOMRT_OLDEST_VERSION "GLIBC_2.0"
#else
#define ATOMRT_OLDEST_VERSION ATOMRT_OLDER_VERSION
#endif

// older_NAME is NAME of that version, __wrap_NAME what the library's calls of NAME come to.
#define ATOMRT_OLDER(name, version)                           \
  __asm__(".symver older_" #name ", " #name "@" version); \
  extern "C" [[gnu::weak]] decltype(name) older_##name;       \
  extern "C" decltype(name) __wrap_##name;

ATOMRT_OLDER(pthread_create, ATOMRT_OLDER_VERSION)
ATOMRT_OLDER(pthread_attr_setstacksize, ATOMRT_OLDER_VERSION)
ATOMRT_OLDER(pthread_attr_getstacksize, ATOMRT_OLDER_VERSION)
ATOMRT_OLDER(pthread_mutex_trylock, ATOMRT_OLDEST_VERSION)
ATOMRT_OLDER(pthread_testcancel, ATOMRT_OLDEST_VERSION)
ATOMRT_OLDER(dlsym, ATOMRT_OLDEST_VERSION)
ATOMRT_OLDER(_pthread_cleanup_push, ATOMRT_OLDEST_VERSION)
ATOMRT_OLDER(_pthread_cleanup_pop, ATOMRT_OLDEST_VERSION)

int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                          void* argument) noexcept {
  return older_pthread_create != nullptr ? older_pthread_create(thread, attributes, body, argument) : EAGAIN;
}

int __wrap_pthread_attr_setstacksize(pthread_attr_t* attributes, std::size_t size) noexcept {
  return older_pthread_attr_setstacksize != nullptr ? older_pthread_attr_setstacksize(attributes, size) : 0;
}

int __wrap_pthread_attr_getstacksize(const pthread_attr_t* attributes, std::size_t* size) noexcept {
  return older_pthread_attr_getstacksize != nullptr ? older_pthread_attr_getstacksize(attributes, size) : ENOSYS;
}

int __wrap_pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  return older_pthread_mutex_trylock != nullptr ? older_pthread_mutex_trylock(mutex) : 0;
}

void* __wrap_dlsym(void* handle, const char* name) noexcept {
  return older_dlsym != nullptr ? older_dlsym(handle, name) : nullptr;
}

void __wrap_pthread_testcancel() {
  if (older_pthread_testcancel != nullptr) older_pthread_testcancel();
}

void __wrap__pthread_cleanup_push(_pthread_cleanup_buffer* buffer, void (*routine)(void*), void* argument) noexcept {
  if (older__pthread_cleanup_push != nullptr) older__pthread_cleanup_push(buffer, routine, argument);
}

void __wrap__pthread_cleanup_pop(_pthread_cleanup_buffer* buffer, int execute) noexcept {
  if (older__pthread_cleanup_pop != nullptr) older__pthread_cleanup_pop(buffer, execute);
}
