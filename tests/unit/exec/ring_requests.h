// SPDX-License-Identifier: MIT
// ring_requests.h: requests of files and pipes for the true ring, and what its thread hands to the kernel: submissions
// can be looked at and changed on their way. For one file of a test program that wraps io_uring_submit, attempt and
// pthread_create.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "exec/perform.h"
#include "exec/ring_engine.h"
#include "exec/uring.h"

namespace atomrt::unit {

struct Submissions {
  static constexpr int MOST = 64;
  std::atomic<int> count;
  struct {
    std::uint8_t opcode;
    std::uint16_t priority;
    unsigned length, flags;
    std::uint64_t data;
  } seen[MOST];                       // of transfers and syncs, not of polls
  std::atomic<int> polls, forgets;
  std::atomic<unsigned> most_length;  // transfers are cut to that; 0: not
  std::atomic<bool> spoilt;           // the kernel does not know the operation
  std::atomic<int> busy;              // so many submissions fail with EBUSY
  std::atomic<int> forbidden;         // an errno: the kernel takes `allowed` more entries, and then fails with it
  std::atomic<unsigned> allowed;
  std::atomic<int> vain_tries;        // so many tries on streams find the peer not ready

  void start_over() {
    count.store(0);
    polls.store(0);
    forgets.store(0);
    most_length.store(0);
    spoilt.store(false);
    busy.store(0);
    forbidden.store(0);
    allowed.store(0);
    vain_tries.store(0);
  }
  void pass(io_uring_sqe& entry) {
    if (entry.opcode == IORING_OP_POLL_ADD) polls.fetch_add(1);
    if (entry.opcode == IORING_OP_POLL_REMOVE) forgets.fetch_add(1);
    const bool is_transfer = entry.opcode == IORING_OP_READ || entry.opcode == IORING_OP_WRITE;
    if (!is_transfer && entry.opcode != IORING_OP_FSYNC) return;
    const int at = count.load() % MOST;
    seen[at] = {entry.opcode, entry.ioprio, entry.len, entry.fsync_flags, entry.user_data};
    const unsigned most = most_length.load();
    if (is_transfer && most != 0 && entry.len > most) entry.len = most;
    if (spoilt.load()) entry.opcode = 255;
    count.fetch_add(1);
  }
};
inline Submissions submissions;

struct ThreadFixture : RingFixture {
  explicit ThreadFixture(unsigned entries = exec::Ring::ENTRIES, std::int64_t idle_ns = LONG)
      : RingFixture(entries, idle_ns) {
    submissions.start_over();
  }
};

// This kernel offers a ring; asked on a thread of its own.
inline bool has_ring() {
  int error = 0;
  const auto ask = [&] {
    exec::Uring uring;
    error = exec::open_uring(uring, 8);
    if (error == 0) exec::close_uring(uring);
  };
  {
    Thread thread(ask);
  }
  if (error != 0) print_message("skipped: this kernel has no ring without a descriptor: %s\n", strerror(error));
  return error == 0;
}

inline chain::Request transfer(Kind kind, int fd, void* buffer, std::size_t length, std::int64_t offset = 0) {
  chain::Request request = request_of(kind, nullptr, fd);
  request.buffer = buffer;
  request.length = static_cast<std::uint32_t>(length);
  request.offset = offset;
  return request;
}

struct TestFile {
  int fd = memfd_create("unit", MFD_CLOEXEC);
  explicit TestFile(const char* text = "0123456789abcdef") {
    if (pwrite(fd, text, strlen(text), 0) < 0) abort();
  }
  ~TestFile() { close(fd); }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
};

struct TestPipe {
  int out, in;
  explicit TestPipe(int flags = 0) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | flags) != 0) abort();
    out = ends[0];
    in = ends[1];
  }
  ~TestPipe() {
    close(out);
    if (in >= 0) close(in);
  }
  TestPipe(const TestPipe&) = delete;
  TestPipe& operator=(const TestPipe&) = delete;
  void feed(const char* text) const {
    if (write(in, text, strlen(text)) < 0) abort();
  }
  void close_in() {
    close(in);
    in = -1;
  }
  // As much as it takes; the bytes.
  [[nodiscard]] long fill() const {
    static const char page[4096] = {};
    fcntl(in, F_SETPIPE_SZ, 4096);
    fcntl(in, F_SETFL, O_NONBLOCK);
    long bytes = 0;
    for (ssize_t put; (put = write(in, page, sizeof page)) > 0;) bytes += put;
    fcntl(in, F_SETFL, 0);
    return bytes;
  }
  [[nodiscard]] long drain(long bytes) const {
    static char page[4096];
    long taken = 0;
    while (taken < bytes) {
      const ssize_t got = read(out, page, sizeof page);
      if (got <= 0) break;
      taken += got;
    }
    return taken;
  }
};

}  // namespace atomrt::unit

extern "C" int real_submit(io_uring*) __asm__("__real_io_uring_submit");
extern "C" int wrapped_submit(io_uring*) __asm__("__wrap_io_uring_submit");
extern "C" int wrapped_submit(io_uring* ring) {
  using atomrt::unit::submissions;
  if (submissions.busy.load() > 0) {
    submissions.busy.fetch_sub(1);
    return -EBUSY;
  }
  const unsigned tail = ring->sq.sqe_tail;
  if (const int error = submissions.forbidden.load(); error != 0) {
    const unsigned allowed = submissions.allowed.load(), waiting = tail - ring->sq.sqe_head;
    if (allowed == 0) return -error;
    submissions.allowed.store(allowed < waiting ? 0 : allowed - waiting);
    if (allowed < waiting) ring->sq.sqe_tail = ring->sq.sqe_head + allowed;
  }
  for (unsigned at = ring->sq.sqe_head; at != ring->sq.sqe_tail; ++at) {
    submissions.pass(ring->sq.sqes[at & ring->sq.ring_mask]);
  }
  const int taken = real_submit(ring);
  ring->sq.sqe_tail = tail;
  return taken;
}

atomrt::exec::Attempt real_attempt(atomrt::chain::Request&, int) __asm__(
    "__real__ZN6atomrt4exec7attemptERNS_5chain7RequestEi");
atomrt::exec::Attempt wrapped_attempt(atomrt::chain::Request&, int) __asm__(
    "__wrap__ZN6atomrt4exec7attemptERNS_5chain7RequestEi");
atomrt::exec::Attempt wrapped_attempt(atomrt::chain::Request& request, int fd) {
  using atomrt::unit::submissions;
  if (submissions.vain_tries.load() > 0) {
    submissions.vain_tries.fetch_sub(1);
    return atomrt::exec::Outcome::NOT_READY;
  }
  return real_attempt(request, fd);
}
