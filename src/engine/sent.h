// SPDX-License-Identifier: MIT
// sent: the shortest way of an O_DIRECT read: one io_submit, no lock, no change of the signal mask, nothing asked. By
// experience of the number the submitter gives it to kernel AIO, and enters it in chain/sent.h behind that.
//
// Experience may be wrong, if the descriptor was closed in a way that the library does not see, or lost O_DIRECT by
// F_SETFL. The kernel looks at the descriptor itself, reads whatever that is now, and never waits (RWF_NOWAIT): from a
// file without O_DIRECT the bytes that are in memory, no more than one call may copy; from a stream what is there, as
// nothing is in flight that this could overtake. What it refuses finds out what it is, and goes on as that, and the
// next read of the number asks first; so it does now and then where all are done at once, as no disk does them. Writes
// always ask: an append that nobody knows to be one would lose its place.
//
// A handler may interrupt the submitter at any instruction, and do anything. It is not blocked by what it has
// interrupted, nor is another thread: until io_submit is over the chain is SENDING, found by nobody but who waits for
// it by its name, which looks again from time to time. Of the thread's own, which would never come, aio_suspend in a
// handler says that it is not there, as of any request whose call has not come to submit it. A handler's child finds
// after io_submit that it is not the process that has begun.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Nothing in flight can come before it, and its number has been one of a file with O_DIRECT.
[[nodiscard]] bool may_be_sent(const Engine& engine, const chain::Request& request);

enum class Sent : std::uint8_t {
  YES,
  NOT,       // it goes the usual way
  DECLINED,  // the chain is the submitter's, place SENDING, and in no list
  REFUSED,   // this is the child of a handler
};
struct Sending {
  Sent outcome;
  chain::Chain* chain;
  int process;
};
[[nodiscard]] Sending send(Engine& engine, chain::Request& request);

// False: a handler has forked, and this is its child. It may have an engine of its own by now.
[[nodiscard]] inline bool is_in_process(const Engine& engine, int process) {
  return engine.is_started.load(std::memory_order_acquire) != 0 && engine.process == process;
}

// For the owner of a chain: where it was sent it is in the lists afterwards, as any other that came late. Signals are
// blocked.
void list_sent(Engine& engine, chain::Chain& chain);

}  // namespace atomrt::engine
