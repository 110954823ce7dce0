// SPDX-License-Identifier: MIT
// lone: the shortest way of a buffered transfer whose submitter is about to wait for it. By experience of the number it
// is left to the waiter (chain/lone.h): no lock, no change of the signal mask; nothing is asked for a read, and the
// descriptor's flags alone for a write. Experience may be wrong, which costs time alone: a worker looks for what lies
// too long, and a number that means another kind of file by now is found out by the transfer itself.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// What is known of the number when its file has just been asked for.
void note_file(Engine& engine, const chain::Request& request, const os::FileIdentity& identity);

enum class Left : std::uint8_t {
  TO_WAITER,
  NOT,      // it goes the usual way
  REFUSED,  // this is the child of a handler: EAGAIN is stored
};
// A write, whose flags have just been asked for.
[[nodiscard]] Left leave_write_to_waiter(Engine& engine, const chain::Request& request);
// A read of what is not in memory. One that is alone under its number only: several are faster side by side, and then
// the first goes on, too.
[[nodiscard]] Left leave_read_to_waiter(Engine& engine, const chain::Request& request);

// The chain of that aiocb if it is a lone one that nobody has begun: RUNNING, the caller's. Signals are blocked.
[[nodiscard]] chain::Chain* take_lone(Engine& engine, const struct aiocb* block);
// For who has taken it and would rather not run it. False: he has to, as nobody else would find it.
[[nodiscard]] bool put_back_lone(Engine& engine, chain::Chain& chain);
// For its owner (RUNNING), where it can't be run as what it seemed to be: it goes on like any other.
void send_on(Engine& engine, chain::Chain& chain);

// Whether there may be one, or one of engine/sent.h.
[[nodiscard]] inline bool may_have_unlisted(const Engine& engine, int fd) {
  return engine.registry.lone.may_have(fd) || engine.registry.sent.may_have(fd);
}
// Before InFlight is asked what goes on under a number: the lone chain is there afterwards, and goes on like any other;
// and so are those that were sent, which the kernel has. Signals are blocked, as for the others.
void list_lone(Engine& engine, int fd);
// The same, for aio_cancel: a chain that nobody has begun is returned, RUNNING, the caller's.
[[nodiscard]] chain::Chain* list_or_take_lone(Engine& engine, int fd);
// All of them, before a sync enters its lane.
void list_all_lone(Engine& engine);
// What nobody has begun since the last call, for the worker that keeps watch; all: it stops to.
void list_old_lone(Engine& engine, bool all);

}  // namespace atomrt::engine
