// SPDX-License-Identifier: MIT
// Handlers that wait, and handlers that fork, anywhere in the library.
#include <fcntl.h>

#include <cerrno>

#include "scenarios/program.h"

using namespace schedule;

namespace {
constexpr int INTERRUPTION = 42;
Request* watched;
int fd;

void wait_in_handler(int, siginfo_t*, void*) {
  const struct aiocb* const list[] = {&watched->block};
  if (watched->state != Request::SUBMITTED) return;
  while (aio_error(&watched->block) == EINPROGRESS) {
    if (aio_suspend(list, 1, nullptr) != 0) EXPECT(errno == EINTR || errno == EAGAIN);
  }
}

void fork_in_handler(int, siginfo_t*, void*) {
  fork_child([] {
    Request& read = read_of(fd, 512);
    if (!submit(read)) return;
    wait_for(read);
    EXPECT(ended_well(read, 512));
  });
}

void interrupt_main() { send_to_thread(1, INTERRUPTION); }

void read_beside_interruption(void (*handler)(int, siginfo_t*, void*), int flags) {
  fd = open_regular(O_RDWR | flags, std::string(1024, 'h'), false);
  watched = &read_of(fd, 512);
  install_handler(INTERRUPTION, handler, 0);
  const unsigned sender = spawn(interrupt_main);
  Request& other = read_of(fd, 512, 512);
  const bool has_other = submit(other);
  if (submit(*watched)) {
    wait_for(*watched);
    EXPECT(ended_well(*watched, 512));
  }
  if (has_other) wait_for(other);
  join(sender);
}

// The request that the handler waits for is there before it.
void wait_in_a_handler_first(int flags) {
  fd = open_regular(O_RDWR | flags, std::string(1024, 'h'), false);
  watched = &read_of(fd, 512);
  if (!submit(*watched)) return;
  install_handler(INTERRUPTION, wait_in_handler, 0);
  const unsigned sender = spawn(interrupt_main);
  Request& other = read_of(fd, 512, 512);
  if (submit(other)) wait_for(other);
  join(sender);
  wait_for(*watched);
}
}  // namespace

SCENARIO(a_handler_waits_for_a_read, NO_HEAD) { wait_in_a_handler_first(0); }

SCENARIO(a_handler_waits_for_a_direct_read, NO_RING) { wait_in_a_handler_first(O_DIRECT); }

SCENARIO(a_handler_forks, NO_RING) { read_beside_interruption(fork_in_handler, 0); }
SCENARIO(a_handler_forks_beside_direct_reads, NO_RING) { read_beside_interruption(fork_in_handler, O_DIRECT); }

SCENARIO(suspend_with_a_timeout_beside_a_feeder, NO_RING) {
  static int ends[2];
  open_pipe(ends);
  Request& read = read_of(ends[0], 4);
  if (!submit(read)) return;
  const unsigned feeder = spawn([] { feed(ends[1], "four"); });
  const struct aiocb* const list[] = {&read.block};
  const timespec time{0, 5'000'000};
  while (!is_over(read)) {
    if (aio_suspend(list, 1, &time) != 0) EXPECT(errno == EAGAIN || errno == EINTR);
  }
  finish(read);
  EXPECT(ended_well(read, 4));
  join(feeder);
}
