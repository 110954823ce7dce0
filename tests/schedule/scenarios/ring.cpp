// SPDX-License-Identifier: MIT
// io_uring: reads that are not cached, streams, writes and syncs in the ring of the library's thread.
#include <fcntl.h>

#include <cerrno>

#include "kernel/uring.h"
#include "scenarios/program.h"

using namespace schedule;

namespace {
constexpr const char* RING = "ring";
constexpr const char* RING_AND_THREADS = "ring,threads";
constexpr const char* NO_DIRECT = "head,waiter,ring,threads";
constexpr std::size_t MORE_THAN_A_PIPE_HOLDS = 6000;
int fd, ends[2], others[2];
Request* shared;

void feed_first() { feed(ends[1], "abcd"); }
void feed_both() {
  feed_first();
  feed(others[1], "wxyz");
}

void wait_and_look(Request& read, char letter) {
  while (!is_over(read)) {
    const struct aiocb* const list[] = {&read.block};
    aio_suspend(list, 1, nullptr);
  }
  const std::string bytes(read.buffer, read.length);
  finish(read);
  EXPECT(ended_well(read, static_cast<long>(read.length)));
  if (read.error == 0) EXPECT(bytes.find_first_not_of(letter) >= static_cast<std::size_t>(read.result));
}

void look_at_four(Request& read, const char* bytes) {
  wait_for(read);
  EXPECT(ended_well(read, 4));
  if (read.error == 0 && read.result == 4) EXPECT(std::string(read.buffer, 4) == bytes);
}

void drain_while_it_writes() {
  while (!is_over(*shared)) {
    [[maybe_unused]] const std::string bytes = drain(ends[0], MORE_THAN_A_PIPE_HOLDS);
    yield_step("peer drains");
  }
}
}  // namespace

SCENARIO(a_read_in_the_ring, RING) {
  fd = open_regular(O_RDWR, std::string(2048, 'r'), false);
  Request& read = read_of(fd, 2048);
  if (submit(read)) wait_and_look(read, 'r');
}

// More than the completions that the kernel may have room for.
SCENARIO(reads_in_the_ring_notify, RING_AND_THREADS) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(8192, 'r'), false);
  Request* reads[4];
  bool has[4];
  for (int i = 0; i < 4; ++i) {
    reads[i] = &read_of(fd, 1024, i * 1024, i == 1 ? By::SIGNAL : i == 2 ? By::FUNCTION : By::NOTHING);
    has[i] = submit(*reads[i]);
  }
  for (int i = 3; i >= 0; --i) {
    if (has[i]) wait_and_look(*reads[i], 'r');
  }
}

SCENARIO(two_threads_read_by_the_ring, NO_DIRECT) {
  fd = open_regular(O_RDWR, std::string(2048, 'r'), false);
  const auto read_twice = [] {
    for (int i = 0; i < 2; ++i) {
      Request& one = read_of(fd, 512, 0);
      Request& two = read_of(fd, 512, 1024);
      const bool has_one = submit(one), has_two = submit(two);
      if (has_one) wait_and_look(one, 'r');
      if (has_two) wait_and_look(two, 'r');
    }
  };
  const unsigned other = spawn(read_twice);
  read_twice();
  join(other);
}

SCENARIO(a_sync_covers_writes_in_the_ring, RING) {
  fd = open_regular(O_RDWR, "", false);
  Request& first = write_of_size(fd, 1024, 'a', 0);
  Request& second = write_of_size(fd, 512, 'b', 1024);
  Request& sync = sync_of(fd, By::SIGNAL);
  const bool has_first = submit(first), has_second = submit(second), has_sync = submit(sync);
  if (has_sync) wait_for(sync);
  const unsigned covered = inode_of(fd).synced_writes;
  if (has_first) wait_for(first);
  if (has_second) wait_for(second);
  if (has_first) EXPECT(ended_well(first, 1024));
  if (has_second) EXPECT(ended_well(second, 512));
  const unsigned written = unsigned{has_first && first.error == 0} + unsigned{has_second && second.error == 0};
  if (has_sync && sync.error == 0) EXPECT(covered >= written);
}

SCENARIO(reads_in_the_ring_beside_cancel, RING_AND_THREADS) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(2048, 'r'), false);
  Request& one = read_of(fd, 1024, 0);
  Request& two = read_of(fd, 1024, 1024, By::SIGNAL);
  const bool has_one = submit(one), has_two = submit(two);
  const unsigned canceller = spawn([] { aio_cancel(fd, nullptr); });
  if (has_one) wait_for(one);
  if (has_two) wait_for(two);
  if (has_one) EXPECT(ended_well_or_cancelled(one, 1024));
  if (has_two) EXPECT(ended_well_or_cancelled(two, 1024));
  join(canceller);
}

SCENARIO(pipe_reads_in_the_ring, RING_AND_THREADS) {
  open_pipe(ends);
  open_pipe(others);
  Request& by_signal = read_of(ends[0], 4, 0, By::SIGNAL);
  Request& other = read_of(others[0], 4);
  const bool has_first = submit(by_signal), has_second = submit(other);
  const unsigned feeder = spawn(feed_both);
  if (has_first) look_at_four(by_signal, "abcd");
  if (has_second) look_at_four(other, "wxyz");
  join(feeder);
}

SCENARIO(pipe_reads_in_the_ring_beside_cancel, NO_DIRECT) {
  open_pipe(ends);
  Request* reads[3];
  bool has[3];
  for (int i = 0; i < 3; ++i) has[i] = submit(*(reads[i] = &read_of(ends[0], 2)));
  const unsigned canceller = spawn([] { aio_cancel(ends[0], nullptr); }), feeder = spawn(feed_first);
  join(canceller);
  join(feeder);
  feed(ends[1], "efgh");
  std::size_t bytes = 0;
  for (int i = 0; i < 3; ++i) {
    if (!has[i]) continue;
    wait_for(*reads[i]);
    EXPECT(ended_well_or_cancelled(*reads[i], 2));
    if (reads[i]->error == 0) bytes += static_cast<std::size_t>(reads[i]->result);
  }
  if (present_fault() == 0) EXPECT(drain(ends[0], 20).size() == 8 - bytes);
}

SCENARIO(a_long_pipe_write_in_the_ring, RING_AND_THREADS) {
  open_pipe(ends);
  shared = &write_of_size(ends[1], MORE_THAN_A_PIPE_HOLDS, 'w', 0, By::SIGNAL);
  if (!submit(*shared)) return;
  const unsigned drainer = spawn(drain_while_it_writes);
  const struct aiocb* const list[] = {&shared->block};
  while (!is_over(*shared)) aio_suspend(list, 1, nullptr);
  join(drainer);
  finish(*shared);
  EXPECT(ended_well(*shared, MORE_THAN_A_PIPE_HOLDS));
}

SCENARIO(a_number_is_replaced_behind_the_ring, RING_AND_THREADS) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(2048, 'o'), false);
  const int other = open_regular(O_RDWR | O_DIRECT, std::string(2048, 'n'), false);
  Request& old_read = read_of(fd, 1024);
  Request& older_read = read_of(fd, 512, 1024, By::SIGNAL);
  const bool has_old = submit(old_read), has_older = submit(older_read);
  replace_file(other, fd);
  Request& new_read = read_of(fd, 512);
  const bool has_new = submit(new_read);
  // Where the call that fails is the one for the duplicate, the older ones use what the number means then.
  const auto look = [](Request& read, char letter) {
    while (!is_over(read)) {
      const struct aiocb* const list[] = {&read.block};
      aio_suspend(list, 1, nullptr);
    }
    EXPECT(aio_error(&read.block) != 0 || read.buffer[0] == letter || present_fault() != 0);
    finish(read);
    EXPECT(ended_well(read, static_cast<long>(read.length)) || lost_its_file(read));
  };
  if (has_old) look(old_read, 'o');
  if (has_new) look(new_read, 'n');
  if (has_older) look(older_read, 'o');
}

SCENARIO(a_handler_forks_beside_the_ring, RING_AND_THREADS) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(2048, 'r'), false);
  install_handler(42, [](int, siginfo_t*, void*) {
    fork_child([] {
      Request& one = read_of(fd, 512);
      Request& two = read_of(fd, 512, 512);
      const bool has_one = submit(one), has_two = submit(two);
      if (has_one) wait_and_look(one, 'r');
      if (has_two) wait_and_look(two, 'r');
    });
  }, 0);
  const unsigned sender = spawn([] { send_to_thread(1, 42); });
  Request& one = read_of(fd, 512, 0);
  Request& two = read_of(fd, 512, 1024);
  const bool has_one = submit(one), has_two = submit(two);
  if (has_one) wait_and_look(one, 'r');
  if (has_two) wait_and_look(two, 'r');
  join(sender);
}

// A seccomp filter is entered while the ring is in use, perhaps with more completions than it has room for.
SCENARIO(a_ring_is_forbidden_in_use, RING_AND_THREADS) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(4096, 'r'), false);
  open_pipe(ends);
  Request& waits = read_of(ends[0], 4, 0, By::SIGNAL);
  const bool has_it = submit(waits);
  Request* reads[5];
  bool has[5];
  for (int i = 0; i < 5; ++i) {
    reads[i] = &read_of(fd, 512, i * 512);
    if (i == 4) {
      step("seccomp");
      forbid_uring();
    }
    has[i] = submit(*reads[i]);
  }
  const unsigned feeder = spawn(feed_first);
  for (int i = 0; i < 5; ++i) {
    if (has[i]) wait_and_look(*reads[i], 'r');
  }
  if (has_it) look_at_four(waits, "abcd");
  join(feeder);
}
