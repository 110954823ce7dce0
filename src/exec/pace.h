// SPDX-License-Identifier: MIT
// Pace: which descriptors' reads only copy, where the file system can't say so beforehand (no RWF_NOWAIT: tmpfs,
// overlayfs). Several quick ones in a row say that the next one is quick, too; a slow one ends it.
#pragma once

#include "chain/chain.h"
#include "exec/scores.h"

namespace atomrt::exec {

class Pace {
 public:
  // Less than any storage takes, and more than a copy does that no other thread comes between.
  static constexpr std::int64_t QUICK_NS = 20'000;

  // exec::perform, by whichever thread; what it took is remembered where nobody else can tell.
  [[nodiscard]] long perform(chain::Chain& chain);
  [[nodiscard]] bool is_quick(int fd) const { return scores_.is_enough(fd); }

 private:
  Scores scores_;
};

}  // namespace atomrt::exec
