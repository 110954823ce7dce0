// SPDX-License-Identifier: MIT
// sent: the shortest path of an O_DIRECT read, and of one of a pipe that has nothing: one io_submit, no lock, no change
// of the signal mask, no question about the file. If experience with the descriptor says so, the submitter gives the
// read to kernel AIO, and enters it in chain/sent.h afterwards.
//
// Experience may be wrong, if the descriptor was closed unseen by the library, or lost O_DIRECT by F_SETFL. Then the
// kernel reads whatever the number means now, and never waits (RWF_NOWAIT): from a file without O_DIRECT the cached
// bytes, no more than one call may copy; from a stream what is there, as nothing is in flight that this could overtake.
// A read that the kernel refuses is examined and goes on like any other, and the next read of the number asks first. So
// does one now and then if all reads end within io_submit, as no disk's do. Writes always ask: an append not known to
// be one would be written in the wrong place.
//
// A read of a pipe goes the same way if such reads found nothing before: the kernel polls for its peer, and it is
// POLLED, as it would be with a lane. Its flags are asked for, as O_NONBLOCK decides what it does, and they tell a pipe
// from any file that open(2) gives. There is one such read in the process, and none beside another stream's request,
// which may be of the same pipe under another number. A later read of a stream lets it into its lane, where it is
// waited for. It enters a lane by itself where another reader was faster and the kernel declines to poll again.
//
// A handler may interrupt the submitter at any instruction, and do anything: neither it nor another thread is blocked
// by what it has interrupted. Until io_submit is over the chain is SENDING, or SENDING_POLL: only a thread that waits
// for it finds it, by its name, and looks again from time to time. In a handler aio_suspend treats its own thread's
// request at these places, which could never get on, as not in flight, like any request that its call has not submitted
// yet. A child that a handler has forked finds after io_submit that it is not the process that began.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Nothing in flight has to precede the read, and its number meant a file with O_DIRECT when last seen.
[[nodiscard]] bool may_be_sent(const Engine& engine, const chain::Request& request);

enum class Sent : std::uint8_t {
  YES,
  NOT,       // it goes the usual way
  DECLINED,  // the chain is the submitter's, place SENDING or SENDING_POLL, and in no list
  REFUSED,   // this is a child that a handler has forked
};
struct Sending {
  Sent outcome;
  chain::Chain* chain;
  int process;
};
[[nodiscard]] Sending send(Engine& engine, chain::Request& request);

// Its number meant a pipe, or the like, in which reads found nothing, and its flags (F_GETFL) still say so; and no
// other stream's request is in flight.
[[nodiscard]] bool may_be_polled_for(const Engine& engine, const chain::Request& request, int flags);
[[nodiscard]] Sending send_poll(Engine& engine, const chain::Request& request);

// False: a handler has forked, and this is its child. It may have an engine of its own by now.
[[nodiscard]] inline bool is_in_process(const Engine& engine, int process) {
  return engine.is_started.load(std::memory_order_acquire) != 0 && engine.process == process;
}

// For the owner of a chain: if it was sent, enters it in the lists, like any other that came late. Signals are blocked.
void list_sent(Engine& engine, chain::Chain& chain);

}  // namespace atomrt::engine
