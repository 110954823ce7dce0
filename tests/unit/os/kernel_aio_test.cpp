// SPDX-License-Identifier: MIT
// kernel_aio: contexts of the true kernel, and waits in them that consume nothing. Refusals come from a seccomp filter in a
// child. Where this machine has no kernel AIO, or no room for it now, the tests are skipped.
#include "os/kernel_aio.h"

#include "os/aio_context.h"

namespace {

using namespace atomrt::unit;

// ---- the context ----

void a_context_is_a_ring_with_room_for_all(void**) {
  for (const unsigned requests : {1U, 8U, 256U}) {
    const Fixture f(requests);
    SKIP_WITHOUT_CONTEXT(f);
    assert_true(f.ring->size > requests);  // one place stays free
    assert_int_equal(f.events(), 0);
    for (unsigned i = 0; i < requests; ++i) f.poll(i);
    f.pipe.feed();
    assert_true(eventually([&] { return f.events() == requests; }));
  }
}

void contexts_are_told_apart(void**) {
  const Fixture one, other;
  SKIP_WITHOUT_CONTEXT(one);
  SKIP_WITHOUT_CONTEXT(other);
  assert_ptr_not_equal(one.ring, other.ring);
  one.poll();
  one.pipe.feed();
  assert_int_equal(one.wait_no_longer(), 0);
  assert_int_equal(other.wait_no_longer(), ETIMEDOUT);
}

int limit_of_the_machine() {
  FILE* file = fopen("/proc/sys/fs/aio-max-nr", "re");
  int limit = 0;
  if (file != nullptr && fscanf(file, "%d", &limit) != 1) limit = 0;
  if (file != nullptr) fclose(file);
  return limit;
}

void more_than_the_machine_has_room_for_is_eagain(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  const int limit = limit_of_the_machine();
  if (limit <= 0 || limit > 1'000'000) return SKIP("fs.aio-max-nr is no limit here");
  const auto made = make_aio_context(static_cast<unsigned>(limit) + 1);
  assert_false(static_cast<bool>(made));
  assert_int_equal(made.error(), EAGAIN);
}

void the_kernels_refusal_is_told(void**) {
  for (const int error : {ENOSYS, EPERM, EACCES, EAGAIN, ENOMEM}) {
    const int status = in_child([error] {
      if (!refuse(SYS_io_setup, error)) return 77;
      errno = 1234;
      const auto made = make_aio_context(ROOM);
      if (made || made.error() != error) return 1;
      return errno == 1234 ? 0 : 2;
    });
    if (status == 77) return SKIP("no seccomp filter may be entered here");
    assert_int_equal(status, 0);
  }
}

// As before Linux 4.18, and under a filter that allows what is older.
void without_the_wait_that_swaps_the_mask_there_is_no_context(void**) {
  {
    const Fixture f;
    SKIP_WITHOUT_CONTEXT(f);
    assert_int_equal(mapped_contexts(), 1);
  }
  for (const int error : {ENOSYS, EPERM}) {
    const int status = in_child([error] {
      if (!refuse(GET_EVENTS, error)) return 77;
      const auto made = make_aio_context(ROOM);
      if (made || made.error() != error) return 1;
      return mapped_contexts() == 0 ? 0 : 2;
    });
    if (status == 77) return SKIP("no seccomp filter may be entered here");
    assert_int_equal(status, 0);
  }
}

void what_is_given_back_is_gone(void**) {
  Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  assert_int_equal(mapped_contexts(), 1);
  CompletionRing* ring = f.ring;
  f.poll();  // in flight: is cancelled
  f.give_back();
  assert_int_equal(mapped_contexts(), 0);
  assert_int_equal(wait_for_event(ring, NO_SIGNALS, NO_DEADLINE), 0);  // nobody is kept waiting
  assert_int_equal(wait_for_event(ring, NO_SIGNALS, now_ns()), ETIMEDOUT);
  iocb poll = poll_of(f.pipe.out, 1);
  iocb* all[] = {&poll};
  assert_int_equal(submit_aio(ring, all, 1), -EINVAL);
}

// ---- transfers ----

void a_transfer_says_what_was_asked_for(void**) {
  char buffer[16];
  const iocb read = make_transfer(false, 5, buffer, sizeof buffer, std::int64_t{1} << 40, 0x123456789abcdef0);
  assert_int_equal(read.aio_lio_opcode, IOCB_CMD_PREAD);
  assert_int_equal(read.aio_fildes, 5);
  assert_int_equal(read.aio_buf, reinterpret_cast<std::uintptr_t>(buffer));
  assert_int_equal(read.aio_nbytes, sizeof buffer);
  assert_int_equal(read.aio_offset, std::int64_t{1} << 40);
  assert_int_equal(read.aio_data, 0x123456789abcdef0);
  assert_int_equal(read.aio_rw_flags, RWF_NOWAIT);
  assert_int_equal(read.aio_flags, 0);  // no eventfd, no priority
  assert_int_equal(make_transfer(true, 5, buffer, 1, 0, 0).aio_lio_opcode, IOCB_CMD_PWRITE);
}

void data_and_result_come_back_in_the_event(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  const TestFile file;
  char buffer[16] = {};
  const long accepted = f.submit(make_transfer(false, file.fd, buffer, 4, 10, 0x123456789abcdef0));
  if (accepted == -EOPNOTSUPP) return SKIP("this file system has no RWF_NOWAIT");
  assert_int_equal(accepted, 1);
  assert_int_equal(wait_for_event(f.ring, NO_SIGNALS, now_ns() + 10'000'000'000), 0);
  assert_int_equal(f.events(), 1);
  const io_event& event = f.ring->events[f.ring->head.load()];
  assert_int_equal(event.data, 0x123456789abcdef0);
  if (event.res == -EAGAIN) return SKIP("the page is not in memory any more");
  assert_int_equal(event.res, 4);
  assert_memory_equal(buffer, "abcd", 4);
}

void a_result_is_found_between_two_places_of_the_ring(void**) {
  constexpr std::uint32_t SIZE = 4;
  auto* ring = static_cast<CompletionRing*>(calloc(1, sizeof(CompletionRing) + SIZE * sizeof(io_event)));
  ring->size = SIZE;
  ring->events[2] = {7, 0, 10, 0};
  ring->events[3] = {8, 0, -EAGAIN, 0};
  ring->events[0] = {9, 0, 30, 0};
  ring->tail.store(1);  // it has gone round
  assert_true(find_result(*ring, 2, 7) == 10);
  assert_true(find_result(*ring, 3, 8) == -EAGAIN);
  assert_true(find_result(*ring, 2, 9) == 30);
  assert_true(find_result(*ring, 3, 7) == std::nullopt);  // came before
  assert_true(find_result(*ring, 1, 9) == std::nullopt);  // nothing has come since
  assert_true(find_result(*ring, 2, 6) == std::nullopt);
  free(ring);
}

void what_cannot_be_submitted_is_told_at_once(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  char buffer[4];
  const bool has_nowait = has_nowait_pipes();
  errno = 1234;
  assert_int_equal(f.submit(make_transfer(false, -1, buffer, 4, 0, 1)), -EBADF);
  // Not open for writing. A kernel without RWF_NOWAIT on pipes looks at that first.
  const long refused = f.submit(make_transfer(true, f.pipe.out, buffer, 4, 0, 1));
  assert_int_equal(refused, has_nowait ? -EBADF : -EOPNOTSUPP);
  assert_int_equal(errno, 1234);
  assert_int_equal(f.events(), 0);
}

void of_several_those_before_the_first_bad_one_are_accepted(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  iocb first = poll_of(f.pipe.out, 1), second = poll_of(f.pipe.out, 2), bad = poll_of(-1, 3), last = poll_of(f.pipe.out, 4);
  iocb* all[] = {&first, &second, &bad, &last};
  assert_int_equal(submit_aio(f.ring, all, 4), 2);
  f.pipe.feed();
  assert_true(eventually([&] { return f.events() == 2; }));
  assert_int_equal(f.ring->events[0].data + f.ring->events[1].data, 3);
}

// Events that nobody consumes keep their room.
void a_full_context_is_eagain_until_events_are_consumed(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  unsigned accepted = 0;
  long result;
  while ((result = f.submit(poll_of(f.pipe.out, accepted))) == 1) ++accepted;
  assert_int_equal(result, -EAGAIN);
  assert_true(accepted >= ROOM);
  assert_true(accepted < f.ring->size);
  f.pipe.feed();
  assert_true(eventually([&] { return f.events() == accepted; }));
  assert_int_equal(f.submit(poll_of(f.pipe.out, 0)), -EAGAIN);
  f.consume();
  assert_int_equal(f.submit(poll_of(f.pipe.out, 0)), 1);
}

// ---- waits ----

void a_wait_consumes_nothing(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  f.poll(77);
  f.pipe.feed();
  const std::uint32_t head = f.ring->head.load();
  for (int i = 0; i < 3; ++i) {
    assert_int_equal(wait_for_event(f.ring, NO_SIGNALS, NO_DEADLINE), 0);
    assert_int_equal(f.ring->head.load(), head);
    assert_int_equal(f.events(), 1);
    assert_int_equal(f.ring->events[head].data, 77);
  }
  f.consume();
  assert_int_equal(f.wait_no_longer(), ETIMEDOUT);
}

// A new event ends it, one that has been consumed does not.
void a_wait_goes_on_behind_the_head(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  // More rounds than the ring has places.
  for (std::uint32_t round = 0; round < 2 * f.ring->size + 1; ++round) {
    assert_int_equal(f.wait_no_longer(), ETIMEDOUT);
    f.poll(round);
    if (round == 0) f.pipe.feed();
    assert_int_equal(wait_for_event(f.ring, NO_SIGNALS, NO_DEADLINE), 0);
    assert_int_equal(f.ring->events[f.ring->head.load()].data, round);
    f.consume();
  }
}

void a_past_deadline_is_over_at_once(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  f.poll();
  assert_int_equal(f.wait_no_longer(), ETIMEDOUT);
  assert_int_equal(wait_for_event(f.ring, NO_SIGNALS, 0), ETIMEDOUT);
  f.pipe.feed();
  assert_int_equal(wait_for_event(f.ring, NO_SIGNALS, 0), 0);  // there already
}

void a_deadline_ends_the_wait_and_not_earlier(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  const std::int64_t deadline = now_ns() + 5'000'000;
  assert_int_equal(wait_for_event(f.ring, NO_SIGNALS, deadline), ETIMEDOUT);
  assert_true(now_ns() >= deadline);
}

void an_event_wakes_all_who_wait(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  Sleep sleeps[2];
  Thread one([&] { sleeps[0].run(f, NO_SIGNALS, NO_DEADLINE); });
  Thread other([&] { sleeps[1].run(f, NO_SIGNALS, now_ns() + 1'000'000'000'000); });
  for (Sleep& sleep : sleeps) assert_true(sleep.has_begun());
  f.poll();
  for (Sleep& sleep : sleeps) assert_int_equal(sleep.outcome, -1);
  f.pipe.feed();
  one.join();
  other.join();
  for (Sleep& sleep : sleeps) assert_int_equal(sleep.outcome, 0);
}

void any_handler_ends_the_wait(void**) {
  SKIP_UNDER_TSAN();
  for (const int flags : {0, SA_RESTART}) {
    const Fixture f;
    SKIP_WITHOUT_CONTEXT(f);
    install(flags);
    Sleep sleep;
    Thread thread([&] { sleep.run(f, NO_SIGNALS, NO_DEADLINE); });
    assert_true(sleep.has_begun());
    pthread_kill(thread.id(), SIGUSR1);
    thread.join();
    assert_int_equal(sleep.outcome, EINTR);
    assert_int_equal(handled, 1);
  }
}

// Pending from before, where the thread had it blocked: its handler runs in the wait alone, which is over at once.
void the_mask_is_that_of_the_wait_and_no_longer(void**) {
  SKIP_UNDER_TSAN();
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  install(0);
  sigset_t one, before, after;
  sigemptyset(&one);
  sigaddset(&one, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &one, &before);
  pthread_kill(pthread_self(), SIGUSR1);
  assert_int_equal(handled, 0);
  assert_int_equal(wait_for_event(f.ring, signal_bit(SIGUSR1), now_ns() + 1'000'000), ETIMEDOUT);
  assert_int_equal(handled, 0);
  assert_int_equal(wait_for_event(f.ring, NO_SIGNALS, NO_DEADLINE), EINTR);
  assert_int_equal(handled, 1);
  pthread_sigmask(SIG_SETMASK, &before, &after);
  assert_true(sigismember(&after, SIGUSR1));
}

// Blocked for the length of the wait alone: it is still pending behind it, and then delivered.
void a_signal_that_the_wait_blocks_does_not_end_it(void**) {
  SKIP_UNDER_TSAN();
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  install(0);
  Sleep sleep;
  Thread thread([&] { sleep.run(f, signal_bit(SIGUSR1), NO_DEADLINE); });
  assert_true(sleep.has_begun());
  pthread_kill(thread.id(), SIGUSR1);
  f.poll();
  assert_int_equal(handled, 0);
  assert_int_equal(sleep.outcome, -1);
  f.pipe.feed();
  thread.join();
  assert_int_equal(sleep.outcome, 0);
  assert_int_equal(handled, 1);
}

// A filter entered with requests in flight: the wait looks again and again, and ends as it would.
void a_wait_that_a_filter_forbids_ends_all_the_same(void**) {
  SKIP_UNDER_TSAN();
  const int status = in_child([] {
    const Fixture f;
    if (f.ring == nullptr || !refuse(GET_EVENTS, EPERM)) return 77;
    if (f.submit(poll_of(f.pipe.out, 1)) != 1) return 1;
    if (wait_for_event(f.ring, NO_SIGNALS, NO_DEADLINE) != 0) return 2;  // look
    if (wait_for_event(f.ring, NO_SIGNALS, now_ns() + 1'000'000'000'000) != 0) return 3;
    const std::int64_t deadline = now_ns() + 3'000'000;
    int result;
    while ((result = wait_for_event(f.ring, NO_SIGNALS, deadline)) == 0) {
    }
    if (result != ETIMEDOUT || now_ns() < deadline) return 4;
    install(SA_RESTART);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &one, nullptr);
    pthread_kill(pthread_self(), SIGUSR1);
    if (wait_for_event(f.ring, signal_bit(SIGUSR1), NO_DEADLINE) != 0 || handled != 0) return 5;
    if (wait_for_event(f.ring, NO_SIGNALS, NO_DEADLINE) != EINTR || handled != 1) return 6;
    f.pipe.feed();
    while (f.events() == 0) wait_for_event(f.ring, NO_SIGNALS, NO_DEADLINE);
    return 0;
  });
  if (status == 77) return SKIP("no seccomp filter may be entered here");
  assert_int_equal(status, 0);
}

void a_pending_cancellation_does_not_act(void**) {
  const Fixture f;
  SKIP_WITHOUT_CONTEXT(f);
  std::atomic<bool> went_on{false};
  Thread thread([&] {
    pthread_cancel(pthread_self());
    iocb poll = poll_of(f.pipe.out, 1);
    iocb* all[] = {&poll};
    submit_aio(f.ring, all, 1);
    wait_for_event(f.ring, LIBRARY_THREAD_SIGNALS, now_ns() + 1'000'000);
    went_on.store(true);
  });
  thread.join();
  assert_true(went_on);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_context_is_a_ring_with_room_for_all), cmocka_unit_test(contexts_are_told_apart),
           cmocka_unit_test(more_than_the_machine_has_room_for_is_eagain),
           cmocka_unit_test(the_kernels_refusal_is_told),
           cmocka_unit_test(without_the_wait_that_swaps_the_mask_there_is_no_context),
           cmocka_unit_test(what_is_given_back_is_gone), cmocka_unit_test(a_transfer_says_what_was_asked_for),
           cmocka_unit_test(data_and_result_come_back_in_the_event),
           cmocka_unit_test(a_result_is_found_between_two_places_of_the_ring),
           cmocka_unit_test(what_cannot_be_submitted_is_told_at_once),
           cmocka_unit_test(of_several_those_before_the_first_bad_one_are_accepted),
           cmocka_unit_test(a_full_context_is_eagain_until_events_are_consumed),
           cmocka_unit_test(a_wait_consumes_nothing), cmocka_unit_test(a_wait_goes_on_behind_the_head),
           cmocka_unit_test(a_past_deadline_is_over_at_once),
           cmocka_unit_test(a_deadline_ends_the_wait_and_not_earlier), cmocka_unit_test(an_event_wakes_all_who_wait),
           cmocka_unit_test(any_handler_ends_the_wait), cmocka_unit_test(the_mask_is_that_of_the_wait_and_no_longer),
           cmocka_unit_test(a_signal_that_the_wait_blocks_does_not_end_it),
           cmocka_unit_test(a_wait_that_a_filter_forbids_ends_all_the_same),
           cmocka_unit_test(a_pending_cancellation_does_not_act))
