// SPDX-License-Identifier: MIT
#include "exec/timed.h"

#include "base/tuning.h"
#include "exec/perform.h"
#include "os/clock.h"

namespace atomrt::exec {

long perform_timed(chain::Chain& chain, DescriptorHints& hints) {
  if (!chain.refuses_nowait) return perform(chain);
  const std::int64_t begin = os::now_ns();
  const long result = perform(chain);
  const bool is_quick = os::now_ns() - begin < tuning::QUICK_NS;
  is_quick ? hints.raise(chain.fd, Score::QUICK) : hints.reset(chain.fd, Score::QUICK);
  return result;
}

}  // namespace atomrt::exec
