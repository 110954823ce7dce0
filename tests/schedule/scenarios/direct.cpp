// SPDX-License-Identifier: MIT
// O_DIRECT: kernel AIO, and what stands beside it.
#include <fcntl.h>

#include <cerrno>

#include "scenarios/program.h"

using namespace schedule;

namespace {
int fd;
constexpr std::size_t SECTORS = 1024;

void write_twice() {
  for (int i = 0; i < 2; ++i) {
    Request& write = write_of_size(fd, SECTORS, 'w', i * 1024);
    if (!submit(write)) continue;
    wait_for(write);
    EXPECT(ended_well_or_cancelled(write, SECTORS));
  }
}
void sync_once() {
  Request& sync = sync_of(fd);
  if (!submit(sync)) return;
  wait_for(sync);
  EXPECT(ended_well_or_cancelled(sync, 0));
}
void cancel_twice() {
  for (int i = 0; i < 2; ++i) aio_cancel(fd, nullptr);
}
}  // namespace

SCENARIO(a_direct_write_beside_sync_and_cancel, NO_RING) {
  fd = open_regular(O_RDWR | O_DIRECT, "");
  const unsigned syncer = spawn(sync_once), canceller = spawn(cancel_twice);
  write_twice();
  join(syncer);
  join(canceller);
}

SCENARIO(a_direct_write_beside_sync_and_close, NO_RING) {
  fd = open_regular(O_RDWR | O_DIRECT, "");
  Request& write = write_of_size(fd, SECTORS, 'w', 0);
  const bool has_write = submit(write);
  const unsigned syncer = spawn([] {
    Request& sync = sync_of(fd);
    if (!submit(sync)) return;
    wait_for(sync);
    EXPECT(sync.error == EBADF || ended_well(sync, 0));
  });
  close_file(fd);
  if (has_write) {
    wait_for(write);
    EXPECT(ended_well(write, SECTORS) || lost_its_file(write));
  }
  join(syncer);
}

SMALL_SCENARIO(a_direct_read_waits, NO_RING) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(4096, 'd'));
  Request& read = read_of(fd, 1024, 0);
  if (!submit(read)) return;
  wait_for(read);
  EXPECT(ended_well(read, 1024));
}

SCENARIO(two_leaders_of_direct_reads, NO_RING) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(4096, 'd'));
  const auto reads = [] {
    for (int i = 0; i < 2; ++i) {
      Request& read = read_of(fd, 1024, i * 1024, i == 0 ? By::NOTHING : By::SIGNAL);
      if (!submit(read)) continue;
      wait_for(read);
      EXPECT(ended_well(read, 1024));
    }
  };
  const unsigned other = spawn(reads);
  reads();
  join(other);
}

SCENARIO(a_sync_covers_direct_writes, NO_RING) {
  fd = open_regular(O_RDWR | O_DIRECT, "");
  Request& first = write_of_size(fd, 512, 'a', 0);
  Request& second = write_of_size(fd, 512, 'b', 512);
  Request& sync = sync_of(fd, By::SIGNAL);
  const bool has_first = submit(first), has_second = submit(second);
  if (submit(sync)) {
    poll_for(sync);
  }
  const unsigned covered = inode_of(fd).synced_writes;
  if (has_first) wait_for(first);
  if (has_second) wait_for(second);
  const unsigned written = unsigned{has_first && first.error == 0} + unsigned{has_second && second.error == 0};
  if (sync.state == Request::OVER && sync.error == 0) EXPECT(covered >= written);
}

// Who looks makes no thread: it leaves the event, and those behind it.
SCENARIO(direct_reads_call_functions, NO_RING) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(4096, 'd'));
  Request* reads[3];
  bool has[3];
  for (int i = 0; i < 3; ++i) has[i] = submit(*(reads[i] = &read_of(fd, 512, i * 512, i == 1 ? By::FUNCTION : By::NOTHING)));
  for (int i = 0; i < 3; ++i) {
    if (!has[i]) continue;
    poll_for(*reads[i]);
    EXPECT(ended_well(*reads[i], 512));
  }
}

namespace {
volatile unsigned others_submitted;
Request* others_read;
Request* others_second;

void submit_two_and_wait_for_one() {
  others_read = &read_of(fd, SECTORS, 1024);
  others_second = &read_of(fd, SECTORS, 2048);
  const bool has_first = submit(*others_read);
  if (!submit(*others_second)) others_second = nullptr;
  if (!has_first) others_read = nullptr;
  tell(others_submitted);
  if (others_read == nullptr) return;
  wait_for(*others_read);
  EXPECT(ended_well(*others_read, SECTORS));
}
}  // namespace

// Each thread's are in a kernel context of its own; one waits for another's, and for both at once.
SCENARIO(direct_reads_of_several_contexts_are_waited_for, NO_RING) {
  fd = open_regular(O_RDWR | O_DIRECT, std::string(4096, 'd'));
  others_submitted = 0;
  Request& mine = read_of(fd, SECTORS, 0);
  const bool has_mine = submit(mine);
  const unsigned other = spawn(submit_two_and_wait_for_one);
  pause_until(others_submitted, 1);
  if (has_mine && others_second != nullptr) {
    const struct aiocb* both[] = {&mine.block, &others_second->block};
    while (!is_over(mine) && !is_over(*others_second)) aio_suspend(both, 2, nullptr);
  }
  for (Request* request : {has_mine ? &mine : nullptr, others_second}) {
    if (request == nullptr) continue;
    wait_for(*request);
    EXPECT(ended_well(*request, SECTORS));
  }
  join(other);
}

// The sync is behind requests of both threads, and nobody looks at those.
SCENARIO(a_sync_covers_direct_writes_of_two_contexts, NO_RING) {
  fd = open_regular(O_RDWR | O_DIRECT, "");
  others_submitted = 0;
  Request& mine = write_of_size(fd, SECTORS, 'a', 0);
  const bool has_mine = submit(mine);
  const unsigned other = spawn([] {
    others_read = &write_of_size(fd, SECTORS, 'b', 1024);
    if (!submit(*others_read)) others_read = nullptr;
    tell(others_submitted);
  });
  pause_until(others_submitted, 1);
  sync_once();
  for (Request* request : {has_mine ? &mine : nullptr, others_read}) {
    if (request == nullptr) continue;
    EXPECT(is_room_short() || is_over(*request));
    wait_for(*request);
    EXPECT(ended_well(*request, SECTORS));
  }
  join(other);
}
