// SPDX-License-Identifier: MIT
// Request: the atoms of one chain with their operands, as copied from the aiocb and its sigevent at submission. It is
// all that the fast path needs, and stays on the submitter's stack unless it has to wait; then a Chain takes it over.
//
//   [read | write | fsync | fdatasync] ▸ [publish] ▸ [signal | thread]? ▸ [countdown]?
//
// Nothing reads the aiocb again; only publish writes it.
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>

#include "aiocb/fields.h"
#include "chain/operation.h"
#include "os/file.h"

namespace atomrt::chain {

class Group;

enum class NotifyBy : std::uint8_t { NOTHING, SIGNAL, THREAD, SIGNAL_TO_THREAD };

// The signal or thread at the end of the chain: what that needs of the sigevent, no more.
struct Notification {
  NotifyBy by;
  bool is_left;  // where the head ends the request, the retrier notifies: see engine/relay.h
  int signal;
  sigval value;
  void (*function)(sigval);
  union {
    pthread_attr_t* attributes;  // THREAD: the caller's, null for none
    int thread;                  // SIGNAL_TO_THREAD
  };
};

// Small, as there may be a hundred thousand.
struct Request {
  struct aiocb* block;
  void* buffer;
  std::int64_t offset;
  std::uint32_t length;  // bytes, already cut to os::MOST_BYTES; see engine::submit_long
  std::uint32_t moved;   // bytes already moved; a continuation starts after them
  Group* group;          // null outside lio_listio
  Notification notification;
  std::int64_t submitted_ns;  // CLOCK_MONOTONIC; 0 if nobody asked for latencies: a chain then has the last tick's
  int fd;
  Operation operation;
  std::uint8_t priority_delta;  // aio_reqprio, 0..20
  // Written by the submitter, before another thread knows of the request; in a LATE chain again when its file has been
  // looked up (engine/placing.cpp), with InFlight's bucket locked.
  os::FileKind kind : 1;
  bool is_at_offset : 1;  // a STREAM that takes offsets: a device
  bool is_by_call : 1;    // a STREAM that is a regular file: its result is that of one plain call
  bool is_disk : 1;
  bool is_socket : 1;
  bool nonblocking : 1;     // O_NONBLOCK when submitted: its result is that of one call
  bool direct : 1;          // O_DIRECT when submitted
  bool append : 1;          // O_APPEND when submitted
  bool are_flags_guessed : 1;  // from what was seen of its number before: see engine/sent.h, engine/lone.h
  bool flags_unknown : 1;   // O_DIRECT and O_NONBLOCK may be set or not: a seccomp filter refuses F_GETFL
  bool refuses_nowait : 1;  // its file system lacks RWF_NOWAIT: io_uring would hand it to a thread, too
  bool is_modest : 1;       // likely in memory: it copies rather than waits, and is not worth a thread of its own
  bool is_local : 1;        // a regular file on storage of this machine: its transfers wait for no peer
  bool was_not_ready : 1;   // a stream whose peer the submitter found not ready
  bool is_traced : 1;       // what happens to it is noted: see events.h
};
static_assert(sizeof(void*) != 8 || sizeof(Request) == 88);

// An append, for all that its submitter knows.
[[nodiscard]] inline bool may_append(const Request& request) {
  return request.are_flags_guessed && request.operation == Operation::WRITE;
}
[[nodiscard]] inline bool notifies(const Request& request) { return request.notification.by != NotifyBy::NOTHING; }
// If a result is short the kernel has cut it, not a peer: there may be more.
[[nodiscard]] inline bool is_on_storage(const Request& request) { return request.is_local || request.is_disk; }
// `moved` is written by the chain's owner alone; aio_cancel may look at it meanwhile.
[[nodiscard]] inline std::size_t moved_so_far(const Request& request) {
  return __atomic_load_n(&request.moved, __ATOMIC_RELAXED);
}
inline void add_moved(Request& request, std::size_t bytes) {
  __atomic_store_n(&request.moved, request.moved + static_cast<std::uint32_t>(bytes), __ATOMIC_RELAXED);
}
[[nodiscard]] inline void* next_byte(const Request& request) {
  return static_cast<char*>(request.buffer) + request.moved;
}
[[nodiscard]] inline std::size_t bytes_left(const Request& request) { return request.length - request.moved; }
[[nodiscard]] inline std::int64_t next_offset(const Request& request) {
  return request.offset + static_cast<std::int64_t>(request.moved);
}
// The whole request's result, from what its last transfer returned (bytes or -errno): a failure after some bytes were
// moved is reported as those bytes, as read and write do.
[[nodiscard]] inline long total(const Request& request, long result) {
  const long moved = static_cast<long>(request.moved);
  if (result < 0) return moved > 0 ? moved : result;
  return moved + result;
}

}  // namespace atomrt::chain
