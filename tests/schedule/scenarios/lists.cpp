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
