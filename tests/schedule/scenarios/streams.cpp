// SPDX-License-Identifier: MIT
// Streams whose peer is not ready: polled for by kernel AIO, or by the poller where that can't.
#include <fcntl.h>
#include <sys/syscall.h>

#include <cerrno>

#include "scenarios/program.h"

using namespace schedule;

namespace {
constexpr std::size_t MORE_THAN_A_PIPE_HOLDS = 6000;
int ends[2], others[2];
Request* shared;
bool other_is_full;

void feed_first() { feed(ends[1], "abcd"); }
void feed_second() { feed(others[1], "wxyz"); }
void feed_both() {
  feed_first();
  feed_second();
}
// The last one is taken back for good: nobody feeds it, and whoever waits for its peer nevertheless waits for ever.
void cancel_and_read_again() {
  open_pipe(ends);
  const unsigned feeder = spawn(feed_first);
  for (int i = 0; i < 3; ++i) {
    if (i == 2) join(feeder);
    Request& read = read_of(ends[0], 4);
    if (!submit(read)) continue;
    if (aio_cancel(ends[0], &read.block) == AIO_NOTCANCELED && i == 2) feed_first();
    if (i < 2 && !is_over(read)) feed_first();
    wait_for(read);
    EXPECT(ended_well_or_cancelled(read, 4));
  }
}
// The second is held behind the first, begins as that one ends, and finds no peer: at whatever step of this it comes,
// aio_cancel takes it back.
void cancel_behind_another() {
  open_pipe(ends);
  const unsigned feeder = spawn(feed_first);
  Request& first = read_of(ends[0], 4);
  Request& second = read_of(ends[0], 4);
  const bool has_first = submit(first), has_second = submit(second);
  if (has_first) wait_for(first);
  if (has_second) {
    const int outcome = aio_cancel(ends[0], &second.block);
    EXPECT(outcome != AIO_NOTCANCELED || !has_first || present_fault() != 0 || threads_refused() > 0);
    if (outcome == AIO_NOTCANCELED) feed_first();
    wait_for(second);
    EXPECT(ended_well_or_cancelled(second, 4));
  }
  join(feeder);
}
void cancel_first() { aio_cancel(ends[0], nullptr); }

void look_at(Request& read, const char* bytes) {
  EXPECT(ended_well(read, 4));
  if (read.error == 0 && read.result == 4) EXPECT(std::string(read.buffer, 4) == bytes);
}
void wait_and_look(Request& read, const char* bytes) {
  wait_for(read);
  look_at(read, bytes);
}
void drain_while_it_writes() {
  while (!is_over(*shared)) {
    [[maybe_unused]] const std::string bytes = drain(ends[0], MORE_THAN_A_PIPE_HOLDS);
    if (present_fault() != 0 && other_is_full) [[maybe_unused]] const std::string rest = drain(others[0], MORE_THAN_A_PIPE_HOLDS);
    yield_step("peer drains");
  }
}
}  // namespace

SCENARIO(a_pipe_read_waits, NO_RING) {
  open_pipe(ends);
  Request& read = read_of(ends[0], 4);
  if (!submit(read)) return;
  const unsigned feeder = spawn(feed_first);
  wait_and_look(read, "abcd");
  join(feeder);
}

SCENARIO(a_pipe_read_is_polled_for_by_aio_error, NO_RING) {
  open_pipe(ends);
  Request& read = read_of(ends[0], 4);
  if (!submit(read)) return;
  const unsigned feeder = spawn(feed_first);
  poll_for(read);
  look_at(read, "abcd");
  join(feeder);
}

SCENARIO(two_threads_wait_for_two_pipes, NO_RING) {
  open_pipe(ends);
  open_pipe(others);
  const unsigned other = spawn([] {
    Request& read = read_of(others[0], 4);
    if (submit(read)) wait_and_look(read, "wxyz");
  });
  Request& read = read_of(ends[0], 4);
  const bool has_it = submit(read);
  const unsigned feeder = spawn(feed_both);
  if (has_it) wait_and_look(read, "abcd");
  join(other);
  join(feeder);
}

// One thread's sleep must not keep the other's end to itself.
SCENARIO(a_pipe_read_is_suspended_for_by_two, NO_RING) {
  open_pipe(ends);
  shared = &read_of(ends[0], 4);
  if (!submit(*shared)) return;
  const auto suspend = [] {
    const struct aiocb* const list[] = {&shared->block};
    while (!is_over(*shared)) {
      if (aio_suspend(list, 1, nullptr) != 0) EXPECT(errno == EAGAIN || errno == EINTR);
    }
  };
  const unsigned other = spawn(suspend), feeder = spawn(feed_first);
  suspend();
  join(other);
  finish(*shared);
  look_at(*shared, "abcd");
  join(feeder);
}

// Round after round, as the reaper patrols, rests, and is called again.
SCENARIO(bytes_go_there_and_back, NO_RING) {
  open_pipe(ends);
  open_pipe(others);
  const unsigned peer = spawn([] {
    for (int i = 0; i < 2; ++i) {
      Request& read = read_of(ends[0], 4);
      if (submit(read)) wait_and_look(read, "abcd");
      feed_second();
    }
  });
  for (int i = 0; i < 2; ++i) {
    Request& read = read_of(others[0], 4);
    const bool has_it = submit(read);
    feed_first();
    if (has_it) wait_and_look(read, "wxyz");
  }
  join(peer);
}

SCENARIO(pipe_reads_notify, NO_RING) {
  open_pipe(ends);
  open_pipe(others);
  Request& by_signal = read_of(ends[0], 4, 0, By::SIGNAL);
  Request& by_function = read_of(others[0], 4, 0, By::FUNCTION);
  const bool has_first = submit(by_signal), has_second = submit(by_function);
  const unsigned feeder = spawn(feed_both);
  if (has_first) wait_and_look(by_signal, "abcd");
  if (has_second) wait_and_look(by_function, "wxyz");
  join(feeder);
}

// Three of one pipe, of which the first is polled for; a canceller, and a feeder that has bytes for two.
SCENARIO(pipe_reads_beside_cancel, NO_RING) {
  open_pipe(ends);
  Request* reads[3];
  bool has[3];
  for (int i = 0; i < 3; ++i) has[i] = submit(*(reads[i] = &read_of(ends[0], 2)));
  const unsigned canceller = spawn(cancel_first), feeder = spawn(feed_first);
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
  if (present_fault() == 0) EXPECT(drain(ends[0], 20).size() == 8 - bytes);  // a cancelled read takes nothing
}

SCENARIO(a_long_pipe_write_is_drained, NO_RING) {
  open_pipe(ends);
  other_is_full = false;
  shared = &write_of_size(ends[1], MORE_THAN_A_PIPE_HOLDS, 'w', 0, By::SIGNAL);
  if (!submit(*shared)) return;
  const unsigned drainer = spawn(drain_while_it_writes);
  // Some bytes have moved, unless it is still held up by a call that failed.
  if (aio_cancel(ends[1], &shared->block) == AIO_CANCELED) EXPECT(present_fault() != 0 || threads_refused() > 0);
  const struct aiocb* const list[] = {&shared->block};
  while (!is_over(*shared)) aio_suspend(list, 1, nullptr);
  join(drainer);
  finish(*shared);
  EXPECT(ended_well_or_cancelled(*shared, MORE_THAN_A_PIPE_HOLDS));
}

SCENARIO(a_pipe_read_is_cancelled_and_made_again, NO_RING) { cancel_and_read_again(); }
SCENARIO(a_pipe_read_in_the_ring_is_cancelled_and_made_again, "ring,threads") { cancel_and_read_again(); }
SCENARIO(a_pipe_read_behind_another_is_cancelled_at_a_worker, "threads") { cancel_behind_another(); }

// The number means another pipe while the kernel polls for the first.
SCENARIO(a_number_is_replaced_behind_a_pipe_read, NO_RING) {
  open_pipe(ends);
  open_pipe(others);
  install(*file_of(ends[0]), 3);  // it can be fed, whoever reads
  Request& old_read = read_of(ends[0], 4);
  Request& next_read = read_of(ends[0], 4);
  const bool has_old = submit(old_read), has_next = submit(next_read);
  const unsigned feeder = spawn(feed_both);
  replace_file(others[0], ends[0]);
  Request& new_read = read_of(ends[0], 4);
  const bool has_new = submit(new_read);
  join(feeder);
  feed_first();
  for (int i = 0; i < 2; ++i) feed_second();
  // Where the call that fails is the one for the duplicate, the older ones use what the number means then.
  if (has_new) {
    wait_for(new_read);
    EXPECT(ended_well(new_read, 4));
    if (new_read.error == 0 && present_fault() == 0) EXPECT(new_read.buffer[0] == 'w');
  }
  for (Request* read : {&old_read, &next_read}) {
    if (!(read == &old_read ? has_old : has_next)) continue;
    wait_for(*read);
    EXPECT(ended_well(*read, 4));
    if (read->error == 0 && present_fault() == 0) EXPECT(read->buffer[0] == 'a');
  }
}

// False: it was refused.
static bool is_long_write_over_with_its_number_replaced() {
  shared = &write_of_size(ends[1], MORE_THAN_A_PIPE_HOLDS, 'w');
  if (!submit(*shared)) return false;
  const unsigned drainer = spawn(drain_while_it_writes);
  replace_file(others[1], ends[1]);
  const struct aiocb* const list[] = {&shared->block};
  while (!is_over(*shared)) aio_suspend(list, 1, nullptr);
  join(drainer);
  finish(*shared);
  return true;
}

// The rest of a write goes where its beginning went.
SCENARIO(a_number_is_replaced_behind_a_long_write, NO_RING) {
  open_pipe(ends);
  open_pipe(others);
  other_is_full = false;
  if (!is_long_write_over_with_its_number_replaced() || present_fault() != 0) return;
  EXPECT(ended_well(*shared, MORE_THAN_A_PIPE_HOLDS) && inode_of(others[0]).bytes.empty());
}

// A poll of what the number means then would never end.
SCENARIO(a_number_is_replaced_by_a_full_pipe, NO_RING) {
  open_pipe(ends);
  open_pipe(others);
  feed(others[1], std::string(4096, 'f').c_str());
  other_is_full = true;  // where the call that fails is the one for the duplicate, the rest goes there
  if (is_long_write_over_with_its_number_replaced() && present_fault() == 0) EXPECT(ended_well(*shared, MORE_THAN_A_PIPE_HOLDS));
}

SCENARIO(a_handler_forks_beside_a_pipe_read, NO_RING) {
  open_pipe(ends);
  install_handler(42, [](int, siginfo_t*, void*) {
    fork_child([] {
      Request& read = read_of(ends[0], 2);
      if (!submit(read)) return;
      const int outcome = aio_cancel(ends[0], nullptr);
      wait_for(read);
      EXPECT(outcome != AIO_CANCELED || read.error == ECANCELED);
    });
  }, 0);
  const unsigned sender = spawn([] { send_to_thread(1, 42); });
  const unsigned feeder = spawn([] { feed(ends[1], "abcdefgh"); });
  Request& read = read_of(ends[0], 4);
  if (submit(read)) {
    wait_for(read);
    EXPECT(ended_well(read, 4));
  }
  join(sender);
  join(feeder);
}

// Where no poll can be taken back none is made: a few workers wait, and the poller.
SCENARIO(blocked_reads_without_kernel_polls, NO_RING) {
  refuse_call(SYS_io_cancel);
  static int pipes[4][2];
  Request* reads[4];
  bool has[4];
  for (int i = 0; i < 4; ++i) {
    open_pipe(pipes[i]);
    has[i] = submit(*(reads[i] = &read_of(pipes[i][0], 4)));
  }
  const unsigned feeder = spawn([] {
    for (int i = 3; i >= 0; --i) {
      if (i != 1) feed(pipes[i][1], "four");
    }
  });
  const int outcome = aio_cancel(pipes[1][0], nullptr);
  for (int i = 0; i < 4; ++i) {
    if (!has[i]) continue;
    if (i == 1 && outcome == AIO_NOTCANCELED) feed(pipes[i][1], "four");
    wait_for(*reads[i]);
    EXPECT(ended_well_or_cancelled(*reads[i], 4));
    if (reads[i]->error == ECANCELED) EXPECT(i == 1);
  }
  join(feeder);
}
