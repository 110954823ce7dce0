// SPDX-License-Identifier: MIT
// ATOMRT_EXPORT(name): makes extern "C" atomrt_<name> the public function <name>; ATOMRT_EXPORT_NEW(name) one that
// glibc has had in libc only, since 2.34.
//
// In the link library the name is unversioned: it serves every reference. In the preload (ATOMRT_PRELOAD) it carries
// glibc's own version names, which serve versioned references, dlsym and dlvsym alike; a version of our own would be
// ignored silently. What else the objects define stays hidden (exports.map).
#pragma once

#include <aio.h>

#include <cerrno>

// The version that first had AIO on this ABI, and the one that moved it from librt into libc.
#if defined(__x86_64__)
#define ATOMRT_OLDEST_VERSION "GLIBC_2.2.5"
#elif defined(__i386__)
#define ATOMRT_OLDEST_VERSION "GLIBC_2.1"
#elif defined(__aarch64__)
#define ATOMRT_OLDEST_VERSION "GLIBC_2.17"
#endif
#define ATOMRT_NEWEST_VERSION "GLIBC_2.34"

// Whether programs choose between times of 32 and of 64 bits (glibc 2.34).
#if defined(__TIMESIZE) && __TIMESIZE == 32
#define ATOMRT_HAS_TIME64 1
#else
#define ATOMRT_HAS_TIME64 0
#endif

// The old lio_listio, whose entries send no notifications of their own, is older than glibc 2.4 and the younger ABIs.
#if defined(ATOMRT_PRELOAD) && (defined(__x86_64__) || defined(__i386__))
#define ATOMRT_HAS_OLD_LIST 1
#else
#define ATOMRT_HAS_OLD_LIST 0
#endif

// Gives a function its version: ATOMRT_VERSIONED stands in the declaration, ATOMRT_VERSIONED_BY_ASSEMBLER after it, and
// one of them does the work. g++ keeps an attribute with its function when it optimises at link time (-flto); an asm
// statement may land in another part of the program. (g++ 12 silently ignores [[gnu::symver]].) clang has no such
// attribute and takes the asm statement.
#if __has_attribute(symver)
#define ATOMRT_VERSIONED(versioned_name) __attribute__((symver(versioned_name)))
#define ATOMRT_VERSIONED_BY_ASSEMBLER(name, versioned_name) static_assert(true)
#else
#define ATOMRT_VERSIONED(versioned_name)
#define ATOMRT_VERSIONED_BY_ASSEMBLER(name, versioned_name) __asm__(".symver " name "," versioned_name)
#endif

#if defined(ATOMRT_PRELOAD) && defined(ATOMRT_OLDEST_VERSION)
#define ATOMRT_ALIAS(name, suffix, version)                                                                 \
  extern "C" [[gnu::alias("atomrt_" #name), gnu::visibility("default")]] decltype(atomrt_##name)            \
      atomrt_##name##_##suffix ATOMRT_VERSIONED(#name version);                                             \
  ATOMRT_VERSIONED_BY_ASSEMBLER("atomrt_" #name "_" #suffix, #name version)
#define ATOMRT_EXPORT_NEW(name) ATOMRT_ALIAS(name, newest, "@@" ATOMRT_NEWEST_VERSION)
#define ATOMRT_EXPORT(name)                               \
  ATOMRT_ALIAS(name, oldest, "@" ATOMRT_OLDEST_VERSION);  \
  ATOMRT_EXPORT_NEW(name)
#else
#define ATOMRT_EXPORT(name) \
  extern "C" [[gnu::alias("atomrt_" #name), gnu::visibility("default")]] decltype(atomrt_##name) name
#define ATOMRT_EXPORT_NEW(name) ATOMRT_EXPORT(name)
#endif

namespace atomrt::posix {

// The last line of every public function that can fail: 0 stays, an errno becomes -1.
inline int report(int error) {
  if (error == 0) return 0;
  errno = error;
  return -1;
}

}  // namespace atomrt::posix
