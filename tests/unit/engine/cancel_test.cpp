// SPDX-License-Identifier: MIT
// cancel: what aio_cancel answers and what becomes of the requests, by the places that they stand in.
#include "engine/cancel.h"

#include "engine/requests.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Place;
using atomrt::engine::cancel_all;
using atomrt::engine::cancel_one;

// One worker, which stands at the gate with a read of the file.
struct Busy {
  MemoryFile file;
  Aio running;
  Busy() {
    atomrt::engine::set_threads(1, 1);
    close_gate();
    running.read(file.fd);
    assert_true(eventually([] { return perform_gate.arrived() == 1; }));
  }
};

std::atomic<bool> holds_publish_up{false};
std::atomic<bool> is_answered{false};

void before_the_first_request_all_is_done(void**) {
  assert_null(atomrt::engine::running_engine());
  struct aiocb block;
  memset(&block, 0xa5, sizeof block);
  assert_int_equal(cancel_one(1, &block), AIO_ALLDONE);
  assert_int_equal(cancel_all(1), AIO_ALLDONE);
  assert_null(atomrt::engine::running_engine());  // nor does the question start an engine
}

void what_is_over_is_done(void**) {
  MemoryFile file;
  Aio read;
  read.read(file.fd).ends_with(0, 4);
  assert_int_equal(cancel_one(file.fd, &read.block), AIO_ALLDONE);
  assert_int_equal(cancel_all(file.fd), AIO_ALLDONE);
  read.ends_with(0, 4);
}

void a_queued_request_is_cancelled_at_once(void**) {
  Busy busy;
  Aio read;
  read.read(busy.file.fd);
  assert_int_equal(cancel_one(busy.file.fd, &read.block), AIO_CANCELED);
  assert_int_equal(read.error(), ECANCELED);
  assert_int_equal(read.result(), -1);
  assert_int_equal(cancel_one(busy.file.fd, &read.block), AIO_ALLDONE);
}

void a_blocked_stream_request_is_cancelled_and_takes_no_data(void**) {
  Pipe pipe;
  Aio read;
  read.read(pipe.out);
  assert_true(eventually([&] { return waits_for_peer(read.place()); }));
  assert_int_equal(cancel_one(pipe.out, &read.block), AIO_CANCELED);
  assert_int_equal(read.error(), ECANCELED);
  assert_int_equal(write(pipe.in, "data", 4), 4);
  char buffer[8];
  assert_int_equal(::read(pipe.out, buffer, sizeof buffer), 4);
}

// Whether it is queued, being tried or blocked: it has moved nothing.
void a_read_of_an_empty_stream_is_cancelled_at_any_moment(void**) {
  Pipe pipe;
  for (int i = 0; i < 2000; ++i) {
    Aio read;
    read.read(pipe.out);
    for (volatile int delay = i * 53 % 8000; delay > 0;) delay = delay - 1;
    assert_int_equal(cancel_one(pipe.out, &read.block), AIO_CANCELED);
    assert_int_equal(read.error(), ECANCELED);
  }
}

void a_running_request_goes_on(void**) {
  Busy busy;
  assert_int_equal(cancel_one(busy.file.fd, &busy.running.block), AIO_NOTCANCELED);
  assert_int_equal(cancel_all(busy.file.fd), AIO_NOTCANCELED);
  assert_int_equal(busy.running.error(), EINPROGRESS);
  open_gate();
  busy.running.ends_with(0, 4);
}

void cancelling_the_head_of_a_lane_lets_its_followers_go(void**) {
  Busy busy;
  MemoryFile file;
  Aio first, second, sync;
  first.write(file.fd, "1111");
  second.write(file.fd, "2222");
  sync.sync(file.fd);
  assert_int_equal(first.place(), Place::QUEUED);
  assert_int_equal(second.place(), Place::HELD);
  assert_int_equal(cancel_one(file.fd, &first.block), AIO_CANCELED);
  assert_int_equal(second.error(), EINPROGRESS);
  open_gate();
  second.ends_with(0, 4);
  sync.ends_with(0, 0);
}

void a_held_request_is_cancelled_and_its_neighbours_are_not(void**) {
  Busy busy;
  MemoryFile file;
  Aio first, second, third;
  first.write(file.fd, "1111");
  second.write(file.fd, "2222");
  third.write(file.fd, "3333");
  assert_int_equal(cancel_one(file.fd, &second.block), AIO_CANCELED);
  assert_int_equal(second.error(), ECANCELED);
  open_gate();
  first.ends_with(0, 4);
  third.ends_with(0, 4);
}

// None of them is let go by another's end while all are being cancelled.
void all_of_a_descriptor_are_cancelled(void**) {
  Busy busy;
  MemoryFile file;
  Aio writes[4], sync;
  for (Aio& aio : writes) aio.write(file.fd, "1111");
  sync.sync(file.fd);
  assert_int_equal(cancel_all(file.fd), AIO_CANCELED);
  for (const Aio& aio : writes) assert_int_equal(aio.error(), ECANCELED);
  assert_int_equal(sync.error(), ECANCELED);
  assert_int_equal(cancel_all(file.fd), AIO_ALLDONE);
}

void a_mixture_is_not_cancelled_as_a_whole(void**) {
  Busy busy;
  Aio queued;
  queued.read(busy.file.fd);
  assert_int_equal(cancel_all(busy.file.fd), AIO_NOTCANCELED);
  assert_int_equal(queued.error(), ECANCELED);
  assert_int_equal(busy.running.error(), EINPROGRESS);
}

void other_descriptors_are_left_alone(void**) {
  Busy busy;
  MemoryFile file;
  const int duplicate = dup(file.fd);
  Aio write, through_duplicate;
  write.write(file.fd, "1111");
  through_duplicate.write(duplicate, "2222");
  assert_int_equal(cancel_all(file.fd), AIO_CANCELED);
  assert_int_equal(write.error(), ECANCELED);
  assert_int_equal(through_duplicate.error(), EINPROGRESS);
  open_gate();
  through_duplicate.ends_with(0, 4);
  close(duplicate);
}

// An aiocb that was never submitted and holds what looks like a request in progress.
void a_foreign_aiocb_cancels_nothing(void**) {
  Busy busy;
  Aio queued, foreign;
  queued.read(busy.file.fd);
  foreign.block = queued.block;
  assert_int_equal(cancel_one(busy.file.fd, &foreign.block), AIO_ALLDONE);
  struct aiocb garbage;
  memset(&garbage, 0xa5, sizeof garbage);
  atomrt::aiocb::store_in_progress(&garbage);
  assert_int_equal(cancel_one(garbage.aio_fildes, &garbage), AIO_ALLDONE);
  assert_int_equal(queued.error(), EINPROGRESS);
}

// Its result is there, though the chain has not left the descriptor's list yet.
void a_request_whose_result_is_there_is_done(void**) {
  Busy busy;
  auto& chain = *busy.running.chain();
  atomrt::aiocb::store_result(&busy.running.block, 4);
  the_engine().registry.waiters.publish(chain);
  assert_int_equal(cancel_all(busy.file.fd), AIO_ALLDONE);
  // As it was, for the worker to end it.
  chain.waiters.store(atomrt::chain::packed(generation_of(chain), 0));
  atomrt::aiocb::store_in_progress(&busy.running.block);
  assert_int_equal(cancel_all(busy.file.fd), AIO_NOTCANCELED);
}

// Its program may have seen the result already when the one who stored it comes to publish: held up there until the
// answer is given, or, as the right answer waits for him, for a moment.
void a_request_whose_result_is_seen_is_done_before_it_is_published(void**) {
  MemoryFile file;
  Aio read;
  holds_publish_up = true;
  read.read(file.fd);
  while (!read.is_over()) atomrt::os::relax();
  assert_int_equal(cancel_all(file.fd), AIO_ALLDONE);
  is_answered = true;
  holds_publish_up = false;
}

void a_cancelled_request_is_notified(void**) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  Busy busy;
  Aio read;
  read.with_signal(SIGRTMIN).read(busy.file.fd);
  assert_int_equal(cancel_one(busy.file.fd, &read.block), AIO_CANCELED);
  const timespec none{};
  siginfo_t info{};
  assert_int_equal(sigtimedwait(&set, &info, &none), SIGRTMIN);
  assert_int_equal(sigtimedwait(&set, &info, &none), -1);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

extern "C" void real_publish(atomrt::chain::WaiterTable*, atomrt::chain::Chain&) __asm__(
    "__real__ZN6atomrt5chain11WaiterTable7publishERNS0_5ChainE");
extern "C" void held_publish(atomrt::chain::WaiterTable*, atomrt::chain::Chain&) __asm__(
    "__wrap__ZN6atomrt5chain11WaiterTable7publishERNS0_5ChainE");
extern "C" void held_publish(atomrt::chain::WaiterTable* table, atomrt::chain::Chain& chain) {
  for (int moment = 0; holds_publish_up && !is_answered && moment < 100; ++moment) atomrt::unit::pause_briefly();
  real_publish(table, chain);
}

UNIT_TESTS(cmocka_unit_test(before_the_first_request_all_is_done), ENGINE_TEST(what_is_over_is_done),
           ENGINE_TEST(a_queued_request_is_cancelled_at_once),
           ENGINE_TEST(a_blocked_stream_request_is_cancelled_and_takes_no_data),
           ENGINE_TEST(a_read_of_an_empty_stream_is_cancelled_at_any_moment),
           ENGINE_TEST(a_running_request_goes_on), ENGINE_TEST(cancelling_the_head_of_a_lane_lets_its_followers_go),
           ENGINE_TEST(a_held_request_is_cancelled_and_its_neighbours_are_not),
           ENGINE_TEST(all_of_a_descriptor_are_cancelled), ENGINE_TEST(a_mixture_is_not_cancelled_as_a_whole),
           ENGINE_TEST(other_descriptors_are_left_alone), ENGINE_TEST(a_foreign_aiocb_cancels_nothing),
           ENGINE_TEST(a_request_whose_result_is_there_is_done),
           ENGINE_TEST(a_request_whose_result_is_seen_is_done_before_it_is_published),
           ENGINE_TEST(a_cancelled_request_is_notified))
