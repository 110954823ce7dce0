// SPDX-License-Identifier: MIT
// Tries what the contexts need of the kernel. Each probe leaves nothing behind.
#pragma once

#include <array>

namespace atomrt::launcher {

struct Finding {
  bool is_usable = false;
  std::array<char, 160> text{};  // what is there, or why not

  [[gnu::format(printf, 2, 3)]] void say(const char* format, ...);
};

// PR_GET_SECCOMP: 0 none, 2 a filter.
[[nodiscard]] int seccomp_mode();

// A ring without a descriptor (IORING_SETUP_NO_MMAP and REGISTERED_FD_ONLY, Linux 6.5), and whether it can wait on a
// futex (Linux 6.7), without which it is not usable. Not tried under a seccomp filter: that may kill the process.
[[nodiscard]] Finding probe_io_uring();
// Room for a process's requests (io_setup), and a wait for them with a signal mask (io_pgetevents, Linux 4.18).
[[nodiscard]] Finding probe_kernel_aio();

}  // namespace atomrt::launcher
