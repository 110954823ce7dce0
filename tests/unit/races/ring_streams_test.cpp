// SPDX-License-Identifier: MIT
// Streams in the ring: tried at once, polled by the kernel while their peer is not ready, tried again; cancelled meanwhile,
// many at once, in a ring that is full. The ring is true (exec/ring_requests.h); skipped where this kernel has none.
#include <stdlib.h>

#include "exec/ring_requests.h"
#include "exec/ring_thread.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::Place;
using atomrt::chain::Request;
using Fixture = ThreadFixture;

Request read_of(int fd, void* buffer, std::size_t length) { return transfer(Kind::STREAM_READ, fd, buffer, length); }
Request write_of(int fd, void* buffer, std::size_t length) { return transfer(Kind::STREAM_WRITE, fd, buffer, length); }

void a_stream_that_is_ready_is_served_at_once(void**) {
  Fixture f;
  TestPipe pipe;
  char buffer[8], text[] = "more";
  pipe.feed("text");
  f.ends_with(f.submitted(read_of(pipe.out, buffer, 8)), 4);
  assert_memory_equal(buffer, "text", 4);
  f.ends_with(f.submitted(write_of(pipe.in, text, 4)), 4);
  assert_int_equal(submissions.polls, 0);
  assert_int_equal(read(pipe.out, buffer, 8), 4);
}

// The poll tells as well, also what has come since.
void what_the_submitter_found_not_ready_is_not_tried_again(void**) {
  Fixture f;
  TestPipe pipe;
  char buffer[8];
  Request request = read_of(pipe.out, buffer, 8);
  request.was_not_ready = true;
  pipe.feed("text");
  f.ends_with(f.submitted(request), 4);
  assert_memory_equal(buffer, "text", 4);
  assert_int_equal(submissions.polls, 1);
}

void a_blocked_read_waits_for_its_peer(void**) {
  Fixture f;
  TestPipe pipe;
  char buffer[8];
  Chain& chain = f.submitted(read_of(pipe.out, buffer, 8));
  assert_true(Fixture::comes_to(chain, Place::BLOCKED));
  assert_true(chain.is_polled);
  assert_int_equal(f.job(chain).completed, 0);
  pipe.feed("text");
  f.ends_with(chain, 4);
  assert_memory_equal(buffer, "text", 4);
  assert_int_equal(f.ring.created(), 1);
}

void a_blocked_read_ends_with_its_peer(void**) {
  Fixture f;
  TestPipe pipe;
  char buffer[8];
  Chain& chain = f.submitted(read_of(pipe.out, buffer, 8));
  assert_true(Fixture::comes_to(chain, Place::BLOCKED));
  pipe.close_in();
  f.ends_with(chain, 0);
}

void a_write_on_a_full_pipe_waits_for_room(void**) {
  Fixture f;
  TestPipe pipe;
  char text[] = "text", buffer[4];
  const long before = pipe.fill();
  Chain& chain = f.submitted(write_of(pipe.in, text, 4));
  assert_true(Fixture::comes_to(chain, Place::BLOCKED));
  assert_int_equal(pipe.drain(before), before);
  f.ends_with(chain, 4);
  assert_int_equal(read(pipe.out, buffer, 4), 4);
  assert_memory_equal(buffer, "text", 4);
}

// What has moved some is no canceller's any more, and goes on to its last byte.
void a_write_that_has_moved_some_goes_on(void**) {
  Fixture f;
  TestPipe pipe;
  static char text[20'000];
  fcntl(pipe.in, F_SETPIPE_SZ, 4096);
  Chain& chain = f.submitted(write_of(pipe.in, text, sizeof text));
  assert_true(Fixture::comes_to(chain, Place::IN_RING));
  assert_true(moved_so_far(chain) > 0);
  assert_int_equal(pipe.drain(sizeof text), sizeof text);
  f.ends_with(chain, sizeof text);
}

void a_broken_pipe_is_epipe_and_no_signal(void**) {
  Fixture f;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  static char text[20'000];
  fcntl(ends[1], F_SETPIPE_SZ, 4096);
  Chain& chain = f.submitted(write_of(ends[1], text, sizeof text));
  assert_true(Fixture::comes_to(chain, Place::IN_RING));
  close(ends[0]);
  const long moved = static_cast<long>(moved_so_far(chain));
  f.ends_with(chain, moved);  // what was moved; then
  f.ends_with(f.submitted(write_of(ends[1], text, 4)), -EPIPE);
  close(ends[1]);
}

void a_nonblocking_stream_answers_as_read_does(void**) {
  Fixture f;
  TestPipe pipe(O_NONBLOCK);
  char buffer[8];
  Request request = read_of(pipe.out, buffer, 8);
  request.nonblocking = true;
  f.ends_with(f.submitted(request), -EAGAIN);
  pipe.feed("text");
  f.ends_with(f.submitted(request), 4);
  assert_int_equal(submissions.polls, 0);
}

// A terminal knows no reading without waiting.
void what_cannot_be_asked_without_waiting_is_passed_on(void**) {
  Fixture f;
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) return SKIP("no pseudo-terminal here");
  char buffer[8];
  f.is_passed_on(f.submitted(read_of(terminal, buffer, 8)));
  close(terminal);
}

// The kernel says that there is room, and there is too little for this datagram: a thread waits in the call itself.
void a_writer_that_was_called_in_vain_is_passed_on(void**) {
  Fixture f;
  TestPipe pipe;
  char text[] = "text";
  submissions.vain_tries.store(2);
  Chain& chain = f.submitted(write_of(pipe.in, text, 4));
  f.is_passed_on(chain);
  assert_int_equal(submissions.polls, 1);
  assert_false(chain.is_polled);
}

// Another reader was faster.
void a_reader_that_was_called_in_vain_waits_again(void**) {
  Fixture f;
  TestPipe pipe;
  char buffer[8];
  pipe.feed("text");
  submissions.vain_tries.store(4);
  f.ends_with(f.submitted(read_of(pipe.out, buffer, 8)), 4);
  assert_int_equal(submissions.polls, 4);
}

// As engine/take does it.
bool cancel(Fixture& f, Chain& chain, std::uint32_t generation) {
  for (;;) {
    if (claim(chain, generation, Place::BLOCKED)) break;
    if (f.ring.take(chain)) return true;
    if (!is_at(chain, generation, Place::MOVING)) return false;
    sched_yield();
  }
  f.ring.forget(name_of(chain));
  return true;
}

void a_cancelled_read_takes_nothing_and_the_kernel_forgets_it(void**) {
  Fixture f;
  TestPipe pipe;
  char buffer[8] = "untaken";
  Chain& chain = f.submitted(read_of(pipe.out, buffer, 8));
  assert_true(Fixture::comes_to(chain, Place::BLOCKED));
  assert_true(cancel(f, chain, generation_of(chain)));
  pipe.feed("text");
  assert_true(f.thread_leaves());  // it does not while the kernel holds a poll
  assert_int_equal(submissions.forgets, 1);
  assert_int_equal(f.job(chain).completed, 0);
  assert_string_equal(buffer, "untaken");
  assert_int_equal(read(pipe.out, buffer, 8), 4);
}

// The poll of the old one may end when the chain is another's.
void a_late_poll_does_not_touch_the_chains_next_user(void**) {
  Fixture f;
  TestPipe old, next;
  char buffer[8], unused[8];
  for (int i = 0; i < 200; ++i) {
    Chain& chain = f.submitted(read_of(old.out, unused, 8));
    if (i % 2 == 0) assert_true(Fixture::comes_to(chain, Place::BLOCKED));
    if (!cancel(f, chain, generation_of(chain))) assert_true(i % 2 != 0);
    if (f.job(chain).completed.load() != 0) abort();
    atomrt::unit::free_chain(f.engine.pool, chain);
    Chain& again = f.submitted(read_of(next.out, buffer, 8));
    assert_ptr_equal(&again, &chain);
    old.feed("old");
    char eaten[8];
    assert_int_equal(read(old.out, eaten, 8), 3);
    assert_true(Fixture::comes_to(again, Place::BLOCKED));
    next.feed("next");
    f.ends_with(again, 4);
    f.job(again).completed.store(0);
    atomrt::unit::free_chain(f.engine.pool, again);
  }
}

// One feeds, one cancels: each chain is completed or cancelled, and no byte is lost.
void a_blocked_read_is_completed_or_cancelled(void**) {
  Fixture f;
  TestPipe pipe;
  Rounds rounds(2, 3000);
  std::atomic<Chain*> current{nullptr};
  std::atomic<int> cancelled{0};
  const auto feed = [&] {
    for (int round = 0; rounds.join(round); rounds.leave()) pipe.feed("x");
  };
  const auto take = [&] {
    for (int round = 0; rounds.join(round); rounds.leave()) {
      Chain& chain = *current.load();
      cancelled.store(cancel(f, chain, generation_of(chain)));
    }
  };
  Thread feeder(feed);
  Thread canceller(take);
  int wrong = 0;
  while (rounds.more()) {
    char buffer = 0;
    Chain& chain = f.submitted(read_of(pipe.out, &buffer, 1));
    if (rounds.started() % 2 == 0) wrong += !Fixture::comes_to(chain, Place::BLOCKED);
    current.store(&chain);
    rounds.start();
    rounds.finish();
    if (cancelled.load() != 0) {
      wrong += read(pipe.out, &buffer, 1) != 1 || f.job(chain).completed.load() != 0;
    } else {
      wrong += !eventually([&] { return f.job(chain).completed.load() == 1; }) || f.job(chain).outcome.load() != 1;
    }
    wrong += buffer != 'x';
  }
  feeder.join();
  canceller.join();
  assert_int_equal(wrong, 0);
}

void many_blocked_reads_hold_one_thread(void**) {
  for (const unsigned entries : {4U, 256U}) {
    Fixture f(entries);
    constexpr int PIPES = 200;
    static char buffers[PIPES][4];
    TestPipe* pipes[PIPES];
    Chain* chains[PIPES];
    for (int i = 0; i < PIPES; ++i) {
      pipes[i] = new TestPipe;
      chains[i] = &f.submitted(read_of(pipes[i]->out, buffers[i], 4));
    }
    for (const Chain* chain : chains) assert_true(Fixture::comes_to(*chain, Place::BLOCKED));
    assert_int_equal(f.ring.created(), 1);
    for (int i = 0; i < PIPES; ++i) pipes[i]->feed(i % 2 == 0 ? "even" : "odd.");
    for (int i = 0; i < PIPES; ++i) {
      f.ends_with(*chains[i], 4);
      assert_memory_equal(buffers[i], i % 2 == 0 ? "even" : "odd.", 4);
      delete pipes[i];
    }
  }
}

// All polls end in one moment: many more completions than the queue has room for.
void more_completions_than_the_queue_holds_are_all_seen(void**) {
  Fixture f(4);
  TestPipe pipe;
  static char buffers[1000][4];
  Chain* chains[1000];
  for (int i = 0; i < 1000; ++i) chains[i] = &f.submitted(read_of(pipe.out, buffers[i], 4));
  for (const Chain* chain : chains) assert_true(Fixture::comes_to(*chain, Place::BLOCKED));
  pipe.close_in();
  for (const Chain* chain : chains) f.ends_with(*chain, 0);
}

void many_cancelled_at_once_leave_nothing_behind(void**) {
  Fixture f(4);
  TestPipe pipe;
  static char buffer[4];
  Chain* chains[500];
  for (Chain*& chain : chains) chain = &f.submitted(read_of(pipe.out, buffer, 4));
  for (const Chain* chain : chains) assert_true(Fixture::comes_to(*chain, Place::BLOCKED));
  for (Chain* chain : chains) assert_true(cancel(f, *chain, generation_of(*chain)));
  assert_true(f.thread_leaves());
  assert_int_equal(submissions.forgets, 500);
  assert_int_equal(f.engine.completed, 0);
}

}  // namespace

int main() {
  if (!has_ring()) return 77;
  CMUnitTest tests[] = {
      cmocka_unit_test(a_stream_that_is_ready_is_served_at_once),
      cmocka_unit_test(what_the_submitter_found_not_ready_is_not_tried_again),
      cmocka_unit_test(a_blocked_read_waits_for_its_peer),
      cmocka_unit_test(a_blocked_read_ends_with_its_peer),
      cmocka_unit_test(a_write_on_a_full_pipe_waits_for_room),
      cmocka_unit_test(a_write_that_has_moved_some_goes_on),
      cmocka_unit_test(a_broken_pipe_is_epipe_and_no_signal),
      cmocka_unit_test(a_nonblocking_stream_answers_as_read_does),
      cmocka_unit_test(what_cannot_be_asked_without_waiting_is_passed_on),
      cmocka_unit_test(a_writer_that_was_called_in_vain_is_passed_on),
      cmocka_unit_test(a_reader_that_was_called_in_vain_waits_again),
      cmocka_unit_test(a_cancelled_read_takes_nothing_and_the_kernel_forgets_it),
      cmocka_unit_test(a_late_poll_does_not_touch_the_chains_next_user),
      cmocka_unit_test(a_blocked_read_is_completed_or_cancelled),
      cmocka_unit_test(many_blocked_reads_hold_one_thread),
      cmocka_unit_test(more_completions_than_the_queue_holds_are_all_seen),
      cmocka_unit_test(many_cancelled_at_once_leave_nothing_behind),
  };
  return run_chosen(__FILE__, tests, sizeof tests / sizeof *tests);
}
