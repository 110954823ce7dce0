// SPDX-License-Identifier: MIT
// take: from which place a chain can be taken, and for what.
#include "engine/take.h"

#include "engine/complete.h"
#include "engine/requests.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::Place;
using atomrt::engine::take;
using atomrt::engine::Take;
using atomrt::engine::take_for_waiter;
using atomrt::engine::TakeFor;
using atomrt::exec::ContextId;

// What aio_cancel does with a chain that it has taken.
void give_up(Chain& chain) {
  assert_int_equal(place_of(chain), Place::RUNNING);
  atomrt::engine::complete_and_offer(the_engine(), chain, -ECANCELED, ContextId::THREADS);
}

// One worker, which stands at the gate with a request of `fd`.
struct Busy {
  Aio running;
  explicit Busy(int fd) {
    atomrt::engine::set_threads(1, 1);
    close_gate();
    running.read(fd);
    assert_true(eventually([] { return perform_gate.arrived() == 1; }));
  }
};

void what_is_queued_is_taken_for_both(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  for (const TakeFor purpose : {TakeFor::CANCEL, TakeFor::RUN}) {
    Aio queued;
    queued.read(file.fd);
    assert_int_equal(queued.place(), Place::QUEUED);
    assert_true(take(the_engine(), *queued.chain(), purpose) == Take::TAKEN);
    assert_true(take(the_engine(), *queued.chain(), purpose) == Take::LEFT);
    give_up(*queued.chain());
    queued.ends_with(ECANCELED, -1);
  }
}

void what_is_running_is_taken_for_neither(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  assert_true(take(the_engine(), *busy.running.chain(), TakeFor::CANCEL) == Take::LEFT);
  assert_true(take(the_engine(), *busy.running.chain(), TakeFor::RUN) == Take::LEFT);
  assert_int_equal(busy.running.place(), Place::RUNNING);
}

void what_is_free_is_taken_for_neither(void**) {
  MemoryFile file;
  Aio over;
  over.read(file.fd).ends_with(0, 4);
  assert_true(eventually([&] { return over.place() == Place::FREE; }));
  assert_true(take(the_engine(), *over.chain(), TakeFor::CANCEL) == Take::LEFT);
  assert_true(take(the_engine(), *over.chain(), TakeFor::RUN) == Take::LEFT);
}

void a_held_write_is_taken_for_both(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio first, held[2];
  first.write(file.fd, "1111");
  for (Aio& write : held) {
    write.write(file.fd, "2222");
    assert_int_equal(write.place(), Place::HELD);
  }
  assert_int_equal(first.place(), Place::QUEUED);  // nobody writes to the file yet
  assert_true(take(the_engine(), *held[0].chain(), TakeFor::CANCEL) == Take::TAKEN);
  assert_true(take(the_engine(), *held[1].chain(), TakeFor::RUN) == Take::TAKEN);
  give_up(*held[0].chain());
  give_up(*held[1].chain());
}

void what_its_order_holds_back_is_taken_to_cancel_it_only(void**) {
  MemoryFile file;
  fcntl(file.fd, F_SETFL, O_APPEND);
  Busy busy(file.fd);
  Aio first, append, sync;
  first.write(file.fd, "1111");
  append.write(file.fd, "2222");
  sync.sync(file.fd);
  for (const Aio* held : {&append, &sync}) {
    assert_int_equal(held->place(), Place::HELD);
    assert_true(take(the_engine(), *held->chain(), TakeFor::RUN) == Take::LEFT);
    assert_true(take(the_engine(), *held->chain(), TakeFor::CANCEL) == Take::TAKEN);
    give_up(*held->chain());
  }
}

void a_blocked_stream_is_taken_to_cancel_it_only(void**) {
  Pipe pipe;
  Aio read;
  read.read(pipe.out);
  assert_true(eventually([&] { return waits_for_peer(read.place()); }));
  assert_true(take(the_engine(), *read.chain(), TakeFor::RUN) == Take::LEFT);
  // A worker that waits has it for a moment, to give it to the poller.
  assert_true(eventually([&] { return take(the_engine(), *read.chain(), TakeFor::CANCEL) == Take::TAKEN; }));
  give_up(*read.chain());
  read.ends_with(ECANCELED, -1);
}

// Between two places its mover is about to put it down somewhere, and may need a lock before that: who holds one is told
// to let go of it and to ask again.
void what_is_moving_is_to_be_asked_for_again(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio queued;
  queued.read(file.fd);
  Chain& chain = *queued.chain();
  atomrt::unit::stand(chain, Place::MOVING);
  assert_true(take(the_engine(), chain, TakeFor::RUN) == Take::LEFT);
  assert_true(take(the_engine(), chain, TakeFor::CANCEL) == Take::IS_MOVING);
  atomrt::unit::stand(chain, Place::QUEUED);
  assert_true(take(the_engine(), chain, TakeFor::CANCEL) == Take::TAKEN);
  give_up(chain);
}

// To run it would be to wait for its peer.
void what_waits_for_a_peer_is_left_by_a_waiter(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio queued;
  queued.read(file.fd);
  Chain& chain = *queued.chain();
  for (const Place place : {Place::BLOCKED, Place::POLLED, Place::POLLED_APART}) {
    atomrt::unit::stand(chain, place);
    assert_true(take(the_engine(), chain, TakeFor::RUN) == Take::LEFT);
    assert_int_equal(place_of(chain), place);
  }
  atomrt::unit::stand(chain, Place::QUEUED);
}

// The kernel may have it already, and gives nothing back.
void what_is_on_its_way_into_kernel_aio_is_left(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio queued;
  queued.read(file.fd);
  Chain& chain = *queued.chain();
  atomrt::unit::stand(chain, Place::IN_SUBMIT);
  assert_true(take(the_engine(), chain, TakeFor::RUN) == Take::LEFT);
  assert_true(take(the_engine(), chain, TakeFor::CANCEL) == Take::LEFT);
  atomrt::unit::stand(chain, Place::QUEUED);
}

// What the head has moved can't be taken back: the rest goes on.
void what_has_moved_bytes_is_not_cancelled(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio queued;
  queued.write(file.fd, "1111");
  queued.chain()->moved = 2;
  assert_true(take(the_engine(), *queued.chain(), TakeFor::CANCEL) == Take::LEFT);
  assert_int_equal(queued.place(), Place::QUEUED);
}

void what_has_moved_bytes_is_not_cancelled_in_its_lane_either(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio first, held;
  first.write(file.fd, "1111");
  held.write(file.fd, "2222");
  held.chain()->moved = 2;
  const bool taken = take(the_engine(), *held.chain(), TakeFor::CANCEL) == Take::TAKEN;
  if (taken) give_up(*held.chain());
  assert_false(taken);
  assert_int_equal(held.place(), Place::HELD);
}

void a_waiter_takes_buffered_writes_in_any_list(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio first, held;
  first.write(file.fd, "1111");
  held.write(file.fd, "2222");
  for (const Aio* write : {&held, &first}) {
    Chain* taken = take_for_waiter(the_engine(), &write->block, false);
    assert_ptr_equal(taken, write->chain());
    give_up(*taken);
  }
}

void a_waiter_takes_reads_only_where_told_to(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio read;
  read.read(file.fd);
  assert_null(take_for_waiter(the_engine(), &read.block, false));
  Chain* taken = take_for_waiter(the_engine(), &read.block, true);
  assert_ptr_equal(taken, read.chain());
  give_up(*taken);
}

void a_waiter_takes_reads_that_only_copy_in_any_list(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio read;
  read.read(file.fd);
  read.chain()->is_modest = true;
  read.chain()->refuses_nowait = false;
  assert_null(take_for_waiter(the_engine(), &read.block, false));  // only the head's budget was in its way
  read.chain()->refuses_nowait = true;
  Chain* taken = take_for_waiter(the_engine(), &read.block, false);
  assert_ptr_equal(taken, read.chain());
  give_up(*taken);
}

void a_direct_write_waits_for_the_disk_as_a_read_does(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio write;
  write.write(file.fd, "1111");
  write.chain()->direct = true;
  assert_null(take_for_waiter(the_engine(), &write.block, false));
  Chain* taken = take_for_waiter(the_engine(), &write.block, true);
  assert_ptr_equal(taken, write.chain());
  give_up(*taken);
}

void a_waiter_never_takes_what_may_wait_for_a_peer(void**) {
  MemoryFile file;
  Pipe pipe;
  Busy busy(file.fd);
  Aio stream, sync, remote;
  stream.read(pipe.out);
  assert_null(take_for_waiter(the_engine(), &stream.block, true));
  remote.write(file.fd, "1111");
  remote.chain()->is_local = false;
  assert_null(take_for_waiter(the_engine(), &remote.block, true));
  sync.sync(file.fd);
  assert_null(take_for_waiter(the_engine(), &sync.block, true));
  assert_true(::write(pipe.in, "done", 4) == 4);
}

// It may be in a signal handler, where no thread is made.
void a_waiter_takes_nothing_that_makes_a_thread_at_its_end(void**) {
  MemoryFile file;
  Busy busy(file.fd);
  Aio write;
  write.block.aio_sigevent.sigev_notify = SIGEV_THREAD;
  write.block.aio_sigevent.sigev_notify_function = [](sigval) {};
  write.write(file.fd, "1111");
  assert_null(take_for_waiter(the_engine(), &write.block, true));
}

void a_waiter_finds_nothing_by_a_name_that_is_stale_or_garbage(void**) {
  MemoryFile file;
  Aio over;
  over.write(file.fd, "1111").ends_with(0, 4);
  assert_null(take_for_waiter(the_engine(), &over.block, true));
  struct aiocb garbage;
  memset(&garbage, 0xa5, sizeof garbage);
  assert_null(take_for_waiter(the_engine(), &garbage, true));
}

}  // namespace

UNIT_TESTS(ENGINE_TEST(what_is_queued_is_taken_for_both), ENGINE_TEST(what_is_running_is_taken_for_neither),
           ENGINE_TEST(what_is_free_is_taken_for_neither), ENGINE_TEST(a_held_write_is_taken_for_both),
           ENGINE_TEST(what_its_order_holds_back_is_taken_to_cancel_it_only),
           ENGINE_TEST(a_blocked_stream_is_taken_to_cancel_it_only),
           ENGINE_TEST(what_is_moving_is_to_be_asked_for_again),
           ENGINE_TEST(what_waits_for_a_peer_is_left_by_a_waiter),
      cmocka_unit_test(what_is_on_its_way_into_kernel_aio_is_left), ENGINE_TEST(what_has_moved_bytes_is_not_cancelled),
           ENGINE_TEST(what_has_moved_bytes_is_not_cancelled_in_its_lane_either),
           ENGINE_TEST(a_waiter_takes_buffered_writes_in_any_list),
           ENGINE_TEST(a_waiter_takes_reads_only_where_told_to),
           ENGINE_TEST(a_waiter_takes_reads_that_only_copy_in_any_list),
           ENGINE_TEST(a_direct_write_waits_for_the_disk_as_a_read_does),
           ENGINE_TEST(a_waiter_never_takes_what_may_wait_for_a_peer),
           ENGINE_TEST(a_waiter_takes_nothing_that_makes_a_thread_at_its_end),
           ENGINE_TEST(a_waiter_finds_nothing_by_a_name_that_is_stale_or_garbage))
