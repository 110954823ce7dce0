// SPDX-License-Identifier: MIT
#include "exec/timed.h"

#include "base/tuning.h"
#include "exec/perform.h"
#include "os/clock.h"

namespace atomrt::exec {

namespace {

// A lone one's order and flags are written by who moves it out meanwhile, so they are not read here.
bool counts(const chain::Chain& chain) {
  if (chain.refuses_nowait) return true;
  return chain.operation == chain::Operation::WRITE && chain.way.load(std::memory_order_relaxed) == chain::Way::LISTED;
}

}  // namespace

long perform_timed(chain::Chain& chain, DescriptorHints& hints) {
  if (!counts(chain)) return perform(chain);
  const std::int64_t begin = os::now_ns();
  const long result = perform(chain);
  const bool is_quick = os::now_ns() - begin < tuning::QUICK_NS;
  is_quick ? hints.raise(chain.fd, Score::QUICK) : hints.reset(chain.fd, Score::QUICK);
  return result;
}

long write_timed(const chain::Request& request, DescriptorHints& hints) {
  const std::int64_t begin = os::now_ns();
  const long result = os::write_at(request.fd, next_byte(request), bytes_left(request), next_offset(request));
  if (os::now_ns() - begin >= tuning::CALLERS_WRITE_NS) hints.reset(request.fd, Score::QUICK);
  return result;
}

}  // namespace atomrt::exec
