// SPDX-License-Identifier: MIT
// Pace: which descriptors' reads only copy, if the file system can't tell beforehand (no RWF_NOWAIT: tmpfs, overlayfs).
// After several quick ones in a row the next one is taken to be quick, too; a slow one ends that.
#pragma once

#include "chain/chain.h"
#include "exec/scores.h"

namespace atomrt::exec {

class Pace {
 public:
  // Less than any storage takes, and more than a copy that is not preempted.
  static constexpr std::int64_t QUICK_NS = 20'000;

  // exec::perform, on any thread; its time is remembered if the file system can't tell.
  [[nodiscard]] long perform(chain::Chain& chain);
  [[nodiscard]] bool is_quick(int fd) const { return scores_.is_enough(fd); }

 private:
  Scores scores_;
};

}  // namespace atomrt::exec
