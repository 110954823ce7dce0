// SPDX-License-Identifier: MIT
// What the ring's thread does when io_uring_enter is forbidden by a seccomp filter entered while the ring was in use.
#include "base/tuning.h"
#include "exec/ring_thread.h"
#include "os/clock.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

namespace {

// An error of io_uring_enter itself that is not temporary: a filter forbids it, with any errno it likes.
bool is_forbidden(int outcome) {
  return outcome < 0 && outcome != -EAGAIN && outcome != -EBUSY && outcome != -EINTR && outcome != -ENOMEM &&
         outcome != -ETIME && outcome != -EBADR;
}

}  // namespace

void RingThread::heed(int outcome) {
  if (is_forbidden(outcome)) is_forbidden_ = true;
}

// Whether the kernel has not taken its entry.
bool RingThread::is_unsent(const Chain& chain) const {
  const io_uring_sq& queue = uring_.ring.sq;
  for (unsigned at = *queue.khead; at != queue.sqe_tail; ++at) {
    if (queue.sqes[at & queue.ring_mask].user_data == data_of(name_of(chain))) return true;
  }
  return false;
}

// What the kernel has not begun goes to another context. Completions of the rest appear in the ring's memory, which the
// kernel writes at any system call of this thread (no IORING_SETUP_DEFER_TASKRUN).
void RingThread::wind_up() {
  ring_.refuse();
  pass_on_polls();
  std::int64_t look_ns = tuning::SHORTEST_RING_LOOK_NS;
  while (in_kernel_ != 0) {
    if (see_to_completions()) {
      look_ns = tuning::SHORTEST_RING_LOOK_NS;
      continue;
    }
    const os::FutexWord nobody_wakes{0};
    os::futex_wait_until(nobody_wakes, 0, os::now_ns() + look_ns);
    look_ns = look_ns < tuning::LONGEST_RING_LOOK_NS ? look_ns * 2 : tuning::LONGEST_RING_LOOK_NS;
  }
}

// For streams the kernel only polls: those chains go to another context, and their completions, which may come until
// this thread ends, are ignored from now on. What else the kernel has is counted anew.
void RingThread::pass_on_polls() {
  in_kernel_ = 0;
  const std::uint32_t made = ring_.chains_->made();
  for (std::uint32_t number = 1; number <= made; ++number) {
    Chain& chain = *ring_.chains_->at(number);
    const std::uint32_t generation = generation_of(chain);
    if (chain::is_at(chain, generation, Place::IN_RING)) {
      chain.is_polled ? pass_on(chain) : static_cast<void>(++in_kernel_);
    } else if (chain::claim_patiently(chain, generation, Place::BLOCKED, Place::MOVING)) {
      chain.is_polled ? pass_on(chain) : put(chain, Place::BLOCKED);  // else a worker's
    }
  }
}

}  // namespace atomrt::exec
