// WrittenFile: what is known of the file that buffered writes in flight go to, by descriptor, so that the next write need
// not ask the kernel again. It holds while one of them is in flight: who closes the descriptor meanwhile, or replaces it,
// goes through engine/hold.cpp, which makes it forgotten.
//
// Shared words: written under the lock of InFlight's bucket, read without: `sequence_` is odd while they change, and a
// reader who sees it changed knows nothing. The words themselves are relaxed; the fences order them against it.
#pragma once

#include <atomic>
#include <cstdint>

#include "os/file.h"

namespace atomrt::chain {

class WrittenFile {
 public:
  [[nodiscard]] bool is_known() const { return fd_.load(std::memory_order_relaxed) != 0; }

  // A regular file on storage of this machine.
  void note(int fd, bool appends, const os::FileIdentity& identity) {
    change(fd + 1, appends, identity.device, identity.inode);
  }
  void forget() {
    if (is_known()) change(0, false, 0, 0);
  }

  bool recall(int fd, bool& appends, os::FileIdentity& identity) const {
    const std::uint32_t before = sequence_.load(std::memory_order_acquire);
    const int present = fd_.load(std::memory_order_relaxed);
    appends = appends_.load(std::memory_order_relaxed);
    identity = {device_.load(std::memory_order_relaxed), inode_.load(std::memory_order_relaxed), 0,
                os::FileKind::POSITIONAL, false, true, false};
    std::atomic_thread_fence(std::memory_order_acquire);
    return present != 0 && present == fd + 1 && before % 2 == 0 && sequence_.load(std::memory_order_relaxed) == before;
  }

 private:
  void change(int fd, bool appends, std::uint64_t device, std::uint64_t inode) {
    const std::uint32_t before = sequence_.load(std::memory_order_relaxed);
    sequence_.store(before + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    fd_.store(fd, std::memory_order_relaxed);
    appends_.store(appends, std::memory_order_relaxed);
    device_.store(device, std::memory_order_relaxed);
    inode_.store(inode, std::memory_order_relaxed);
    sequence_.store(before + 2, std::memory_order_release);
  }

  std::atomic<std::uint32_t> sequence_;
  std::atomic<int> fd_;  // +1; 0: nothing is known
  std::atomic<bool> appends_;
  std::atomic<std::uint64_t> device_, inode_;
};

}  // namespace atomrt::chain
