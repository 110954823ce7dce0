// SPDX-License-Identifier: MIT
// Head: the context of the submitting thread, as long as it does not wait for storage or a peer, and within a budget of
// copying. Takes cached reads of regular files, writes if the file system supports RWF_NOWAIT, and stream transfers
// that are ready. Never O_DIRECT reads or writes, nor O_SYNC writes: for those the kernel waits for the disk in spite
// of RWF_NOWAIT.
//
// Works on the Request on the submitter's stack; opens nothing, locks nothing, blocks no signal but SIGPIPE and
// SIGXFSZ around a write.
#pragma once

#include "base/tuning.h"
#include "chain/request.h"
#include "exec/perform.h"

namespace atomrt::exec {

// How many bytes one public call may copy in its caller before it hands the rest over. Small reads that notify nobody
// are free: handing one over takes the caller half as long as the read, and costs a worker twice as much on top.
class Budget {
 public:
  static constexpr std::size_t ONE_CALL = tuning::HEAD_BYTES;
  static constexpr std::size_t UNLIMITED = SIZE_MAX;  // the caller waits anyway
  static constexpr std::size_t SMALL = tuning::HEAD_FREE_BYTES;

  explicit Budget(std::size_t bytes) : left_(bytes) {}
  [[nodiscard]] std::size_t left() const { return left_; }
  void spend(std::size_t bytes, int fd) {
    left_ -= bytes < left_ ? bytes : left_;
    served_ = fd;
  }
  // The descriptor that the head served last in this call; -1 for none.
  [[nodiscard]] int served() const { return served_; }
  // A descriptor of which is known what a write by the list's caller needs, as long as no handler may run; -1 for none.
  [[nodiscard]] int known() const { return known_; }
  void know(int fd) { known_ = fd; }

 private:
  std::size_t left_;
  int served_ = -1;
  int known_ = -1;
};

// A set of device numbers, or of mounts, lossy and lock-free: a forgotten entry costs one system call. If another file
// system gets a device number later, the entry stays: so it may only ever affect speed.
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

// The descriptor's flags and file, once they have been asked for, or if they were known.
struct Descriptor {
  int flags;
  bool is_identified;
  os::FileIdentity identity;
};

// Fill in what the request knows of its descriptor: examine its flags, identify its file. 0 or an errno.
[[nodiscard]] int examine(chain::Request& request, Descriptor& descriptor);
[[nodiscard]] int identify(chain::Request& request, Descriptor& descriptor);
// Fills in what follows from the descriptor's flags (F_GETFL).
void note_flags(chain::Request& request, int flags);

// Whether the budget would cut the request: that may be done only to a read of what is known to be a file or disk, as a
// shorter read would lose the end of a device's record.
[[nodiscard]] bool needs_kind(const chain::Request& request, const Budget& budget);
// For reads at an offset. DONE, DECLINED or IS_STREAM.
Attempt read_in_head(chain::Request& request, Budget& budget);
// The same before examine: a system call less. UNEXAMINED where only examine can tell.
Attempt read_unexamined_in_head(chain::Request& request, Budget& budget);
// For writes at an offset, after identify. DONE or DECLINED.
Attempt write_in_head(chain::Request& request, const Descriptor& descriptor, Budget& budget, Devices& refusing);
// For streams that no earlier request keeps busy, after identify. DONE or DECLINED.
Attempt stream_in_head(chain::Request& request, Budget& budget);

}  // namespace atomrt::exec
