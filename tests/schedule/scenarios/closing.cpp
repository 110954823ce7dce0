// SPDX-License-Identifier: MIT
// close and dup2 behind requests, and names that may be stale.
#include <fcntl.h>

#include <cerrno>

#include "scenarios/known_file.h"
#include "scenarios/program.h"

using namespace schedule;

namespace {
int fd, peer;
Request* first;

void wait_and_look(Request& read, char letter) {
  while (!is_over(read)) {
    const struct aiocb* const list[] = {&read.block};
    aio_suspend(list, 1, nullptr);
  }
  // Where the call that fails is the one for the duplicate, the request uses what its number means then.
  EXPECT(aio_error(&read.block) != 0 || read.buffer[0] == letter || is_room_short());
  finish(read);
  EXPECT(ended_well(read, static_cast<long>(read.length)) || lost_its_file(read));
}
}  // namespace

SCENARIO(a_number_is_replaced_behind_reads, NO_RING) {
  fd = open_regular(O_RDWR, std::string(600, 'o'), false);
  const int other = open_regular(O_RDWR, std::string(600, 'n'), false);
  Request& old_read = read_of(fd, 512);
  Request& older_read = read_of(fd, 16, 100);
  const bool has_old = submit(old_read), has_older = submit(older_read);
  replace_file(other, fd);
  Request& new_read = read_of(fd, 512);
  const bool has_new = submit(new_read);
  if (has_old) wait_and_look(old_read, 'o');
  if (has_new) wait_and_look(new_read, 'n');
  if (has_older) wait_and_look(older_read, 'o');
}

SCENARIO(a_number_is_replaced_behind_direct_reads, NO_RING) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(1024, 'o'), false);
  const int other = open_regular(O_RDWR | O_DIRECT, std::string(1024, 'n'), false);
  Request& old_read = read_of(fd, 512, 0, By::SIGNAL);
  const bool has_old = submit(old_read);
  replace_file(other, fd);
  Request& new_read = read_of(fd, 512);
  if (submit(new_read)) wait_and_look(new_read, 'n');
  if (has_old) wait_and_look(old_read, 'o');
}

// Who has seen two results replaces the number; another thread's reads of another number go on.
SCENARIO(a_number_is_replaced_between_reads, NO_RING) {
  fd = open_regular(O_RDWR, std::string(600, 'o'), false);
  peer = open_regular(O_RDWR, std::string(600, 'p'), false);
  const int other = open_regular(O_RDWR, std::string(600, 'n'), false);
  const unsigned reader = spawn([] {
    for (int i = 0; i < 2; ++i) {
      Request& read = read_of(peer, 512);
      if (submit(read)) wait_and_look(read, 'p');
    }
  });
  Request& old_read = read_of(fd, 512);
  if (submit(old_read)) wait_and_look(old_read, 'o');
  replace_file(other, fd);
  Request& new_read = read_of(fd, 512);
  if (submit(new_read)) wait_and_look(new_read, 'n');
  join(reader);
}

SCENARIO(a_pipe_is_closed_behind_its_read, NO_RING) {
  int ends[2];
  open_pipe(ends);
  peer = ends[1];
  Request& read = read_of(ends[0], 4);
  const bool has_it = submit(read);
  const unsigned feeder = spawn([] { feed(peer, "four"); });
  join(feeder);
  close_file(ends[0]);
  if (!has_it) return;
  wait_for(read);
  EXPECT(ended_well(read, 4) || lost_its_file(read));
}

// The chain of the first may be the second's when the cancelling thread comes.
SCENARIO(a_stale_name_cancels_nothing, NO_HEAD) {
  fd = open_regular(O_RDWR, std::string(600, 's'), false);
  first = &read_of(fd, 512);
  if (!submit(*first)) return;
  const unsigned canceller = spawn([] { aio_cancel(fd, &first->block); });
  const struct aiocb* const list[] = {&first->block};
  while (!is_over(*first)) aio_suspend(list, 1, nullptr);
  Request& second = read_of(fd, 100);
  if (submit(second)) {
    wait_for(second);
    EXPECT(ended_well(second, 100));
  }
  join(canceller);
  finish(*first);
}

// One canceller, and a closing call, while the read may be anywhere.
SCENARIO(a_number_is_closed_while_cancelled, NO_RING) {
  int ends[2];
  open_pipe(ends);
  fd = ends[0];
  peer = ends[1];
  Request& one = read_of(fd, 2);
  Request& two = read_of(fd, 2);
  const bool has_one = submit(one), has_two = submit(two);
  const unsigned canceller = spawn([] { aio_cancel(fd, nullptr); });
  feed(peer, "abcd");
  close_file(fd);
  if (has_one) wait_for(one);
  if (has_two) wait_for(two);
  if (has_one) EXPECT(ended_well_or_cancelled(one, 2) || lost_its_file(one));
  if (has_two) EXPECT(ended_well_or_cancelled(two, 2) || lost_its_file(two));
  join(canceller);
}

// The duplicate that keeps the pipe for a read is the parent's alone: fork_child looks at what the child has left.
SCENARIO(a_child_keeps_no_duplicate, NO_RING) {
  int ends[2];
  open_pipe(ends);
  peer = ends[1];
  Request& read = read_of(ends[0], 4);
  const bool has_it = submit(read);
  const unsigned forker = spawn([] { fork_child([] {}); });
  close_file(ends[0]);
  join(forker);
  if (!has_it) return;
  if (inode_of(peer).readers > 0) feed(peer, "four");
  wait_for(read);
  EXPECT(ended_well(read, 4) || lost_its_file(read));
}

// The same, whose duplicate comes and goes while the child is being made.
SCENARIO(a_child_is_forked_while_a_duplicate_goes, THREADS) {
  fd = open_regular(O_RDWR, std::string(600, 'o'), false);
  Request& read = read_of(fd, 16);
  const bool has_it = submit(read);
  const unsigned forker = spawn([] { fork_child([] {}); });
  close_file(fd);
  if (has_it) {
    wait_for(read);
    EXPECT(ended_well(read, 16) || lost_its_file(read));
  }
  join(forker);
}

// What is known of a file is whole, or nothing.
SMALL_SCENARIO(a_known_file_is_whole, THREADS) {
  static void* known;
  known = new_known_file();
  const unsigned writer = spawn([] {
    for (int version = 1; version <= 2; ++version) note_file(known, version);
  });
  for (int i = 0; i < 2; ++i) {
    const Recalled recalled = recall_file(known);
    const auto version = static_cast<std::uint64_t>(recalled.flags);
    EXPECT(!recalled.is_known || (recalled.device == version && recalled.inode == version));
  }
  join(writer);
}
