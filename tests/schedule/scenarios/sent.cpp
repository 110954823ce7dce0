// SPDX-License-Identifier: MIT
// O_DIRECT reads that are given to kernel AIO with signals as they are (chain/sent.h), and who comes between.
#include <fcntl.h>

#include <cerrno>

#include "scenarios/program.h"

using namespace schedule;

namespace {

constexpr int INTERRUPTION = 42;
constexpr std::size_t SECTOR = 512;
int fd;

void open_direct() { fd = open_regular(O_RDWR | O_DIRECT, std::string(4096, 'd'), false); }

void read_once(long offset) {
  Request& read = read_of(fd, SECTOR, offset);
  if (!submit(read)) return;
  wait_for(read);
  EXPECT(ended_well(read, SECTOR));
}

// The first asks about the number; unless the kernel refuses one the next are sent.
void read_until_sent() {
  open_direct();
  read_once(0);
}

void look_at(Request& read) {
  wait_for(read);
  EXPECT(ended_well(read, SECTOR));
}

Request* interrupted;
void (*in_handler)();

void handle(int, siginfo_t*, void*) { in_handler(); }

// Main submits and waits, and is interrupted somewhere.
void read_while(void (*act)()) {
  read_until_sent();
  in_handler = act;
  interrupted = &read_of(fd, SECTOR, 1024);
  install_handler(INTERRUPTION, handle, 0);
  const unsigned sender = spawn([] { send_to_thread(1, INTERRUPTION); });
  if (submit(*interrupted)) {
    wait_for(*interrupted);
    // The handler may have closed the number while the call was on its way, or found what the kernel has refused.
    EXPECT(ended_well_or_cancelled(*interrupted, SECTOR) || interrupted->error == EBADF);
  }
  join(sender);
}

// Submitted, or being so.
bool is_in_progress() {
  return interrupted->state == Request::SUBMITTED && aio_error(&interrupted->block) == EINPROGRESS;
}

volatile unsigned others_are_done;
volatile unsigned is_interrupted;

}  // namespace

SMALL_SCENARIO(a_sent_read_waits, NO_RING) {
  read_until_sent();
  read_once(512);
}

SCENARIO(several_reads_are_sent, NO_RING) {
  read_until_sent();
  Request* reads[4];
  bool has[4];
  for (int i = 0; i < 4; ++i) has[i] = submit(*(reads[i] = &read_of(fd, SECTOR, i * 512)));
  for (int i = 3; i >= 0; --i) {
    if (has[i]) look_at(*reads[i]);
  }
}

// It may be its own thread's, and it would wait for itself; it comes back.
SCENARIO(a_handler_waits_for_what_it_interrupted, NO_RING) {
  read_while([] {
    const struct aiocb* const list[] = {&interrupted->block};
    if (is_in_progress()) aio_suspend(list, 1, nullptr);
  });
}

SCENARIO(a_handler_cancels_what_it_interrupted, NO_RING) {
  read_while([] {
    if (is_in_progress()) aio_cancel(fd, &interrupted->block);
    aio_cancel(fd, nullptr);
  });
}

SCENARIO(a_handler_submits_and_waits_in_a_sent_read, NO_RING) {
  read_while([] { read_once(512); });
}

SCENARIO(a_handler_syncs_in_a_sent_read, NO_RING) {
  read_while([] {
    Request& sync = sync_of(fd);
    if (!submit(sync)) return;
    wait_for(sync);
    EXPECT(ended_well(sync, 0));
  });
}

SCENARIO(a_handler_closes_in_a_sent_read, NO_RING) {
  read_while([] { close_file(fd); });
}

SCENARIO(a_handler_forks_in_a_sent_read, NO_RING) {
  read_while([] {
    fork_child([] {
      read_once(0);
      read_once(512);
    });
  });
}

// The handler stays until the other thread has done what it wants, and that must not wait for the interrupted thread.
SCENARIO(others_go_on_while_a_sent_read_is_interrupted, NO_RING) {
  others_are_done = 0;
  is_interrupted = 0;
  read_until_sent();
  interrupted = &read_of(fd, SECTOR, 1024);
  in_handler = [] {
    tell(is_interrupted);
    pause_until(others_are_done, 1);
  };
  install_handler(INTERRUPTION, handle, 0);
  const unsigned other = spawn([] {
    send_to_thread(1, INTERRUPTION);
    pause_until(is_interrupted, 1);
    aio_cancel(fd, nullptr);
    const struct aiocb* const list[] = {&interrupted->block};
    const timespec time{0, 1'000'000};
    if (is_in_progress()) aio_suspend(list, 1, &time);
    read_once(0);
    tell(others_are_done);
  });
  const bool has_read = submit(*interrupted);
  tell(is_interrupted);  // or the signal comes to who waits, or joins
  if (has_read) {
    wait_for(*interrupted);
    EXPECT(ended_well_or_cancelled(*interrupted, SECTOR));
  }
  join(other);
}

// Who waits may come before io_submit is over, and nobody else looks.
SCENARIO(another_thread_waits_for_a_sent_read, NO_RING) {
  read_until_sent();
  others_are_done = 0;
  interrupted = &read_of(fd, SECTOR, 1024);
  in_handler = [] {
    for (int i = 0; i < 300; ++i) yield_step("handler takes its time");
  };
  install_handler(INTERRUPTION, handle, 0);
  const unsigned other = spawn([] {
    const struct aiocb* const list[] = {&interrupted->block};
    send_to_thread(1, INTERRUPTION);
    while (aio_error(&interrupted->block) == EINPROGRESS) {
      aio_suspend(list, 1, nullptr);
      yield_step("program looks again");  // there may be nothing to wait for yet
    }
    tell(others_are_done);
  });
  const bool has_read = submit(*interrupted);
  pause_until(others_are_done, 1);
  if (has_read) look_at(*interrupted);
  join(other);
}

SCENARIO(sent_reads_beside_sync_and_cancel, NO_RING) {
  read_until_sent();
  const unsigned syncer = spawn([] {
    Request& sync = sync_of(fd);
    if (!submit(sync)) return;
    wait_for(sync);
    EXPECT(ended_well_or_cancelled(sync, 0));
  });
  const unsigned canceller = spawn([] { aio_cancel(fd, nullptr); });
  for (int i = 0; i < 2; ++i) {
    Request& read = read_of(fd, SECTOR, i * 512);
    if (!submit(read)) continue;
    wait_for(read);
    EXPECT(ended_well_or_cancelled(read, SECTOR));
  }
  join(syncer);
  join(canceller);
}

SCENARIO(sent_reads_keep_their_file, NO_RING) {
  read_until_sent();
  Request& first = read_of(fd, SECTOR, 0);
  Request& second = read_of(fd, SECTOR, 512);
  const bool has_first = submit(first), has_second = submit(second);
  // Without room to keep the file they are of this one, which is as long.
  const int other = open_regular(O_RDWR, std::string(1024, 'o'));
  replace_file(other, fd);
  for (Request* read : {has_first ? &first : nullptr, has_second ? &second : nullptr}) {
    if (read == nullptr) continue;
    wait_for(*read);
    EXPECT(ended_well(*read, SECTOR) || lost_its_file(*read));
  }
}

// Another thread sees the event while the submitter has not entered the read anywhere, and has not ended it yet.
SCENARIO(a_sent_read_in_anothers_hands_is_cancelled, NO_RING) {
  read_until_sent();
  const unsigned looker = spawn([] {
    for (int i = 0; i < 3; ++i) aio_cancel(0, nullptr);
  });
  Request& first = read_of(fd, SECTOR, 1024);
  if (submit(first)) {
    const int outcome = aio_cancel(fd, &first.block);
    EXPECT(outcome != AIO_ALLDONE || is_over(first));
    wait_for(first);
  }
  Request& second = read_of(fd, SECTOR, 1024);
  if (submit(second)) {
    const int outcome = aio_cancel(fd, nullptr);
    EXPECT(outcome != AIO_ALLDONE || is_over(second));
    wait_for(second);
  }
  join(looker);
}
