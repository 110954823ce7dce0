// SPDX-License-Identifier: MIT
#include "exec/pace.h"

#include "exec/perform.h"
#include "os/clock.h"

namespace atomrt::exec {

long Pace::perform(chain::Chain& chain) {
  if (!chain.refuses_nowait) return exec::perform(chain);
  const std::int64_t begin = os::now_ns();
  const long result = exec::perform(chain);
  const bool is_quick = os::now_ns() - begin < QUICK_NS;
  is_quick ? scores_.raise(chain.fd) : scores_.end(chain.fd);
  return result;
}

}  // namespace atomrt::exec
