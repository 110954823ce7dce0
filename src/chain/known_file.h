// SPDX-License-Identifier: MIT
// KnownFile: what is known of the file of requests in flight, by descriptor, so that the next request need not ask the
// kernel again. It holds while one of them has no result yet. A call that closes or replaces the descriptor meanwhile
// goes through engine/hold.cpp, which drops it; a program that changes the flags once it has seen all results finds
// them changed for the next request.
//
// Shared words: written under the lock of InFlight's bucket, read without: `sequence_` is odd while they change, and a
// reader that sees it changed knows nothing. The words themselves are relaxed; the fences order them against it.
//   users_  requests without a result that keep it. Raised under the lock, lowered without, before the result is
//           stored: a thread that sees the result sees that, too. At 0 nothing is known, whatever the words say.
#pragma once

#include <atomic>
#include <cstdint>

#include "os/file.h"

namespace atomrt::chain {

class KnownFile {
 public:
  [[nodiscard]] bool is_known() const { return users_.load(std::memory_order_acquire) != 0; }
  // A hint: it may be forgotten before recall is asked.
  [[nodiscard]] bool is_of(int fd) const { return has_number(fd) && is_known(); }

  // A regular file on storage of this machine; flags: those of F_GETFL. The request that notes it keeps it.
  void note(int fd, int flags, const os::FileIdentity& identity) {
    change(fd + 1, flags, identity.device, identity.inode);
    users_.store(1, std::memory_order_release);  // a reader that sees it sees the sequence changed
  }
  void forget() {
    users_.store(0, std::memory_order_relaxed);
    if (fd_.load(std::memory_order_relaxed) != 0) change(0, 0, 0, 0);
  }

  // Another request of fd keeps what is known of it. False: nothing is.
  [[nodiscard]] bool keep(int fd) {
    if (!has_number(fd)) return false;
    std::uint32_t present = users_.load(std::memory_order_relaxed);
    while (present != 0) {
      if (users_.compare_exchange_weak(present, present + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  // A request of fd that kept it no longer does. It may have been forgotten since, and noted again for other requests:
  // these then know it for a shorter time than they could.
  void let_go(int fd) {
    if (!has_number(fd)) return;
    std::uint32_t present = users_.load(std::memory_order_relaxed);
    while (present != 0 && !users_.compare_exchange_weak(present, present - 1, std::memory_order_release,
                                                         std::memory_order_relaxed)) {
    }
  }

  bool recall(int fd, int& flags, os::FileIdentity& identity) const {
    const std::uint32_t before = sequence_.load(std::memory_order_acquire);
    if (!has_number(fd)) return false;
    const int flags_then = flags_.load(std::memory_order_relaxed);
    const std::uint64_t device = device_.load(std::memory_order_relaxed);
    const std::uint64_t inode = inode_.load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 != 0 || !is_known() || sequence_.load(std::memory_order_relaxed) != before) return false;
    flags = flags_then;
    identity = {device, inode, 0, os::FileKind::POSITIONAL, false, true, false};
    return true;
  }

 private:
  [[nodiscard]] bool has_number(int fd) const {
    const int present = fd_.load(std::memory_order_relaxed);
    return present != 0 && present == fd + 1;
  }

  void change(int fd, int flags, std::uint64_t device, std::uint64_t inode) {
    const std::uint32_t before = sequence_.load(std::memory_order_relaxed);
    sequence_.store(before + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    fd_.store(fd, std::memory_order_relaxed);
    flags_.store(flags, std::memory_order_relaxed);
    device_.store(device, std::memory_order_relaxed);
    inode_.store(inode, std::memory_order_relaxed);
    sequence_.store(before + 2, std::memory_order_release);
  }

  std::atomic<std::uint32_t> sequence_;
  std::atomic<std::uint32_t> users_;
  std::atomic<int> fd_;  // +1; 0: nothing is known
  std::atomic<int> flags_;
  std::atomic<std::uint64_t> device_, inode_;
};

}  // namespace atomrt::chain
