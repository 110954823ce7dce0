// SPDX-License-Identifier: MIT
// finish: the only road to completion. publish is the commit point; after it run the trailing atoms, which may have to
// be tried again later (no room for a signal, no thread to be had) without touching the aiocb.
//
// A thread that finishes a chain makes no thread for its notification, but leaves that to the spawner (exec/spawner.h).
// The chain's waiters are woken when the spawner has tried.
//
// Order for a chain: let go of what is known of its file, publish, leave the descriptor's list, leave the lane, then
// the tail. Waiters are woken after publish; if the chain notifies, after the notification, or when that found no room.
// As long as the aiocb says EINPROGRESS aio_cancel finds the chain; a later sync is released only after publish, so it
// can't be seen complete before what it covers.
#pragma once

#include "chain/group.h"
#include "chain/in_flight.h"
#include "chain/latecomers.h"
#include "chain/lone.h"
#include "chain/notify.h"
#include "chain/sent.h"
#include "chain/waiters.h"

namespace atomrt::chain {

// All that is in flight. One per process, owned by the engine; all-zero memory is its initial state.
struct Registry {
  ChainPool chains;
  GroupPool groups;
  NoticePool notices;
  WaiterTable waiters;
  InFlight in_flight;
  LaneTable lanes;
  Latecomers latecomers;
  LoneTable lone;
  SentTable sent;
};

// Whether the thread that runs a tail makes threads, which may take any time, or leaves to finish_tail what needs one.
enum class Threads : bool { LEFT, MADE };

// Enters a chain that is in no list into InFlight and Latecomers: the enter_lists of LoneTable and SentTable.
[[nodiscard]] inline auto enter_lists(Registry& registry) {
  return [&registry](Chain& chain) {
    registry.in_flight.enter(chain);
    registry.latecomers.enter(chain);
  };
}

// Runs the steps after publish from `tail` on. Returns DONE, or where to go on later.
[[nodiscard]] Tail run_tail(Registry& registry, Request& request, Tail tail, Threads threads = Threads::MADE);
// The same on a thread of the application, whose signals are blocked only where a thread is made.
[[nodiscard]] Tail run_callers_tail(Registry& registry, Request& request, Tail tail);

// For a request that never became a chain: publish, and the tail unless the notification is left to the retrier.
// result: bytes or -errno.
[[nodiscard]] Tail finish_request(Registry& registry, Request& request, long result);

struct Finished {
  Released released;   // to be handed to a context by the caller
  std::uint16_t hold;  // to be dropped by the caller, 0 for none
  bool is_over;        // false: the tail is to be run again; the chain is not recycled yet
};

// The caller owns the chain (place RUNNING). If is_over is false it still does afterwards.
[[nodiscard]] Finished finish(Registry& registry, Chain& chain, long result, Threads threads = Threads::MADE);

// The same where the order of the calls is kept, for a chain whose turn it is: it notifies before it leaves anything.
// next: see InFlight::leave_turn.
struct FinishedInTurn : Finished {
  Chain* next;
};
[[nodiscard]] FinishedInTurn finish_in_turn(Registry& registry, Chain& chain, long result, Threads threads);
// A cancelled chain whose turn has not come: publishes, and wakes the waiters, as aio_cancel has to show the result.
// Its notification is left to finish_in_turn.
void publish_before_turn(Registry& registry, Chain& chain, long result);

// Whether the next notification makes a thread, of a request whose tail found no room.
[[nodiscard]] inline bool is_thread_next(const Request& request, Tail tail) {
  if (tail == Tail::NOTIFY) return request.notification.by == NotifyBy::THREAD;
  return request.group != nullptr && request.group->notification().by == NotifyBy::THREAD;
}
// The same of all that is left of the tail.
[[nodiscard]] inline bool needs_thread(const Request& request, Tail tail) {
  return is_thread_next(request, tail) || is_thread_next(request, Tail::NOTIFY_GROUP);
}

// Runs the rest of the tail of a chain that finish left; true when over and recycled.
[[nodiscard]] bool finish_tail(Registry& registry, Chain& chain);

}  // namespace atomrt::chain
