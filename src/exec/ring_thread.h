// SPDX-License-Identifier: MIT
// RingThread: the one thread that owns the io_uring. Only it touches the ring; it shares with others the mailbox, the
// doorbell and the chains' places.
//
// A round: read the letters and fill submissions; submit; say of each chain that the kernel has it; see to completions.
// With nothing to do: look around for a moment, or let others run, then sleep for a completion or the doorbell.
//
// A seccomp filter that is entered meanwhile may forbid io_uring_enter. Then the thread takes nothing more, passes on
// what the kernel has not begun, and leaves when it has seen the rest complete, for which it need not ask the kernel
// (ring_forbidden.cpp): no more is in the kernel than has room in the memory of completions.
#pragma once

#include <cstdint>

#include "exec/lookout.h"
#include "exec/ring.h"
#include "exec/uring.h"

namespace atomrt::exec {

// What its completion says.
inline std::uint64_t data_of(aiocb::RequestName name) { return chain::packed(name.generation, name.number); }

class RingThread {
 public:
  explicit RingThread(Ring& ring) : ring_(ring) { yielding_.start(true); }

  // False: the kernel refuses.
  [[nodiscard]] bool open();
  // Until nothing was in the ring for the idle time; or false: until the kernel refused to go on.
  [[nodiscard]] bool work();

 private:
  static constexpr unsigned MOST_STAGED = 64;

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
  chain::Chain* staged_[MOST_STAGED]{};
  unsigned staged_count_ = 0;
  std::uint32_t in_kernel_ = 0;       // chains; of those are
  std::uint32_t transfers_ = 0;       // no polls
  std::uint32_t most_in_kernel_ = 0;  // while there is a transfer
  bool is_forbidden_ = false;
  Lookout yielding_{};
  unsigned burst_ = 0;  // letters since a request was completed
  bool has_yielded_ = false;
  bool listens_ = false;  // a futex operation on the doorbell is in the ring
};

}  // namespace atomrt::exec
