// SPDX-License-Identifier: MIT
// A pipe's read that is polled for with signals as they are and in no lane (engine/sent.h), and who comes between.
#include <fcntl.h>

#include <cerrno>

#include "scenarios/program.h"

using namespace schedule;

namespace {

constexpr int INTERRUPTION = 42;
int ends[2], others[2];
int again;  // the reading end, by another number
Request* interrupted;
void (*in_handler)();
volatile unsigned others_are_done, is_interrupted;

void feed_first() { feed(ends[1], "abcd"); }

void read_what_comes() {
  Request& read = read_of(ends[0], 4);
  const bool has_it = submit(read);
  feed_first();
  if (!has_it) {
    [[maybe_unused]] const std::string bytes = drain(ends[0], 4);
    return;
  }
  wait_for(read);
  EXPECT(ended_well(read, 4));
}

// So many in vain: the next is sent, unless a call has failed.
void read_in_vain_until_sent() {
  open_pipe(ends);
  for (int i = 0; i < 4; ++i) read_what_comes();
}

void wait_and_look(Request& read, const char* bytes) {
  wait_for(read);
  EXPECT(ended_well(read, 4));
  if (read.error == 0 && read.result == 4 && present_fault() == 0) EXPECT(std::string(read.buffer, 4) == bytes);
}

bool is_in_progress() {
  return interrupted->state == Request::SUBMITTED && aio_error(&interrupted->block) == EINPROGRESS;
}
void handle(int, siginfo_t*, void*) { in_handler(); }

// Main submits, is interrupted somewhere, and waits; its bytes come from elsewhere.
void read_while(void (*act)(), void (*feeds)() = feed_first) {
  read_in_vain_until_sent();
  in_handler = act;
  interrupted = &read_of(ends[0], 4);
  install_handler(INTERRUPTION, handle, 0);
  const unsigned feeder = spawn(feeds);  // the handler may wait for it
  const unsigned sender = spawn([] { send_to_thread(1, INTERRUPTION); });
  if (submit(*interrupted)) {
    wait_for(*interrupted);
    EXPECT(ended_well_or_cancelled(*interrupted, 4) || interrupted->error == EBADF);
  }
  join(sender);
  join(feeder);
}

// Two in the order of their calls, by that number and this one.
void read_twice(int first_fd, int second_fd, By by = By::NOTHING) {
  Request& first = read_of(first_fd, 4, 0, by);
  Request& second = read_of(second_fd, 4);
  const bool has_first = submit(first), has_second = submit(second);
  const unsigned feeder = spawn([] { feed(ends[1], "abcdefgh"); });
  if (has_second) {
    if (has_first) {
      wait_and_look(second, "efgh");
    } else {
      wait_and_look(second, "abcd");
    }
  }
  if (has_first) wait_and_look(first, "abcd");
  join(feeder);
}

}  // namespace

SCENARIO(a_sent_pipe_read_waits, NO_RING) {
  read_in_vain_until_sent();
  Request& read = read_of(ends[0], 4);
  if (!submit(read)) return;
  const unsigned feeder = spawn(feed_first);
  wait_and_look(read, "abcd");
  join(feeder);
}

SCENARIO(a_sent_pipe_read_finds_bytes_there, NO_RING) {
  read_in_vain_until_sent();
  for (int i = 0; i < 2; ++i) {
    feed_first();
    Request& read = read_of(ends[0], 4);
    if (submit(read)) {
      wait_and_look(read, "abcd");
    } else {
      [[maybe_unused]] const std::string bytes = drain(ends[0], 4);
    }
  }
}

SCENARIO(a_read_comes_after_a_sent_one_of_its_pipe, NO_RING) {
  read_in_vain_until_sent();
  read_twice(ends[0], ends[0]);
}

SCENARIO(a_read_comes_after_a_sent_one_by_another_number, NO_RING) {
  read_in_vain_until_sent();
  again = install(*file_of(ends[0]), 3);
  read_twice(ends[0], again);
}

SCENARIO(a_read_is_not_sent_after_another, NO_RING) {
  read_in_vain_until_sent();
  again = install(*file_of(ends[0]), 3);
  read_twice(again, ends[0], By::SIGNAL);
}

// Both calls may be on their way at once: either may be the first, and one after both is the last.
SCENARIO(a_read_comes_after_two_at_once, NO_RING) {
  read_in_vain_until_sent();
  again = install(*file_of(ends[0]), 3);
  const unsigned other = spawn([] {
    Request& read = read_of(again, 2);
    if (!submit(read)) return;
    wait_for(read);
    EXPECT(ended_well(read, 2));
  });
  Request& first = read_of(ends[0], 2);
  Request& last = read_of(again, 2);
  const bool has_first = submit(first), has_last = submit(last);
  const unsigned feeder = spawn([] { feed(ends[1], "abcdef"); });
  if (has_first) wait_for(first);
  if (has_last) {
    wait_for(last);
    EXPECT(ended_well(last, 2));
    if (has_first && first.error == 0 && last.error == 0 && present_fault() == 0) {
      EXPECT(first.buffer[0] < last.buffer[0]);
    }
  }
  join(other);
  join(feeder);
}

SCENARIO(a_sent_pipe_read_beside_cancel, NO_RING) {
  read_in_vain_until_sent();
  const unsigned canceller = spawn([] { aio_cancel(ends[0], nullptr); });
  for (int i = 0; i < 2; ++i) {
    Request& read = read_of(ends[0], 4);
    const bool has_it = submit(read);
    if (i == 1) feed(ends[1], "abcdefgh");
    if (!has_it) continue;
    if (i == 0 && aio_cancel(ends[0], &read.block) == AIO_NOTCANCELED) feed_first();
    wait_for(read);
    EXPECT(ended_well_or_cancelled(read, 4));
  }
  join(canceller);
}

// Another process takes what was there between the poll and the read.
SCENARIO(a_sent_pipe_read_is_outrun, NO_RING) {
  read_in_vain_until_sent();
  Request& read = read_of(ends[0], 4);
  Request& next = read_of(ends[0], 4);
  const bool has_it = submit(read);
  const unsigned thief = spawn([] {
    feed_first();
    yield_step("thief waits");
    const std::string taken = drain(ends[0], 4);
    if (!taken.empty()) feed_first();
  });
  const bool has_next = submit(next);
  if (has_it) wait_and_look(read, "abcd");
  join(thief);
  if (has_next && has_it) feed_first();
  if (has_next) wait_and_look(next, "abcd");
}

// Whoever looked may have had it polled for again before its submitter was back.
SCENARIO(a_sent_pipe_read_that_was_outrun_is_cancelled, NO_RING) {
  read_in_vain_until_sent();
  const unsigned thief = spawn([] {
    feed_first();
    [[maybe_unused]] const std::string bytes = drain(ends[0], 4);
    aio_cancel(ends[1], nullptr);  // looks
  });
  Request& read = read_of(ends[0], 4);
  const bool has_it = submit(read);
  join(thief);
  if (!has_it) return;
  if (!is_over(read)) {
    const int outcome = aio_cancel(ends[0], &read.block);
    EXPECT(outcome != AIO_ALLDONE || is_over(read));
    if (outcome == AIO_NOTCANCELED) feed_first();  // where the kernel does not poll again it is on its way elsewhere
  }
  wait_for(read);
  EXPECT(ended_well_or_cancelled(read, 4));
}

SCENARIO(a_number_is_replaced_behind_a_sent_pipe_read, NO_RING) {
  read_in_vain_until_sent();
  open_pipe(others);
  Request& old_read = read_of(ends[0], 4);
  const int kept = install(*file_of(ends[0]), 3);
  const bool has_old = submit(old_read);
  replace_file(others[0], ends[0]);
  Request& new_read = read_of(ends[0], 4);
  const bool has_new = submit(new_read);
  feed(others[1], "wxyz");
  // Where the duplicate could not be made the old one reads this one, too.
  if (present_fault() != 0 || is_room_short()) feed(others[1], "wxyz");
  if (has_new) wait_and_look(new_read, "wxyz");
  feed_first();
  if (has_old) {
    wait_for(old_read);
    EXPECT(ended_well(old_read, 4) || lost_its_file(old_read));
    if (old_read.error == 0 && present_fault() == 0 && !is_room_short()) EXPECT(old_read.buffer[0] == 'a');
  }
  close_file(kept);
}

namespace {

// Sees the event while the submitter has not entered the read anywhere.
unsigned spawn_looker() {
  return spawn([] {
    for (int i = 0; i < 3; ++i) aio_cancel(ends[1], nullptr);
  });
}

void cancel_in_anothers_hands(bool is_named) {
  read_in_vain_until_sent();
  Request& read = read_of(ends[0], 4);
  feed_first();
  const unsigned looker = spawn_looker();
  if (submit(read)) {
    const int outcome = aio_cancel(ends[0], is_named ? &read.block : nullptr);
    EXPECT(outcome != AIO_ALLDONE || is_over(read));
    wait_for(read);
    EXPECT(ended_well_or_cancelled(read, 4));
  }
  join(looker);
}

}  // namespace

SCENARIO(a_sent_pipe_read_in_anothers_hands_is_cancelled, NO_RING) { cancel_in_anothers_hands(true); }
SCENARIO(all_are_cancelled_with_a_sent_pipe_read_in_anothers_hands, NO_RING) { cancel_in_anothers_hands(false); }

SCENARIO(a_read_comes_after_a_sent_one_in_anothers_hands, NO_RING) {
  read_in_vain_until_sent();
  again = install(*file_of(ends[0]), 3);
  feed(ends[1], "abcdefgh");
  const unsigned looker = spawn_looker();
  Request& first = read_of(ends[0], 4);
  Request& second = read_of(again, 4);
  const bool has_first = submit(first), has_second = submit(second);
  join(looker);
  if (has_first) wait_and_look(first, "abcd");
  if (has_second) wait_and_look(second, has_first ? "efgh" : "abcd");
}

SCENARIO(a_number_is_replaced_behind_a_sent_pipe_read_in_anothers_hands, NO_RING) {
  read_in_vain_until_sent();
  open_pipe(others);
  feed(others[1], "wxyz");
  const int kept = install(*file_of(ends[0]), 3);
  Request& read = read_of(ends[0], 4);
  feed_first();
  const unsigned looker = spawn_looker();
  const bool has_it = submit(read);
  replace_file(others[0], ends[0]);
  join(looker);
  if (has_it) {
    wait_for(read);
    EXPECT(ended_well(read, 4) || lost_its_file(read));
    if (read.error == 0 && present_fault() == 0 && !is_room_short()) EXPECT(read.buffer[0] == 'a');
  }
  close_file(kept);
}

// It is taken, over and another request's while its submitter is at its claim.
SCENARIO(a_chain_is_used_again_at_the_claim, NO_RING) {
  read_in_vain_until_sent();
  open_pipe(others);
  feed_first();
  const unsigned looker = spawn([] {
    for (int i = 0; i < 3; ++i) {
      aio_cancel(ends[1], nullptr);
      Request& read = read_of(others[0], 4);
      if (!submit(read)) continue;
      feed(others[1], "wxyz");
      wait_and_look(read, "wxyz");
    }
  });
  Request& read = read_of(ends[0], 4);
  if (submit(read)) wait_and_look(read, "abcd");
  join(looker);
}

// The spawner has left meanwhile, and the read may need a thread.
SCENARIO(a_handler_waits_inside_malloc_for_a_sent_pipe_read, NO_RING) {
  struct aioinit idle {};
  idle.aio_idle_time = 1;
  aio_init(&idle);
  read_in_vain_until_sent();
  for (const bool is_last : {false, true}) {
    Request& read = read_of(ends[0], 4);
    if (!submit(read)) return;
    const struct aiocb* const list[] = {&read.block};
    const timespec longer{2, 0};
    if (!is_last) aio_suspend(list, 1, &longer);
    const unsigned feeder = spawn(feed_first);
    if (is_last && !is_room_short()) hold_malloc();
    wait_and_look(read, "abcd");
    let_malloc_go();
    join(feeder);
  }
}

SCENARIO(a_handler_waits_for_the_pipe_read_it_interrupted, NO_RING) {
  read_while([] {
    const struct aiocb* const list[] = {&interrupted->block};
    if (is_in_progress()) aio_suspend(list, 1, nullptr);
  });
}

SCENARIO(a_handler_cancels_the_pipe_read_it_interrupted, NO_RING) {
  read_while([] {
    if (is_in_progress()) aio_cancel(ends[0], &interrupted->block);
    aio_cancel(ends[0], nullptr);
  });
}

SCENARIO(a_handler_reads_in_a_sent_pipe_read, NO_RING) {
  read_while(
      [] {
        Request& read = read_of(ends[0], 4);
        if (!submit(read)) return;
        wait_for(read);
        EXPECT(ended_well(read, 4));
      },
      [] { feed(ends[1], "abcdefgh"); });
}

SCENARIO(a_handler_forks_in_a_sent_pipe_read, NO_RING) {
  read_while(
      [] {
        fork_child([] {
          for (int i = 0; i < 2; ++i) {
            Request& read = read_of(ends[0], 2);
            if (!submit(read)) continue;
            const int outcome = aio_cancel(ends[0], nullptr);
            wait_for(read);
            EXPECT(outcome != AIO_CANCELED || read.error == ECANCELED);
          }
        });
      },
      [] { feed(ends[1], "abcdefgh"); });
}

// The handler stays until the other thread has done what it wants, and that must not wait for the interrupted thread.
SCENARIO(others_go_on_while_a_sent_pipe_read_is_interrupted, NO_RING) {
  others_are_done = 0;
  is_interrupted = 0;
  read_in_vain_until_sent();
  again = install(*file_of(ends[0]), 3);
  interrupted = &read_of(ends[0], 4);
  in_handler = [] {
    tell(is_interrupted);
    pause_until(others_are_done, 1);
  };
  install_handler(INTERRUPTION, handle, 0);
  const unsigned other = spawn([] {
    send_to_thread(1, INTERRUPTION);
    pause_until(is_interrupted, 1);
    Request& read = read_of(again, 4);
    const bool has_it = submit(read);
    aio_cancel(ends[0], nullptr);
    feed(ends[1], "abcdefgh");
    if (has_it) {
      wait_for(read);
      EXPECT(ended_well(read, 4));
    }
    tell(others_are_done);
  });
  const bool has_read = submit(*interrupted);
  tell(is_interrupted);  // or the signal comes to who waits, or joins
  if (has_read) {
    wait_for(*interrupted);
    EXPECT(ended_well_or_cancelled(*interrupted, 4));
  }
  join(other);
}
