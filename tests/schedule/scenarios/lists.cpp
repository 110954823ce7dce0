// SPDX-License-Identifier: MIT
// lio_listio.
#include <fcntl.h>

#include <cerrno>

#include "scenarios/program.h"

using namespace schedule;

namespace {
unsigned group_notified;

int list_of_three(int mode, int fd, Request* (&list)[3], By by, sigevent* event = nullptr) {
  list[0] = &read_of(fd, 100, 0, by);
  list[1] = &write_of(fd, "hello", 500);
  list[2] = &read_of(fd, 200, 100, by);
  const int outcome = submit_list(mode, list, 3, event);
  if (outcome != 0) EXPECT(errno == EAGAIN || errno == EIO);
  if (outcome != 0) EXPECT(is_room_short() || cost_of_fault() == Cost::A_RESULT);
  return outcome;
}
}  // namespace

SCENARIO(a_list_is_waited_for, NO_RING) {
  const int fd = open_regular(O_RDWR, std::string(400, 'l'), false);
  Request* list[3];
  if (list_of_three(LIO_WAIT, fd, list, By::NOTHING) == 0) {
    for (Request* entry : list) EXPECT(is_over(*entry));
  }
  const bool was_taken = !is_room_short();
  for (Request* entry : list) {
    if (was_taken || is_over(*entry)) wait_for(*entry);
    else entry->state = Request::REFUSED;
  }
}

SCENARIO(a_list_notifies_as_a_whole, NO_RING) {
  const int fd = open_regular(O_RDWR, std::string(400, 'l'), false);
  group_notified = 0;
  install_handler(41, [](int, siginfo_t*, void*) { ++group_notified; wake(&group_notified, MOST_THREADS); }, SA_RESTART);
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = 41;
  Request* list[3];
  const int outcome = list_of_three(LIO_NOWAIT, fd, list, By::SIGNAL, &event);
  if (outcome != 0) {
    EXPECT(is_room_short() || cost_of_fault() == Cost::A_RESULT);
    // Refused, or over: there is no telling, and so not whether it notifies.
    for (Request* entry : list) {
      entry->is_unclear = true;
      wait_for(*entry);
    }
    return;
  }
  for (Request* entry : list) wait_for(*entry);
  if (signals_refused() == 0 && !is_room_short()) {
    while (group_notified == 0) {
      sleep_on("the wait for the group", &group_notified, NEVER, true);
      deliver_signals();
    }
    EXPECT(group_notified == 1);
  }
}

namespace {
Request* entries[3];
int written;

// The library learns that the file's writes only copy; then the caller writes itself.
void write_lists_until_the_caller_does(unsigned more) {
  written = open_regular(O_RDWR, "");
  for (unsigned i = 0; i < 4 + more; ++i) {
    for (unsigned k = 0; k < 3; ++k) entries[k] = &write_of(written, "list", 4 * k);
    const bool is_over_at_once = submit_list(LIO_WAIT, entries, 3) == 0;
    for (Request* entry : entries) {
      if (is_over_at_once) EXPECT(is_over(*entry));
      if (is_over_at_once || !is_room_short() || is_over(*entry)) {
        wait_for(*entry);
        EXPECT(ended_well(*entry, 4));
      } else {
        entry->state = Request::REFUSED;
      }
    }
  }
}
}  // namespace

SCENARIO(the_caller_of_a_list_writes, "head,waiter,threads") { write_lists_until_the_caller_does(2); }

SCENARIO(a_sync_comes_beside_a_list_of_writes, "head,waiter,threads") {
  const unsigned syncer = spawn([] {
    Request& sync = sync_of(written);
    if (submit(sync)) wait_for(sync);
  });
  write_lists_until_the_caller_does(1);
  join(syncer);
}
