// SPDX-License-Identifier: MIT
// One or two requests at a time: submit, wait, cancel.
#include <fcntl.h>

#include <cerrno>

#include "scenarios/program.h"

using namespace schedule;

SMALL_SCENARIO(a_read_waits_in_suspend, NO_RING) {
  const int fd = open_regular(O_RDWR, std::string(100, 'x'), false);
  Request& read = read_of(fd, 50);
  if (!submit(read)) return;
  wait_for(read);
  EXPECT(ended_well(read, 50));
}

SMALL_SCENARIO(a_read_is_polled_for, THREADS) {
  const int fd = open_regular(O_RDWR, std::string(100, 'x'), false);
  Request& read = read_of(fd, 200);
  if (!submit(read)) return;
  poll_for(read);
  EXPECT(ended_well(read, 100));
}

SMALL_SCENARIO(a_write_notifies_by_signal, NO_RING) {
  const int fd = open_regular(O_RDWR, "");
  Request& write = write_of(fd, "hello", 0, By::SIGNAL);
  if (!submit(write)) return;
  wait_for(write);
  EXPECT(ended_well(write, 5) && (write.error != 0 || contents(fd) == "hello"));
}

namespace {
int shared_fd, peer_fd;

void cancel_all() {
  const int outcome = aio_cancel(shared_fd, nullptr);
  EXPECT(outcome == AIO_CANCELED || outcome == AIO_NOTCANCELED || outcome == AIO_ALLDONE);
}
void feed_peer() { feed(peer_fd, "abcd"); }
}  // namespace

SCENARIO(a_pipe_read_is_cancelled_while_fed, NO_RING) {
  int ends[2];
  open_pipe(ends);
  shared_fd = ends[0];
  peer_fd = ends[1];
  Request& read = read_of(ends[0], 10);
  const unsigned feeder = spawn(feed_peer);
  if (submit(read)) {
    const int outcome = aio_cancel(ends[0], &read.block);
    wait_for(read);
    if (outcome == AIO_CANCELED) EXPECT(read.error == ECANCELED);
    if (outcome != AIO_CANCELED) EXPECT(ended_well(read, 4));
  }
  join(feeder);
}

SCENARIO(stream_reads_keep_their_order, NO_RING) {
  int ends[2];
  open_pipe(ends);
  peer_fd = ends[1];
  Request& first = read_of(ends[0], 2);
  Request& second = read_of(ends[0], 2);
  const bool has_first = submit(first), has_second = submit(second);
  const unsigned feeder = spawn(feed_peer);
  if (has_second) wait_for(second);
  if (has_first) wait_for(first);
  if (has_first) EXPECT(ended_well(first, 2));
  if (has_second) EXPECT(ended_well(second, 2));
  join(feeder);
}

SCENARIO(a_read_is_suspended_for_by_two, NO_HEAD) {
  static Request* read;
  const int fd = open_regular(O_RDWR, std::string(600, 'x'), false);
  read = &read_of(fd, 512, 0, By::SIGNAL);
  if (!submit(*read)) return;
  const auto suspend = [] {
    const struct aiocb* const list[] = {&read->block};
    while (!is_over(*read)) {
      const timespec time{0, 1'000'000};
      if (aio_suspend(list, 1, &time) != 0) EXPECT(errno == EAGAIN || errno == EINTR);
    }
  };
  const unsigned other = spawn(suspend);
  suspend();
  join(other);
  finish(*read);
  EXPECT(ended_well(*read, 512));
}

SCENARIO(writes_and_reads_beside_cancel, NO_RING) {
  shared_fd = open_regular(O_RDWR, std::string(2000, 'o'), false);
  Request& write = write_of_size(shared_fd, 1000, 'n', 0, By::SIGNAL);
  Request& read = read_of(shared_fd, 1500, 100);
  const unsigned canceller = spawn(cancel_all);
  const bool has_write = submit(write), has_read = submit(read);
  if (has_read) wait_for(read);
  if (has_write) wait_for(write);
  join(canceller);
  if (has_write) EXPECT(ended_well_or_cancelled(write, 1000));
  if (has_read) EXPECT(ended_well_or_cancelled(read, 1500));
}

// Nobody feeds it: wherever it is, it has moved no byte.
SMALL_SCENARIO(a_read_of_an_empty_pipe_can_be_cancelled, NO_RING) {
  int ends[2];
  open_pipe(ends);
  Request& read = read_of(ends[0], 10);
  if (!submit(read)) return;
  const int outcome = aio_cancel(ends[0], nullptr);
  // A read whose call fails may be over, or be about to end.
  EXPECT(outcome == AIO_CANCELED || (outcome == AIO_ALLDONE && is_room_short()) || cost_of_fault() == Cost::A_RESULT);
  wait_for(read);
  EXPECT(ended_well_or_cancelled(read, 0));
}

// From the moment that its end is seen on it is nothing to cancel.
SMALL_SCENARIO(a_cancel_behind_the_end_finds_all_done, NO_HEAD) {
  const int fd = open_regular(O_RDWR, std::string(100, 'x'), false);
  Request& read = read_of(fd, 50, 0, By::SIGNAL);
  if (!submit(read)) return;
  while (!is_over(read)) yield_step("program polls");
  EXPECT(aio_cancel(fd, nullptr) == AIO_ALLDONE);
  finish(read);
}
