// SPDX-License-Identifier: MIT
// vain_pipe.h: a pipe in which reads find nothing, so that the next is sent to be polled for (engine/sent.h).
#pragma once

#include "engine/direct_requests.h"

// O_LARGEFILE tells a pipe from a file in programs of 64 bits only.
#define SKIP_WHERE_NONE_IS_SENT()                      \
  SKIP_WITHOUT_NOWAIT_PIPES();                         \
  if (sizeof(void*) != 8) {                            \
    SKIP("pipe reads are sent in 64-bit programs only"); \
    return;                                            \
  }

namespace atomrt::unit {

// Reads that find nothing: the next is sent. The spawner, without which none is, stays: tests have it leave at once.
struct VainPipe : Pipe {
  VainPipe() {
    current = this;
    change_spawner(true);
    the_engine().hints.forget(out);  // the test closes numbers unseen
    for (unsigned i = 0; i < exec::DescriptorHints::ENOUGH; ++i) {
      Aio aio;
      aio.read(out);
      assert_true(aio.place() == chain::Place::POLLED && aio.chain()->entered.load() != 0);
      feed();
      look();
      aio.ends_with(0, 4);
    }
  }
  ~VainPipe() {
    current = nullptr;
    change_spawner(false);
    before_submission = after_submission = nullptr;
    poll_refusal.store(0);
    interrupted = nullptr;
  }
  static void change_spawner(bool is_needed) {
    const os::SignalBlock blocked;
    is_needed ? the_engine().spawner.enter(exec::MayStart::YES) : the_engine().spawner.leave();
  }
  void feed() const { assert_int_equal(write(in, "data", 4), 4); }
  // What is there when the next read is tried, by whatever thread, goes to another reader first.
  void feed_another() {
    is_outrun.store(true);
    feed();
    assert_true(eventually([&] {
      look();
      return !is_outrun.load();
    }));
  }
  std::atomic<bool> is_outrun{false};
  int refusal_after = 0;  // of polls, from then on
  inline static VainPipe* current = nullptr;
  inline static Aio* interrupted = nullptr;
};

}  // namespace atomrt::unit

WRAPPED(atomrt::exec::Attempt, attempt, "_ZN6atomrt4exec7attemptERNS_5chain7RequestEi",
        (atomrt::chain::Request& request, int fd)) {
  atomrt::unit::VainPipe* const pipe = atomrt::unit::VainPipe::current;
  if (pipe != nullptr && fd == pipe->out && pipe->is_outrun.load()) {
    char bytes[4];
    if (read(fd, bytes, 4) != 4) abort();
    atomrt::unit::poll_refusal.store(pipe->refusal_after);
    pipe->is_outrun.store(false);
  }
  return real_attempt(request, fd);
}
