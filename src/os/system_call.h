// SPDX-License-Identifier: MIT
// system_call: a raw system call that returns -errno and leaves the application's errno, cancellation state and
// cancellation points alone (glibc's wrappers touch all three). Async-signal-safe.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>

namespace atomrt::os {

template <typename T>
inline long as_word(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<long>(value);
  } else if constexpr (std::is_null_pointer_v<T>) {
    return 0;
  } else {
    return static_cast<long>(value);
  }
}

#if defined(__x86_64__) && !defined(__ILP32__)

inline long enter_kernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

inline long enter_kernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}

#elif defined(__i386__) && !__STDC_HOSTED__  // with a libc its way is the faster one

inline long enter_kernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  const long number_and_sixth[] = {number, f};
  long result;
  __asm__ volatile(
      "pushl %%ebp\n\t"
      "movl 4(%%eax), %%ebp\n\t"
      "movl (%%eax), %%eax\n\t"
      "int $0x80\n\t"
      "popl %%ebp"
      : "=a"(result)
      : "a"(number_and_sixth), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
      : "memory");
  return result;
}

#elif !__STDC_HOSTED__

inline long enter_kernel(long, long = 0, long = 0, long = 0, long = 0, long = 0, long = 0) { return -ENOSYS; }

#else

inline long enter_kernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  const int saved = errno;
  const long result = ::syscall(number, a, b, c, d, e, f);
  const int error = errno;
  errno = saved;
  return result == -1 ? -error : result;
}

#endif

template <typename... Words>
inline long system_call(long number, Words... words) {
  static_assert(sizeof...(words) <= 6);
  return enter_kernel(number, as_word(words)...);
}

// The errors of a kernel without the call, and of seccomp filters.
inline bool is_refused(long result) { return result == -ENOSYS || result == -EPERM || result == -EACCES; }

}  // namespace atomrt::os
