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

// The handler's requests are served by the threads that are there; what tells of them by a function may come later.
namespace {
void wait_inside_malloc(int flags) {
  static int ends[2];
  open_pipe(ends);
  fd = open_regular(O_RDWR | flags, std::string(1024, 'm'), false);
  Request& told = read_of(ends[0], 1, 0, By::FUNCTION);
  Request& blocked = read_of(ends[0], 4, 0);
  Request& other = read_of(fd, 512, 512, By::FUNCTION);
  Request& read = read_of(fd, 512, 0);
  Request& sync = sync_of(fd);
  const bool is_told = submit(told), has_blocked = submit(blocked), has_other = submit(other), has_read = submit(read);
  const bool has_sync = submit(sync);
  if (!is_room_short()) hold_malloc();  // else a thread that none could be made for is still to come
  feed(ends[1], is_told ? "1four" : "four");
  if (has_blocked) wait_for(blocked);
  if (has_read) wait_for(read);
  if (has_sync) wait_for(sync);
  let_malloc_go();
  if (is_told) wait_for(told);
  if (has_other) wait_for(other);
  if (is_told) EXPECT(ended_well(told, 1));
  if (has_blocked) EXPECT(ended_well(blocked, 4));
  if (has_other) EXPECT(ended_well(other, 512));
  if (has_read) EXPECT(ended_well(read, 512));
  if (has_sync) EXPECT(ended_well(sync, 0));
}
}  // namespace

SCENARIO(a_handler_waits_inside_malloc, NO_HEAD) { wait_inside_malloc(0); }
SCENARIO(a_handler_waits_inside_malloc_for_direct_reads, NO_RING) { wait_inside_malloc(O_DIRECT); }
SCENARIO(a_handler_waits_inside_malloc_for_workers, THREADS) { wait_inside_malloc(0); }

// Each of the two workers makes threads of functions; one of them stays with the queue.
SCENARIO(a_handler_waits_inside_malloc_for_two_workers, THREADS) {
  struct aioinit two {};
  two.aio_threads = 2;
  aio_init(&two);
  fd = open_regular(O_RDWR, std::string(2048, 'm'), false);
  Request* told[3];
  bool is_told[3];
  for (int i = 0; i < 3; ++i) told[i] = &read_of(fd, 512, 512 * i, By::FUNCTION);
  Request& read = read_of(fd, 512, 1536);
  for (int i = 0; i < 3; ++i) is_told[i] = submit(*told[i]);
  const bool has_read = submit(read);
  if (!is_room_short()) hold_malloc();
  if (has_read) wait_for(read);
  let_malloc_go();
  for (int i = 0; i < 3; ++i) {
    if (is_told[i]) wait_for(*told[i]);
  }
  if (has_read) EXPECT(ended_well(read, 512));
}
