// SPDX-License-Identifier: MIT
// Place: where a chain stands. A chain has one owner at a time; the places say who that is and how one becomes it.
//
// MOVES is the whole of it: what is not there can't happen, and builds with assertions stop where it does (put, claim).
// ARCHITECTURE.md shows the same table. The launcher reads the numbers of places in other processes: see pending.h.
#pragma once

#include <cstdint>

namespace atomrt::chain {

enum class Place : std::uint32_t {
  FREE,       // in the pool
  MOVING,     // between two places, before the first try, or in a try that does not wait: it gets another place within
              // a moment. Its owner may need any lock until then, so no thread that holds one waits for that
  LONE,       // left to the thread that waits for it, not begun, and in no list: see lone.h
  HELD,       // in its lane, after earlier work
  QUEUED,     // in the workers' queue, not begun
  MAILED,     // in the ring's mailbox, not begun
  BLOCKED,    // a stream request that has moved no bytes and waits for its peer, in the ring or with a thread
  ASKING,     // a stream request whose owner is in io_submit, to have kernel AIO poll for it
  READY,      // like ASKING, and its event has come: its owner goes on when io_submit returns
  POLLED,     // like BLOCKED, with kernel AIO: its event is seen by whoever looks
  POLLED_APART,  // the same, in a context that only its reaper looks at
  POLLED_BEGUN,  // like POLLED, but it has moved bytes, so aio_cancel leaves it alone
  RUNNING,    // its operation has begun
  IN_RING,    // like RUNNING, and io_uring holds the file: the descriptor may be closed (not a sync's: see hold.cpp)
  IN_SUBMIT,  // its submitter hands it to kernel AIO; its event may come, and be handled, before io_submit returns.
              // It is here once in a generation and left by one claim, so a submitter that comes late finds out
  SENDING,    // the same, with signals not blocked: a handler may keep its submitter here for long, so no thread waits
              // for that. It is in no list: see sent.h
  SENDING_POLL,  // the same, with a poll for a stream's read
  IN_AIO,     // like IN_RING, with kernel AIO: its end is seen by whoever looks
  PARKED,     // its operation is done, and earlier calls come first (ATOMRT_ORDER=calls): it has no owner
  ENDING,     // its result is stored, or will be within a moment in which its owner takes no lock; lasts until FREE
};
constexpr unsigned PLACES = static_cast<unsigned>(Place::ENDING) + 1;

// Who may move a chain from a place: its owner alone; the holder of the lock of the lane, queue or list that it is in;
// or the first thread to claim it (compare-exchange with the generation).
enum class MovedBy : std::uint8_t { OWNER, LANE_LOCK, QUEUE_LOCK, LIST_LOCK, CLAIM };

struct Move {
  Place from, to;
  MovedBy by;
  const char* who;
};

constexpr Move MOVES[] = {
    {Place::FREE, Place::MOVING, MovedBy::OWNER, "submitter"},
    {Place::FREE, Place::LONE, MovedBy::OWNER, "submitter"},
    {Place::FREE, Place::SENDING, MovedBy::OWNER, "submitter"},
    {Place::FREE, Place::SENDING_POLL, MovedBy::OWNER, "submitter"},
    {Place::LONE, Place::MOVING, MovedBy::CLAIM, "who moves it into the lists; its submitter, who finds no room"},
    {Place::LONE, Place::RUNNING, MovedBy::CLAIM, "a waiter"},
    {Place::RUNNING, Place::LONE, MovedBy::OWNER, "a waiter that had an old name, or waits for others, too"},
    {Place::MOVING, Place::HELD, MovedBy::OWNER, "who enters it into its lane"},
    {Place::MOVING, Place::QUEUED, MovedBy::OWNER, "who offers it to threads"},
    {Place::MOVING, Place::MAILED, MovedBy::OWNER, "who offers it to the ring"},
    {Place::MOVING, Place::BLOCKED, MovedBy::OWNER, "ring or worker that found no peer; close, after its look"},
    {Place::MOVING, Place::RUNNING, MovedBy::OWNER, "whoever runs or ends it"},
    {Place::MOVING, Place::IN_SUBMIT, MovedBy::OWNER, "who offers it to direct"},
    {Place::MOVING, Place::ENDING, MovedBy::OWNER, "submitter, with a notification left alone"},
    {Place::HELD, Place::MOVING, MovedBy::LANE_LOCK, "who leaves the lane"},
    {Place::HELD, Place::RUNNING, MovedBy::LANE_LOCK, "aio_cancel, a waiter"},
    {Place::QUEUED, Place::MOVING, MovedBy::QUEUE_LOCK, "worker, with a stream's"},
    {Place::QUEUED, Place::RUNNING, MovedBy::QUEUE_LOCK, "worker, aio_cancel, a waiter; who finds no worker"},
    {Place::MAILED, Place::MOVING, MovedBy::CLAIM, "ring; close"},
    {Place::MAILED, Place::RUNNING, MovedBy::CLAIM, "aio_cancel, a waiter; its submitter, who finds no ring"},
    {Place::BLOCKED, Place::MOVING, MovedBy::CLAIM, "ring or worker whose peer is ready; close"},
    {Place::BLOCKED, Place::RUNNING, MovedBy::CLAIM, "aio_cancel"},
    {Place::MOVING, Place::ASKING, MovedBy::OWNER, "who found no peer"},
    {Place::RUNNING, Place::ASKING, MovedBy::OWNER, "who found no peer for the rest"},
    {Place::ASKING, Place::READY, MovedBy::CLAIM, "who sees its event"},
    {Place::ASKING, Place::POLLED, MovedBy::CLAIM, "its owner"},
    {Place::ASKING, Place::POLLED_APART, MovedBy::CLAIM, "its owner, a worker"},
    {Place::ASKING, Place::POLLED_BEGUN, MovedBy::CLAIM, "its owner, when it has moved bytes"},
    {Place::ASKING, Place::MOVING, MovedBy::OWNER, "its owner, when the kernel has not taken it"},
    {Place::READY, Place::MOVING, MovedBy::OWNER, "its owner"},
    {Place::POLLED, Place::MOVING, MovedBy::CLAIM, "who sees its event"},
    {Place::POLLED, Place::RUNNING, MovedBy::CLAIM, "aio_cancel"},
    {Place::POLLED, Place::POLLED, MovedBy::CLAIM, "close, after it has replaced the descriptor"},
    {Place::POLLED_APART, Place::MOVING, MovedBy::CLAIM, "who sees its event"},
    {Place::POLLED_APART, Place::RUNNING, MovedBy::CLAIM, "aio_cancel"},
    {Place::POLLED_APART, Place::POLLED_APART, MovedBy::CLAIM, "close, after it has replaced the descriptor"},
    {Place::POLLED_BEGUN, Place::MOVING, MovedBy::CLAIM, "who sees its event"},
    {Place::POLLED_BEGUN, Place::POLLED_BEGUN, MovedBy::CLAIM, "close, after it has replaced the descriptor"},
    {Place::RUNNING, Place::MOVING, MovedBy::OWNER, "who passes it on"},
    {Place::RUNNING, Place::HELD, MovedBy::OWNER, "who finds the lane of one that came late"},
    {Place::RUNNING, Place::QUEUED, MovedBy::OWNER, "who offers it to threads"},
    {Place::RUNNING, Place::MAILED, MovedBy::OWNER, "who offers it to the ring"},
    {Place::RUNNING, Place::BLOCKED, MovedBy::OWNER, "worker that was outrun"},
    {Place::RUNNING, Place::IN_RING, MovedBy::OWNER, "ring"},
    {Place::RUNNING, Place::IN_SUBMIT, MovedBy::OWNER, "who offers it to direct"},
    {Place::RUNNING, Place::ENDING, MovedBy::OWNER, "finish"},
    {Place::RUNNING, Place::FREE, MovedBy::OWNER, "submitter that all contexts decline"},
    {Place::IN_RING, Place::RUNNING, MovedBy::OWNER, "ring"},
    {Place::IN_RING, Place::MOVING, MovedBy::OWNER, "ring that is forbidden"},
    {Place::IN_SUBMIT, Place::IN_AIO, MovedBy::CLAIM, "its submitter"},
    {Place::IN_SUBMIT, Place::MOVING, MovedBy::OWNER, "its submitter, when the kernel has not taken it"},
    {Place::IN_SUBMIT, Place::RUNNING, MovedBy::OWNER, "who sees its event"},
    {Place::SENDING, Place::IN_AIO, MovedBy::CLAIM, "its submitter"},
    {Place::SENDING, Place::MOVING, MovedBy::OWNER, "its submitter, when the kernel has not taken it"},
    {Place::SENDING, Place::RUNNING, MovedBy::OWNER, "who sees its event"},
    {Place::SENDING_POLL, Place::POLLED, MovedBy::CLAIM, "its submitter"},
    {Place::SENDING_POLL, Place::MOVING, MovedBy::CLAIM, "who sees its event; its submitter, if the kernel declines"},
    {Place::SENDING_POLL, Place::RUNNING, MovedBy::OWNER, "its submitter, if another such read is in flight"},
    {Place::IN_AIO, Place::RUNNING, MovedBy::OWNER, "who sees its event"},
    {Place::RUNNING, Place::PARKED, MovedBy::LIST_LOCK, "its owner, when it is done before its turn"},
    {Place::ENDING, Place::PARKED, MovedBy::LIST_LOCK, "aio_cancel, before its turn"},
    {Place::PARKED, Place::RUNNING, MovedBy::LIST_LOCK, "who ends the one before it; close"},
    {Place::ENDING, Place::FREE, MovedBy::OWNER, "finish, retrier"},
};

// A thread that waits for it may sleep in the kernel, on an AIO context.
[[nodiscard]] constexpr bool is_in_kernel_aio(Place place) {
  return place == Place::IN_AIO || place == Place::POLLED || place == Place::POLLED_BEGUN;
}

[[nodiscard]] constexpr bool is_sending(Place place) {
  return place == Place::SENDING || place == Place::SENDING_POLL;
}

// It gets another place within a moment.
[[nodiscard]] constexpr bool is_between(Place place) {
  return place == Place::MOVING || place == Place::IN_SUBMIT || place == Place::ASKING || place == Place::READY;
}

// The owner need not know whether a chain is MOVING or RUNNING already: it may put it there again.
[[nodiscard]] constexpr bool may_move(Place from, Place to) {
  if (from == to) return from == Place::MOVING || from == Place::RUNNING;
  for (const Move& move : MOVES) {
    if (move.from == from && move.to == to) return true;
  }
  return false;
}
[[nodiscard]] constexpr bool may_be_claimed(Place from, Place to) {
  for (const Move& move : MOVES) {
    if (move.from == from && move.to == to) return move.by == MovedBy::CLAIM;
  }
  return false;
}

}  // namespace atomrt::chain
