// KnownFile: what is known of the file of requests in flight, by descriptor, so that the next request need not ask the
// kernel again. It holds while one of them is in flight: who closes the descriptor meanwhile, or replaces it, goes
// through engine/hold.cpp, which makes it forgotten.
//
// Shared words: written under the lock of InFlight's bucket, read without: `sequence_` is odd while they change, and a
// reader who sees it changed knows nothing. The words themselves are relaxed; the fences order them against it.
#pragma once

#include <atomic>
#include <cstdint>

#include "os/file.h"

namespace atomrt::chain {

class KnownFile {
 public:
  [[nodiscard]] bool is_known() const { return fd_.load(std::memory_order_relaxed) != 0; }
  // A hint: it may be forgotten before recall is asked.
  [[nodiscard]] bool is_of(int fd) const {
    const int present = fd_.load(std::memory_order_relaxed);
    return present != 0 && present == fd + 1;
  }

  // A regular file on storage of this machine; flags: those of F_GETFL.
  void note(int fd, int flags, const os::FileIdentity& identity) {
    change(fd + 1, flags, identity.device, identity.inode);
  }
  void forget() {
    if (is_known()) change(0, 0, 0, 0);
  }

  bool recall(int fd, int& flags, os::FileIdentity& identity) const {
    const std::uint32_t before = sequence_.load(std::memory_order_acquire);
    if (!is_of(fd)) return false;
    const int flags_then = flags_.load(std::memory_order_relaxed);
    const std::uint64_t device = device_.load(std::memory_order_relaxed);
    const std::uint64_t inode = inode_.load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 != 0 || sequence_.load(std::memory_order_relaxed) != before) return false;
    flags = flags_then;
    identity = {device, inode, 0, os::FileKind::POSITIONAL, false, true, false};
    return true;
  }

 private:
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
  std::atomic<int> fd_;  // +1; 0: nothing is known
  std::atomic<int> flags_;
  std::atomic<std::uint64_t> device_, inode_;
};

}  // namespace atomrt::chain
