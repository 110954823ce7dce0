// SPDX-License-Identifier: MIT
// sent: the shortest path of an O_DIRECT read: one io_submit, no lock, no change of the signal mask, no question to the
// kernel. If experience with the descriptor says so, the submitter gives the read to kernel AIO, and enters it in
// chain/sent.h afterwards.
//
// Experience may be wrong, if the descriptor was closed unseen by the library, or lost O_DIRECT by F_SETFL. Then the
// kernel reads whatever the number means now, and never waits (RWF_NOWAIT): from a file without O_DIRECT the cached
// bytes, no more than one call may copy; from a stream what is there, as nothing is in flight that this could overtake.
// A read that the kernel refuses is examined and goes on like any other, and the next read of the number asks first. So
// does one now and then if all reads end within io_submit, as no disk's do. Writes always ask: an append not known to
// be one would be written in the wrong place.
//
// A handler may interrupt the submitter at any instruction, and do anything: neither it nor another thread is blocked
// by what it has interrupted. Until io_submit is over the chain is SENDING: only a thread that waits for it finds it,
// by its name, and looks again from time to time. In a handler aio_suspend treats its own thread's SENDING request,
// which could never get on, as not in flight, like any request that its call has not submitted yet. A child that a
// handler has forked finds after io_submit that it is not the process that began.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Nothing in flight has to precede the read, and its number meant a file with O_DIRECT when last seen.
[[nodiscard]] bool may_be_sent(const Engine& engine, const chain::Request& request);

enum class Sent : std::uint8_t {
  YES,
  NOT,       // it goes the usual way
  DECLINED,  // the chain is the submitter's, place SENDING, and in no list
  REFUSED,   // this is a child that a handler has forked
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

// For the owner of a chain: if it was sent, enters it in the lists, like any other that came late. Signals are blocked.
void list_sent(Engine& engine, chain::Chain& chain);

}  // namespace atomrt::engine
