// SPDX-License-Identifier: MIT
// RingThread: the one thread that owns the io_uring. Only it touches the ring; it shares the mailbox, the doorbell and
// the chains' places with others.
//
// A round: read the letters and fill in submissions; submit; store each chain's new place; process completions. With
// nothing to do: spin for a moment, or let others run, then sleep until a completion or the doorbell.
//
// A seccomp filter that is entered meanwhile may forbid io_uring_enter. Then the thread takes nothing more, passes on
// what the kernel has not begun, and leaves when it has seen the rest complete. For that it need not ask the kernel
// (ring_forbidden.cpp), as never more is in flight than the completion queue has room for.
#pragma once

#include <cstdint>

#include "base/tuning.h"
#include "exec/lookout.h"
#include "exec/ring.h"
#include "exec/uring.h"

namespace atomrt::exec {

// The user_data of a chain's entry.
inline std::uint64_t data_of(aiocb::RequestName name) { return chain::packed(name.generation, name.number); }

class RingThread {
 public:
  explicit RingThread(Ring& ring) : ring_(ring) { yielding_.start(true); }

  // False: the kernel refuses.
  [[nodiscard]] bool open();
  // Runs until nothing was in the ring for the idle time. False: the kernel refused to go on.
  [[nodiscard]] bool work();

 private:

  void read_letters();
  void begin(aiocb::RequestName name);
  void stage(chain::Chain& chain);
  [[nodiscard]] bool has_room_for(const chain::Chain& chain) const;
  void submit_staged();
  io_uring_sqe* entry();
  void send_forget(aiocb::RequestName name);

  void heed(int outcome);
  [[nodiscard]] bool is_unsent(const chain::Chain& chain) const;
  void wind_up();
  void pass_on_polls();

  bool see_to_completions();
  void completed(std::uint64_t data, int result);
  void transferred(chain::Chain& chain, int result);
  void became_ready(chain::Chain& chain, int result);
  bool is_not_ready(chain::Chain& chain);
  bool try_stream(chain::Chain& chain);
  void finish(chain::Chain& chain, long result);
  void pass_on(chain::Chain& chain);

  [[nodiscard]] bool has_deferred_completions() const;
  [[nodiscard]] bool has_news() const;
  bool linger();
  bool give_way();
  bool sleep();
  bool leave();

  Ring& ring_;
  Uring uring_{};
  chain::Chain* staged_[tuning::RING_STAGED]{};
  unsigned staged_count_ = 0;
  std::uint32_t in_kernel_ = 0;       // chains
  std::uint32_t transfers_ = 0;       // of those, not polls
  std::uint32_t most_in_kernel_ = 0;  // the limit while there is a transfer
  bool is_forbidden_ = false;
  Lookout yielding_{};
  unsigned burst_ = 0;  // letters since a request was completed
  bool has_yielded_ = false;
  bool listens_ = false;  // a futex operation on the doorbell is in the ring
};

}  // namespace atomrt::exec
