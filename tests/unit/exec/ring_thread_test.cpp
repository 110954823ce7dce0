// SPDX-License-Identifier: MIT
// RingThread: what becomes of each kind of request in a true io_uring (ring_requests.h), also where it is short,
// refused, full, or late; streams are races/ring_streams_test.cpp's. Skipped where this kernel has no such ring.
#include "exec/ring_thread.h"

#include "exec/ring_requests.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::Operation;
using atomrt::chain::Place;
using atomrt::chain::Request;
using atomrt::exec::Verdict;
using Fixture = ThreadFixture;

int rings() { return threads_named("atomrt-ring"); }

void reads_and_writes_move_their_bytes(void**) {
  Fixture f;
  TestFile file;
  char buffer[4], text[] = "WXYZ";
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 4, 10)), 4);
  assert_memory_equal(buffer, "abcd", 4);
  f.ends_with(f.submitted(transfer(Kind::WRITE, file.fd, text, 4, 2)), 4);
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 4, 0)), 4);
  assert_memory_equal(buffer, "01WX", 4);
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 4, 14)), 2);  // the end of the file
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 4, 100)), 0);
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 0, 0)), 0);
}

void syncs_are_fsync_or_fdatasync(void**) {
  Fixture f;
  TestFile file;
  Request request = request_of(Kind::SYNC, nullptr, file.fd);
  f.ends_with(f.submitted(request), 0);
  request.operation = Operation::FDATASYNC;
  f.ends_with(f.submitted(request), 0);
  assert_int_equal(submissions.count, 2);
  assert_int_equal(submissions.seen[0].opcode, IORING_OP_FSYNC);
  assert_int_equal(submissions.seen[0].flags, 0);
  assert_int_equal(submissions.seen[1].opcode, IORING_OP_FSYNC);
  assert_int_equal(submissions.seen[1].flags, IORING_FSYNC_DATASYNC);
}

void errors_of_the_operation_are_the_requests(void**) {
  Fixture f;
  TestFile file;
  TestPipe pipe;
  char buffer[4];
  f.ends_with(f.submitted(transfer(Kind::READ, 1'000'000, buffer, 4)), -EBADF);
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, reinterpret_cast<void*>(8), 4)), -EFAULT);
  assert_int_equal(f.engine.passed_on, 0);
}

// EINVAL may be the ring's own, of an old kernel: who does it by a plain call finds out.
void what_the_ring_refuses_is_passed_on(void**) {
  Fixture f;
  TestFile file;
  char buffer[4];
  submissions.spoilt.store(true);
  Chain& read = f.submitted(transfer(Kind::READ, file.fd, buffer, 4));
  f.is_passed_on(read);
  assert_false(read.is_polled);
  f.is_passed_on(f.submitted(request_of(Kind::SYNC, nullptr, file.fd)));
  submissions.spoilt.store(false);
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 4)), 4);  // the next is tried again
}

void short_transfers_are_continued(void**) {
  Fixture f;
  TestFile file;
  char buffer[11] = {}, text[] = "zyxwvutsrq";
  submissions.most_length.store(3);
  f.ends_with(f.submitted(transfer(Kind::WRITE, file.fd, text, 10, 1)), 10);
  assert_int_equal(submissions.count, 4);
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 10, 1)), 10);
  assert_int_equal(submissions.count, 8);
  assert_memory_equal(buffer, text, 10);
  assert_int_equal(submissions.seen[7].length, 1);
}

void what_follows_the_moved_bytes_does_not_replace_them(void**) {
  Fixture f;
  TestFile file;
  char buffer[32];
  submissions.most_length.store(3);
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 32, 9)), 7);  // three, three, one, the end
  assert_int_equal(submissions.count, 4);
  // Its second page is not there: EFAULT behind the first.
  char* pages = static_cast<char*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  assert_ptr_not_equal(pages, MAP_FAILED);
  mprotect(pages + 4096, 4096, PROT_NONE);
  submissions.most_length.store(5);
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, pages + 4091, 10, 0)), 5);
  munmap(pages, 8192);
}

// Refused midway: who carries on does the rest.
void a_refusal_midway_passes_on_the_rest(void**) {
  Fixture f;
  TestFile file;
  char buffer[8] = {};
  Request request = transfer(Kind::READ, file.fd, buffer, 8);
  request.moved = 3;
  submissions.spoilt.store(true);
  Chain& chain = f.submitted(request);
  f.is_passed_on(chain);
  assert_int_equal(chain.moved, 3);
}

void the_priority_is_lowered_with_reqprio(void**) {
  Fixture f;
  TestFile file;
  char buffer[4];
  for (const int delta : {0, 1, 10, 20}) {
    Request request = transfer(Kind::READ, file.fd, buffer, 4);
    request.priority_delta = static_cast<std::uint8_t>(delta);
    f.ends_with(f.submitted(request), 4);
  }
  assert_int_equal(submissions.count, 4);
  assert_int_equal(submissions.seen[0].priority, 0);  // as the thread's
  int last = 4;                                       // the usual level: a larger one is lower
  for (int i = 1; i < 4; ++i) {
    assert_int_equal(submissions.seen[i].priority >> 13, 2);  // best effort, as in ioprio_set(2)
    const int level = submissions.seen[i].priority & 0x1fff;
    assert_true(level > last);
    last = level;
  }
  assert_int_equal(last, 7);
}

void submissions_that_the_kernel_puts_off_are_tried_again(void**) {
  Fixture f;
  TestFile file;
  char buffer[4];
  submissions.busy.store(20);
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 4)), 4);
  assert_int_equal(submissions.busy, 0);
}

void a_thread_that_is_idle_leaves_and_another_comes(void**) {
  Fixture f(8, 1);
  TestFile file;
  char buffer[4];
  for (unsigned i = 1; i <= 3; ++i) {
    f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 4)), 4);
    assert_true(eventually([] { return rings() == 0; }));
    assert_int_equal(f.ring.created(), i);
  }
  assert_false(f.ring.is_refused());
}

void a_thread_with_a_long_idle_time_stays_asleep(void**) {
  Fixture f;
  TestFile file;
  char buffer[4];
  int thread = 0;
  for (int i = 0; i < 20; ++i) {
    Chain& chain = f.submitted(transfer(Kind::READ, file.fd, buffer, 4));
    f.ends_with(chain, 4);
    thread = f.job(chain).thread;
    assert_true(eventually([&] { return is_asleep(thread); }));
  }
  assert_int_equal(f.ring.created(), 1);
  assert_int_equal(rings(), 1);
}

// Each comes while the thread that served the last one is about to leave, or just has.
void no_request_is_lost_to_a_thread_that_leaves(void**) {
  Fixture f(8, 1);
  TestFile file;
  constexpr int EACH = 1500;
  std::atomic<int> wrong{0};
  const auto submit_many = [&] {
    for (int i = 0; i < EACH; ++i) {
      char buffer[4];
      Chain& chain = f.chain(transfer(Kind::READ, file.fd, buffer, 4));
      while (f.ring.submit(chain) != Verdict::ACCEPTED) sched_yield();  // the other thread is making the ring's
      if (!eventually([&] { return f.job(chain).completed.load() == 1; })) wrong.fetch_add(1);
      for (int pause = 0; pause < i % 7; ++pause) sched_yield();
    }
  };
  Thread first(submit_many), second(submit_many);
  first.join();
  second.join();
  assert_int_equal(wrong, 0);
  assert_int_equal(f.engine.completed, 2 * EACH);
  assert_true(f.ring.created() > 1);
}

// By the thread between two chains' places: none is done by both, or by none.
void a_chain_is_taken_or_done(void**) {
  Fixture f;
  TestFile file;
  static char buffer[4];
  constexpr int ALL_OF_THEM = 3000;
  static Chain* chains[ALL_OF_THEM];
  for (Chain*& chain : chains) chain = &f.chain(transfer(Kind::READ, file.fd, buffer, 4));
  std::atomic<int> submitted{0}, taken{0};
  const auto take_all = [&] {
    for (int i = 0; i < ALL_OF_THEM; ++i) {
      while (submitted.load() <= i) sched_yield();
      taken.fetch_add(f.ring.take(*chains[i]));
    }
  };
  Thread taker(take_all);
  for (Chain* chain : chains) {
    assert_int_equal(f.ring.submit(*chain), Verdict::ACCEPTED);
    submitted.fetch_add(1);
  }
  taker.join();
  assert_true(eventually([&] {  // what is passed on found no room in the ring
    return f.engine.completed.load() + f.engine.passed_on.load() + taken.load() == ALL_OF_THEM;
  }));
  for (const Chain* chain : chains) assert_in_range(f.job(*chain).completed, 0, 1);
}

void more_requests_than_the_ring_has_entries_are_all_done(void**) {
  Fixture f(4);
  TestFile file;
  static char buffers[60][4];
  Chain* chains[60];
  for (int i = 0; i < 60; ++i) chains[i] = &f.submitted(transfer(Kind::READ, file.fd, buffers[i], 4, i % 12));
  for (const Chain* chain : chains) f.ends_with(*chain, 4);
  for (int i = 0; i < 60; ++i) assert_memory_equal(buffers[i], &"0123456789abcdef"[i % 12], 4);
}

void who_is_released_goes_to_the_ring_too(void**) {
  Fixture f;
  TestFile file;
  char buffers[3][4];
  Chain& second = f.chain(transfer(Kind::READ, file.fd, buffers[1], 4));
  Chain& third = f.chain(transfer(Kind::READ, file.fd, buffers[2], 4));
  Chain& first = f.chain(transfer(Kind::READ, file.fd, buffers[0], 4));
  f.job(first).releases = {{&second, &third}};
  assert_int_equal(f.ring.submit(first), Verdict::ACCEPTED);
  f.ends_with(first, 4);
  f.ends_with(second, 4);
  f.ends_with(third, 4);
  assert_int_equal(f.engine.offered, 2);
}

void a_thread_that_sleeps_does_the_chores_when_nudged(void**) {
  Fixture f;
  TestFile file;
  char buffer[4];
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 4)), 4);
  f.engine.chores.store(1);
  assert_true(eventually([&] {
    f.ring.nudge();
    return f.engine.chores_done.load() == 1;
  }));
}

// ---- io_uring_enter is forbidden in the middle of work ----

constexpr int REFUSALS[] = {EPERM, ENOSYS, EACCES, EINVAL};

void a_ring_that_may_not_submit_is_refused(void**) {
  for (const int error : REFUSALS) {
    Fixture f;
    TestFile file;
    char buffer[4];
    f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffer, 4)), 4);
    submissions.forbidden.store(error);
    f.is_passed_on(f.submitted(transfer(Kind::READ, file.fd, buffer, 4)));
    assert_true(eventually([&] { return f.ring.is_refused() && rings() == 0; }));
    assert_int_equal(f.ring.submit(f.chain(transfer(Kind::READ, file.fd, buffer, 4))), Verdict::DECLINED);
  }
}

void what_the_kernel_has_not_taken_is_passed_on_alone(void**) {
  Fixture f;
  TestFile file;
  static char buffers[6][4];
  Chain* chains[6];
  submissions.busy.store(1'000'000'000);  // until all are there: the first by itself, then the others together
  for (int i = 0; i < 6; ++i) chains[i] = &f.submitted(transfer(Kind::READ, file.fd, buffers[i], 4, i));
  submissions.allowed.store(3);
  submissions.forbidden.store(EPERM);
  submissions.busy.store(0);
  for (int i = 0; i < 3; ++i) f.ends_with(*chains[i], 4);
  for (int i = 3; i < 6; ++i) f.is_passed_on(*chains[i]);
  for (int i = 0; i < 3; ++i) assert_memory_equal(buffers[i], &"0123456789abcdef"[i], 4);
}

// A transfer that waits in the kernel, as one of a slow disk does, ends by what the kernel writes into memory.
void what_the_kernel_has_is_waited_for(void**) {
  Fixture f;
  TestFile file;
  TestPipe pipe;
  char buffer[4], other[4];
  Chain& slow = f.submitted(transfer(Kind::READ, pipe.out, buffer, 4));
  assert_true(Fixture::comes_to(slow, Place::IN_RING));
  submissions.forbidden.store(EPERM);
  f.is_passed_on(f.submitted(transfer(Kind::READ, file.fd, other, 4)));
  assert_true(eventually([&] { return f.ring.is_refused(); }));
  assert_int_equal(place_of(slow), Place::IN_RING);
  assert_int_equal(rings(), 1);
  pipe.feed("text");
  f.ends_with(slow, 4);
  assert_memory_equal(buffer, "text", 4);
}

void the_rest_of_a_short_transfer_is_passed_on_then(void**) {
  Fixture f;
  TestFile file;
  TestPipe pipe;
  char buffer[8], other[4];
  Chain& slow = f.submitted(transfer(Kind::READ, pipe.out, buffer, 8));
  assert_true(Fixture::comes_to(slow, Place::IN_RING));
  submissions.forbidden.store(ENOSYS);
  f.is_passed_on(f.submitted(transfer(Kind::READ, file.fd, other, 4)));
  pipe.feed("text");
  f.is_passed_on(slow);
  assert_int_equal(slow.moved, 4);
}

// Both of those that have moved nothing, and may be cancelled, and of those that have. A worker's are left alone.
void polled_streams_are_passed_on(void**) {
  Fixture f;
  TestFile file;
  TestPipe empty, full;
  static char page[4096 + 100];
  char buffer[4], other[4];
  assert_true(full.fill() > 0);
  f.engine.pool.take();  // a number that no chain has
  Chain& workers = f.chain(transfer(Kind::STREAM_READ, empty.out, other, 4));
  atomrt::unit::stand(workers, Place::BLOCKED);
  Chain& reads = f.submitted(transfer(Kind::STREAM_READ, empty.out, buffer, 4));
  Request half_done = transfer(Kind::STREAM_WRITE, full.in, page, sizeof page);
  half_done.moved = 100;
  Chain& writes = f.submitted(half_done);
  assert_true(Fixture::comes_to(reads, Place::BLOCKED));
  assert_true(Fixture::comes_to(writes, Place::IN_RING));
  submissions.forbidden.store(EPERM);
  f.is_passed_on(f.submitted(transfer(Kind::READ, file.fd, other, 4)));
  f.is_passed_on(reads);
  f.is_passed_on(writes);
  assert_false(reads.is_polled);
  assert_int_equal(writes.moved, 100);
  assert_true(eventually([] { return rings() == 0; }));
  assert_int_equal(place_of(workers), Place::BLOCKED);
  assert_int_equal(f.job(workers).passed_on, 0);
}

void no_descriptor_is_opened(void**) {
  Fixture f;
  TestFile file;
  TestPipe pipe;
  char buffers[2][4];
  const int before = open_descriptors();
  f.ends_with(f.submitted(transfer(Kind::READ, file.fd, buffers[0], 4)), 4);
  Chain& blocked = f.submitted(transfer(Kind::STREAM_READ, pipe.out, buffers[1], 4));
  assert_true(Fixture::comes_to(blocked, Place::BLOCKED));
  assert_int_equal(open_descriptors(), before);
  pipe.feed("text");
  f.ends_with(blocked, 4);
}

}  // namespace

int main() {
  if (!has_ring()) return 77;
  CMUnitTest tests[] = {
      cmocka_unit_test(reads_and_writes_move_their_bytes),
      cmocka_unit_test(syncs_are_fsync_or_fdatasync),
      cmocka_unit_test(errors_of_the_operation_are_the_requests),
      cmocka_unit_test(what_the_ring_refuses_is_passed_on),
      cmocka_unit_test(short_transfers_are_continued),
      cmocka_unit_test(what_follows_the_moved_bytes_does_not_replace_them),
      cmocka_unit_test(a_refusal_midway_passes_on_the_rest),
      cmocka_unit_test(the_priority_is_lowered_with_reqprio),
      cmocka_unit_test(submissions_that_the_kernel_puts_off_are_tried_again),
      cmocka_unit_test(a_thread_that_is_idle_leaves_and_another_comes),
      cmocka_unit_test(a_thread_with_a_long_idle_time_stays_asleep),
      cmocka_unit_test(no_request_is_lost_to_a_thread_that_leaves),
      cmocka_unit_test(a_chain_is_taken_or_done),
      cmocka_unit_test(more_requests_than_the_ring_has_entries_are_all_done),
      cmocka_unit_test(who_is_released_goes_to_the_ring_too),
      cmocka_unit_test(a_thread_that_sleeps_does_the_chores_when_nudged),
      cmocka_unit_test(a_ring_that_may_not_submit_is_refused),
      cmocka_unit_test(what_the_kernel_has_not_taken_is_passed_on_alone),
      cmocka_unit_test(what_the_kernel_has_is_waited_for),
      cmocka_unit_test(the_rest_of_a_short_transfer_is_passed_on_then),
      cmocka_unit_test(polled_streams_are_passed_on),
      cmocka_unit_test(no_descriptor_is_opened),
  };
  return run_chosen(__FILE__, tests, sizeof tests / sizeof *tests);
}
