// SPDX-License-Identifier: MIT
// lone: the shortest path of a buffered transfer whose submitter is about to wait for it. If experience with the
// descriptor says so, it is left to the waiter (chain/lone.h): no lock, no change of the signal mask, no question to
// the kernel. If experience is wrong, that costs only time: a worker takes what lies too long, and if the number means
// another kind of file by now, the transfer itself shows it.
//
// Only O_APPEND matters before the transfer, as appends keep the order of their calls: a write whose flags were not
// asked for may turn out to be one. So at most one such guess is in flight in the whole process, never beside an
// append, and other writes ask. One that finds O_APPEND lets the guess into its lane first, and waits there until it is
// over, append or not.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Notes what is known of the descriptor, whose file has just been identified.
void note_file(Engine& engine, const chain::Request& request, const os::FileIdentity& identity);

enum class Left : std::uint8_t {
  TO_WAITER,
  NOT,      // it goes the usual way
  REFUSED,  // this is a child that a handler has forked: EAGAIN is stored
};
// For a write whose descriptor's flags are not known: a guess.
[[nodiscard]] Left leave_write_unasked(Engine& engine, chain::Request& request);
// For a write whose descriptor's flags have just been asked for.
[[nodiscard]] Left leave_write_to_waiter(Engine& engine, const chain::Request& request);
// For a read of what is not cached. Only if it is the only one of its descriptor: several are faster side by side, and
// a second one sends the first to the contexts, too.
[[nodiscard]] Left leave_read_to_waiter(Engine& engine, const chain::Request& request);

// The chain of that aiocb if it is a lone one that nobody has begun: RUNNING, owned by the caller. Signals are blocked.
[[nodiscard]] chain::Chain* take_lone(Engine& engine, const struct aiocb* block);
// For a caller of take_lone that would rather not run the chain. False: it has to, as nobody else would find the chain.
[[nodiscard]] bool put_back_lone(Engine& engine, chain::Chain& chain);
// For its owner (RUNNING), if the file is not of the kind that it seemed to be: the chain goes on like any other.
void send_on(Engine& engine, chain::Chain& chain);

// Whether the descriptor may have a lone chain, or one of engine/sent.h.
[[nodiscard]] inline bool may_have_unlisted(const Engine& engine, int fd) {
  return engine.registry.lone.may_have(fd) || engine.registry.sent.may_have(fd);
}
// Before InFlight is asked for a descriptor's chains: enters its lone chain there, which then goes on like any other,
// and those that were sent, which the kernel has. Signals are blocked here and in the functions below.
void list_lone(Engine& engine, int fd);
// The same, for aio_cancel: a lone chain that nobody has begun is returned, RUNNING, owned by the caller.
[[nodiscard]] chain::Chain* list_or_take_lone(Engine& engine, int fd);
// Those of all descriptors, before a sync enters its lane.
void list_all_lone(Engine& engine);
// For the worker that keeps watch: those that nobody has begun since the last call. all: all that nobody has begun, as
// the watch ends.
void list_old_lone(Engine& engine, bool all);

}  // namespace atomrt::engine
