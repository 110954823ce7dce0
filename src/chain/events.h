// SPDX-License-Identifier: MIT
// Events: what happens to requests, noted by whoever does it and taken out by one thread, which writes it to a file
// (engine/trace_file.h). Memory is of a fixed size: if there is no room whole requests are left out, and counted.
//
// Shared words:
//   tail_         the number of the next event; raised by whoever notes one
//   head_         the number of the next one to be taken; written by the taker, under its lock
//   is_closed_    set by the taker, for good; who sees it late notes a request more
//   Cell::state   EMPTY, BUSY, FULL. A writer claims an EMPTY cell (acquire: the taker is done with it), and says that
//                 it is FULL (release); the taker makes it EMPTY (release). Each touches `event` in its own state.
// A writer waits for nothing, so any thread may be one, also in a signal handler: one that interrupts a writer has a
// cell of its own. A writer that never comes back (its thread has been killed) keeps one cell busy.
// All-zero memory is the initial state.
#pragma once

#include <atomic>
#include <cstdint>

#include "chain/operation.h"
#include "chain/place.h"

namespace atomrt::chain {

enum class Happening : std::uint8_t {
  SUBMITTED,
  MOVED,      // from one Phase to another
  DECLINED,   // by a context
  DONE,       // in a context
  PUBLISHED,  // the result is about to be the program's
  CANCELLED,  // taken back by aio_cancel
  NOTIFIED,
  LIST_NOTIFIED,  // of no request: lio_listio's own
};

// Where it is, as the log shows it. Places are one phase if a chain may be another thread's as soon as it has moved
// from one to the other: the thread that moved it must not touch it any more.
enum class Phase : std::uint8_t {
  NONE,  // between two phases, or at its end
  LEFT_TO_WAITER,
  HELD,
  QUEUED,
  MAILED,
  IN_RING,
  BLOCKED,
  POLLED,
  DIRECT,
  RUNNING,
  PARKED,
};
constexpr unsigned PHASES = static_cast<unsigned>(Phase::PARKED) + 1;

[[nodiscard]] constexpr Phase phase_of(Place place) {
  switch (place) {
    case Place::FREE:
    case Place::MOVING:
    case Place::ENDING:
      return Phase::NONE;
    case Place::LONE:
      return Phase::LEFT_TO_WAITER;
    case Place::HELD:
      return Phase::HELD;
    case Place::QUEUED:
      return Phase::QUEUED;
    case Place::MAILED:
      return Phase::MAILED;
    case Place::IN_RING:
      return Phase::IN_RING;
    case Place::BLOCKED:
      return Phase::BLOCKED;
    case Place::SENDING_POLL:
    case Place::ASKING:
    case Place::READY:
    case Place::POLLED:
    case Place::POLLED_APART:
    case Place::POLLED_BEGUN:
      return Phase::POLLED;
    case Place::IN_SUBMIT:
    case Place::SENDING:
    case Place::IN_AIO:
      return Phase::DIRECT;
    case Place::RUNNING:
      return Phase::RUNNING;
    case Place::PARKED:
      return Phase::PARKED;
  }
  return Phase::NONE;
}

// What is claimed is the claimer's only at MOVING and RUNNING.
static_assert([] {
  for (const Move& move : MOVES) {
    const bool is_claimers = move.to == Place::MOVING || move.to == Place::RUNNING;
    if (move.by == MovedBy::CLAIM && !is_claimers && phase_of(move.from) != phase_of(move.to)) return false;
  }
  return true;
}());

struct Event {
  std::int64_t ns;            // CLOCK_MONOTONIC
  std::int64_t submitted_ns;  // with `block` it names the request: an aiocb has one at a time
  std::uint64_t block;
  std::int64_t offset;
  std::int64_t result;  // DONE, PUBLISHED: bytes or -errno; NOTIFIED: the signal
  std::uint32_t length;
  std::uint32_t thread;  // that noted it
  std::int32_t fd;
  Happening what;
  Operation operation;
  std::uint8_t from;  // MOVED: Phase; SUBMITTED, NOTIFIED, LIST_NOTIFIED: NotifyBy
  std::uint8_t to;    // MOVED: Phase; DECLINED, DONE: the context; SUBMITTED: whether it is one of a list;
                      // PUBLISHED: whether it will notify
};

class EventLog {
 public:
  static constexpr std::uint32_t EVENTS = 1 << 16;
  // Beyond that no new requests are noted: the rest is for the events of those that are.
  static constexpr std::uint32_t MOST_FOR_NEW = EVENTS / 4 * 3;

  // Whether a new request's events are to be noted. If not, it is counted as left out.
  [[nodiscard]] bool admits() {
    if (!is_closed() && waiting() < MOST_FOR_NEW) return true;
    refused_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  void add(const Event& event);

  // From now on new requests are left out.
  void close() { is_closed_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool is_closed() const { return is_closed_.load(std::memory_order_relaxed); }

  // Calls visit(const Event&) for each, in about the order in which they happened. One thread at a time. all: does not
  // stop at those that are being written at this moment.
  template <typename Visit>
  void take(bool all, Visit visit) {
    const std::uint32_t tail = tail_.load(std::memory_order_acquire);
    std::uint32_t head = head_.load(std::memory_order_relaxed);
    for (; head != tail; ++head) {
      Cell& cell = cells_[head % EVENTS];
      if (!is_full(cell) && !all && stuck_at_ != head + 1) {
        stuck_at_ = head + 1;  // looked at once more, and then skipped
        break;
      }
      take_cell(cell, visit);
    }
    head_.store(head, std::memory_order_relaxed);
    if (!all) return;
    for (Cell& cell : cells_) take_cell(cell, visit);  // cells filled only after the head had passed them
  }

  [[nodiscard]] std::uint32_t waiting() const {
    return tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_relaxed);
  }
  // Requests that were left out, and events of others that found no room.
  [[nodiscard]] std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  enum State : std::uint32_t { EMPTY, BUSY, FULL };
  struct Cell {
    Event event;
    std::atomic<std::uint32_t> state;
  };

  static bool is_full(const Cell& cell) { return cell.state.load(std::memory_order_acquire) == FULL; }
  template <typename Visit>
  static void take_cell(Cell& cell, Visit& visit) {
    if (!is_full(cell)) return;
    visit(static_cast<const Event&>(cell.event));
    cell.state.store(EMPTY, std::memory_order_release);
  }

  alignas(64) std::atomic<std::uint32_t> tail_;
  alignas(64) std::atomic<std::uint32_t> head_;
  std::uint32_t stuck_at_;  // the taker's; one more than the event's number
  std::atomic<std::uint64_t> refused_;
  std::atomic<std::uint64_t> lost_;
  std::atomic<bool> is_closed_;
  Cell cells_[EVENTS];
};

// Where events are noted: null when nobody has asked for it. Set once, when an engine starts (release); the memory is
// never given back, and zero in a child.
extern constinit std::atomic<EventLog*> event_log;

}  // namespace atomrt::chain
