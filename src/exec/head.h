// SPDX-License-Identifier: MIT
// Head: the submitting thread, for as long as it does not wait for storage or a peer, and within a budget of copying.
// Takes cached reads of regular files, writes where the file system takes RWF_NOWAIT, and stream transfers that are
// ready. Never O_DIRECT reads or writes, nor O_SYNC writes: the kernel waits for the disk there in spite of RWF_NOWAIT.
//
// Works on the Request on the submitter's stack; opens nothing, locks nothing, blocks no signal but SIGPIPE and
// SIGXFSZ around a write.
#pragma once

#include "chain/request.h"
#include "exec/perform.h"

namespace atomrt::exec {

// How much one public call may copy in its caller before it hands the rest over, in bytes. Small reads that notify
// nobody are free: to hand one over keeps the caller half as long, and costs a worker twice as much again.
class Budget {
 public:
  static constexpr std::size_t ONE_CALL = 128 * 1024;
  static constexpr std::size_t UNLIMITED = SIZE_MAX;  // the caller waits anyway
  static constexpr std::size_t SMALL = 4096;

  explicit Budget(std::size_t bytes) : left_(bytes) {}
  [[nodiscard]] std::size_t left() const { return left_; }
  void spend(std::size_t bytes, int fd) {
    left_ -= bytes < left_ ? bytes : left_;
    served_ = fd;
  }
  // The descriptor that the head served last in this call; -1 for none.
  [[nodiscard]] int served() const { return served_; }

 private:
  std::size_t left_;
  int served_ = -1;
};

// A set of device numbers, or of mounts, lossy and lock-free: a forgotten entry costs one system call. A device number
// that another file system gets later keeps its entry: what is remembered here may only ever be a matter of speed.
class Devices {
 public:
  [[nodiscard]] bool contains(std::uint64_t device) const {
    return entries_[device % ENTRIES].load(std::memory_order_relaxed) == device + 1;
  }
  void add(std::uint64_t device) { entries_[device % ENTRIES].store(device + 1, std::memory_order_relaxed); }

 private:
  static constexpr unsigned ENTRIES = 16;
  std::atomic<std::uint64_t> entries_[ENTRIES];
};

// The descriptor's flags and its file, once somebody has asked or where it was known.
struct Descriptor {
  int flags;
  bool is_identified;
  os::FileIdentity identity;
};

// Fills in what the request knows of its descriptor. 0, or EBADF.
[[nodiscard]] int examine(chain::Request& request, Descriptor& descriptor);
[[nodiscard]] int identify(chain::Request& request, Descriptor& descriptor);
// What the descriptor's flags (F_GETFL) tell of it.
void note_flags(chain::Request& request, int flags);

// The result of the whole request, or DECLINED (request.moved tells what has been moved already).
constexpr long DECLINED = NOT_READY;
// A read that the budget would cut: done only of what is known to be a file or disk, as a shorter read would lose the
// end of a device's record.
[[nodiscard]] bool needs_kind(const chain::Request& request, const Budget& budget);
// For reads at an offset; -ESPIPE for a stream.
[[nodiscard]] long read_in_head(chain::Request& request, Budget& budget);
// The same before examine: a system call less. -EINVAL where only examine can tell.
[[nodiscard]] long read_unexamined_in_head(chain::Request& request, Budget& budget);
// For writes at an offset, after identify.
[[nodiscard]] long write_in_head(chain::Request& request, const Descriptor& descriptor, Budget& budget,
                                 Devices& refusing);
// For streams that no earlier request keeps busy, after identify.
[[nodiscard]] long stream_in_head(chain::Request& request, Budget& budget);

}  // namespace atomrt::exec
