// SPDX-License-Identifier: MIT
// Transfers that are left to the thread that waits for them (chain/lone.h), and who comes between.
#include <fcntl.h>

#include <cerrno>

#include "scenarios/program.h"

using namespace schedule;

namespace {

constexpr const char* CONTEXTS = "waiter,threads";
int fd;

// Waited for one by one, so that the library learns that their submitter waits.
void write_until_left_to_waiters() {
  fd = open_regular(O_RDWR, "");
  for (int i = 0; i < 6; ++i) {
    Request& write = write_of(fd, "seen", 0);
    if (submit(write)) wait_for(write);
  }
}

void read_until_left_to_waiters() {
  fd = open_regular(O_RDWR, "firstlonemore");
  for (int i = 0; i < 6; ++i) {
    Request& read = read_of(fd, 5);
    if (submit(read)) wait_for(read);
  }
}

void wait_and_look(Request& write, bool may_be_cancelled) {
  wait_for(write);
  EXPECT(may_be_cancelled ? ended_well_or_cancelled(write, 4) : ended_well(write, 4));
}

}  // namespace

SCENARIO(a_lone_write_is_waited_for, CONTEXTS) {
  write_until_left_to_waiters();
  Request& write = write_of(fd, "lone", 8);
  if (!submit(write)) return;
  wait_and_look(write, false);
  EXPECT(write.error != 0 || contents(fd).substr(8) == "lone");
}

// A thread that waits with a timeout runs nothing itself: the worker that keeps watch does.
SCENARIO(nobody_takes_a_lone_write, CONTEXTS) {
  write_until_left_to_waiters();
  Request& write = write_of(fd, "lone", 8);
  if (!submit(write)) return;
  const struct aiocb* const list[] = {&write.block};
  const timespec time{0, 1'000'000};
  while (!is_over(write)) {
    if (aio_suspend(list, 1, &time) != 0) EXPECT(errno == EAGAIN || errno == EINTR);
  }
  finish(write);
  EXPECT(ended_well(write, 4));
}

SCENARIO(a_sync_comes_after_a_lone_write, CONTEXTS) {
  write_until_left_to_waiters();
  Request& write = write_of(fd, "lone", 8);
  const bool has_write = submit(write);
  static bool has_synced;
  static std::size_t size;
  has_synced = false;
  const unsigned syncer = spawn([] {
    Request& sync = sync_of(fd);
    if (!submit(sync)) return;
    wait_for(sync);
    has_synced = sync.error == 0;
    size = contents(fd).size();
  });
  if (has_write) wait_and_look(write, false);
  join(syncer);
  if (has_write && write.error == 0 && has_synced) EXPECT(size == 12 || cost_of_fault() != Cost::NOTHING);
}

SCENARIO(a_lone_write_is_cancelled_while_waited_for, CONTEXTS) {
  write_until_left_to_waiters();
  static Request* write;
  write = &write_of(fd, "lone", 8);
  if (!submit(*write)) return;
  const unsigned canceller = spawn([] {
    const int outcome = aio_cancel(fd, nullptr);
    EXPECT(outcome == AIO_CANCELED || outcome == AIO_NOTCANCELED || outcome == AIO_ALLDONE);
  });
  const int outcome = aio_cancel(fd, &write->block);
  wait_and_look(*write, true);
  if (outcome == AIO_CANCELED) EXPECT(write->error == ECANCELED);
  join(canceller);
}

SCENARIO(a_lone_write_is_cancelled_by_its_number, CONTEXTS) {
  write_until_left_to_waiters();
  Request& write = write_of(fd, "lone", 8);
  if (!submit(write)) return;
  const int outcome = aio_cancel(fd, nullptr);
  wait_and_look(write, true);
  EXPECT(cost_of_fault() != Cost::NOTHING || (outcome == AIO_CANCELED) == (write.error == ECANCELED));
}

SCENARIO(a_lone_write_is_closed_and_cancelled, CONTEXTS) {
  write_until_left_to_waiters();
  Request& write = write_of(fd, "lone", 8);
  if (!submit(write)) return;
  const int other = open_regular(O_RDWR, "");
  const unsigned canceller = spawn([] { aio_cancel(fd, nullptr); });
  replace_file(other, fd);
  wait_and_look(write, true);
  join(canceller);
  EXPECT(cost_of_fault() != Cost::NOTHING || contents(other).empty());
}

SCENARIO(a_lone_write_is_closed_while_waited_for, CONTEXTS) {
  write_until_left_to_waiters();
  Request& write = write_of(fd, "lone", 8);
  if (!submit(write)) return;
  static int other;
  other = open_regular(O_RDWR, "");
  const unsigned closer = spawn([] { replace_file(other, fd); });
  wait_and_look(write, false);
  join(closer);
  EXPECT(cost_of_fault() != Cost::NOTHING || contents(other).empty());
}

SCENARIO(two_wait_for_a_lone_write, CONTEXTS) {
  write_until_left_to_waiters();
  static Request* write;
  write = &write_of(fd, "lone", 8);
  if (!submit(*write)) return;
  const auto suspend = [] {
    const struct aiocb* const list[] = {&write->block};
    while (!is_over(*write)) {
      if (aio_suspend(list, 1, nullptr) != 0) EXPECT(errno == EAGAIN || errno == EINTR);
    }
  };
  const unsigned other = spawn(suspend);
  suspend();
  join(other);
  finish(*write);
  EXPECT(ended_well(*write, 4));
}

SCENARIO(lone_writes_beside_writes_of_the_same_number, CONTEXTS) {
  write_until_left_to_waiters();
  const auto write_twice = [] {
    for (int i = 0; i < 2; ++i) {
      Request& write = write_of(fd, "both", 8);
      if (submit(write)) wait_and_look(write, false);
    }
  };
  const unsigned other = spawn(write_twice);
  write_twice();
  join(other);
}

// Both numbers are known for plain writes, when F_SETFL makes their file one that is appended to.
SCENARIO(appends_by_two_numbers_follow_what_seemed_plain, CONTEXTS) {
  write_until_left_to_waiters();
  static int other;
  other = install(*file_of(fd), 0);
  for (int i = 0; i < 6; ++i) {
    Request& write = write_of(other, "seen", 0);
    if (submit(write)) wait_for(write);
  }
  file_of(fd)->flags |= O_APPEND;
  const std::size_t before = contents(fd).size();
  Request& first = write_of(fd, "1111", 0);
  const bool has_first = submit(first);
  static Request* second;
  second = &write_of(other, "2222", 0);
  const bool has_second = submit(*second);
  const unsigned waiter = has_second ? spawn([] { wait_and_look(*second, false); }) : 0;
  if (has_first) wait_and_look(first, false);
  if (has_second) join(waiter);
  if (!has_first || !has_second || first.error != 0 || second->error != 0) return;
  EXPECT(cost_of_fault() != Cost::NOTHING || contents(fd).substr(before) == "11112222");
}

SCENARIO(a_lone_read_beside_another_of_the_same_number, CONTEXTS) {
  read_until_left_to_waiters();
  Request& first = read_of(fd, 4, 5);
  if (!submit(first)) return;
  const unsigned other = spawn([] {
    Request& second = read_of(fd, 4, 9);
    if (submit(second)) wait_and_look(second, false);
  });
  wait_and_look(first, false);
  join(other);
}

// Who waits for two reads takes neither: the worker that keeps watch does.
SCENARIO(several_lone_reads_are_waited_for_at_once, CONTEXTS) {
  read_until_left_to_waiters();
  Request& read = read_of(fd, 4, 5);
  if (!submit(read)) return;
  int ends[2];
  open_pipe(ends);
  Request& blocked = read_of(ends[0], 4);
  const bool has_blocked = submit(blocked);
  while (!is_over(read)) {
    const bool is_blocked = has_blocked && !is_over(blocked);
    const struct aiocb* const list[] = {&read.block, is_blocked ? &blocked.block : nullptr};
    if (aio_suspend(list, 2, nullptr) != 0) EXPECT(errno == EAGAIN || errno == EINTR);
  }
  finish(read);
  EXPECT(ended_well(read, 4));
  if (!has_blocked) return;
  aio_cancel(ends[0], nullptr);
  wait_and_look(blocked, true);
}

SCENARIO(a_lone_read_is_cancelled_while_another_waits, CONTEXTS) {
  read_until_left_to_waiters();
  static Request* read;
  read = &read_of(fd, 4, 5);
  if (!submit(*read)) return;
  const unsigned canceller = spawn([] { aio_cancel(fd, nullptr); });
  wait_and_look(*read, true);
  join(canceller);
}
