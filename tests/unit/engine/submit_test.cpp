// SPDX-License-Identifier: MIT
// submit: in the head, as a chain, or refused as if it had never been. Run with and without the head (ATOMRT_CONTEXTS).
// pthread_create, map_memory and queue_signal are wrapped.
#include "engine/submit.h"

#include "engine/counted_signals.h"
#include "engine/requests.h"
#include "exec/without_threads.h"
#include "without_memory.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Place;
using atomrt::engine::config;

std::atomic<int> reads_at_offsets{0};  // of numbers that had not been examined

}  // namespace

extern "C" long real_read(int, void*, std::size_t, std::int64_t) __asm__("__real__ZN6atomrt2os18read_memory_at_nowEiPvml");
extern "C" long counted_read(int, void*, std::size_t, std::int64_t) __asm__("__wrap__ZN6atomrt2os18read_memory_at_nowEiPvml");
extern "C" long counted_read(int fd, void* buffer, std::size_t length, std::int64_t offset) {
  reads_at_offsets.fetch_add(1);
  return real_read(fd, buffer, length, offset);
}

namespace {

int begin(void** state) {
  thread_fault.start_over();
  start_signals_over();
  if (atomrt::engine::running_engine() != nullptr) atomrt::engine::set_threads(4, 1000);
  return prepare(state);
}

bool may_have(int fd) { return the_engine().registry.in_flight.may_have(fd); }
atomrt::aiocb::RequestName name_of(const Aio& aio) { return atomrt::aiocb::load_name(&aio.block); }

void a_ready_stream_is_served_in_the_head(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  Pipe pipe;
  Aio write, read;
  write.write(pipe.in, "data");
  assert_int_equal(write.submitted, 0);
  if (!config().use_head) return write.ends_with(0, 4);
  assert_int_equal(write.error(), 0);  // at once, and no chain was ever made
  assert_int_equal(name_of(write).number, 0);
  assert_int_equal(read.read(pipe.out, 10).error(), 0);
  assert_int_equal(read.result(), 4);
  assert_memory_equal(read.buffer, "data", 4);
  assert_int_equal(the_engine().registry.chains.made(), 0);
  assert_int_equal(thread_fault.asked, 0);
}

void a_number_that_is_known_for_a_pipe_is_not_read_at_an_offset(void**) {
  if (!config().use_head) return;
  const Pipe pipe;
  const MemoryFile file;
  the_engine().hints.forget(pipe.out);  // of an earlier test
  reads_at_offsets = 0;
  for (int i = 0; i < 3; ++i) {
    assert_int_equal(write(pipe.in, "pipe", 4), 4);
    Aio read;
    read.read(pipe.out).ends_with(0, 4);
    assert_memory_equal(read.buffer, "pipe", 4);
  }
  assert_int_equal(reads_at_offsets, 1);
  // Unseen by the library, it means a file.
  assert_int_equal(dup3(file.fd, pipe.out, 0), pipe.out);
  for (int i = 0; i < 2; ++i) {
    Aio read;
    read.read(pipe.out).ends_with(0, 4);
    assert_memory_equal(read.buffer, "abcd", 4);
  }
  assert_int_equal(reads_at_offsets, 2);
}

void a_bad_descriptor_is_told_by_the_aiocb(void**) {
  Aio aio;
  aio.read(-1);
  assert_int_equal(aio.submitted, 0);
  assert_int_equal(aio.error(), EBADF);
  assert_int_equal(aio.result(), -1);
}

void garbage_in_the_private_fields_is_no_harm(void**) {
  MemoryFile file;
  Aio aio;
  memset(&aio.block, 0xa5, sizeof aio.block);
  aio.block.aio_reqprio = 0;
  aio.block.aio_offset = 0;
  memset(&aio.block.aio_sigevent, 0, sizeof aio.block.aio_sigevent);
  aio.read(file.fd).ends_with(0, 4);
  assert_memory_equal(aio.buffer, "abcd", 4);
}

void what_the_head_declines_is_a_chain(void**) {
  atomrt::engine::set_threads(1, 1000);
  MemoryFile file;
  close_gate();
  Aio aio;
  aio.write(file.fd, "1234");
  assert_int_equal(aio.submitted, 0);
  assert_int_equal(aio.error(), EINPROGRESS);
  assert_true(may_have(file.fd));
  assert_int_equal(name_of(aio).generation, generation_of(*aio.chain()));
  assert_ptr_equal(aio.chain()->block, &aio.block);
  open_gate();
  aio.ends_with(0, 4);
  assert_true(eventually([&] { return !may_have(file.fd); }));
}

// Memory files know no reading without waiting, so experience has to tell.
void reads_that_have_proved_quick_are_modest(void**) {
  if (!config().use_head) return;
  MemoryFile file;
  assert_true(eventually([&] {
    Aio again;
    again.read(file.fd).ends_with(0, 4);
    return the_engine().hints.is_enough(file.fd, atomrt::exec::Score::QUICK);
  }));
  close_gate();
  Aio aio;
  aio.read(file.fd);
  assert_true(aio.chain()->is_modest);
  open_gate();
  aio.ends_with(0, 4);
}

void a_stream_request_does_not_overtake_an_earlier_one(void**) {
  Pipe pipe;
  Aio first, second;
  first.read(pipe.out, 1);
  assert_true(eventually([&] { return waits_for_peer(first.place()); }));
  second.read(pipe.out, 1);
  assert_int_equal(second.place(), Place::HELD);
  assert_int_equal(the_engine().streams, 2);
  assert_int_equal(write(pipe.in, "12", 2), 2);
  first.ends_with(0, 1);
  second.ends_with(0, 1);
  assert_int_equal(first.buffer[0], '1');
  assert_int_equal(second.buffer[0], '2');
}

void another_streams_request_does_not_keep_one_from_the_head(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  if (!config().use_head) return;
  Pipe pipe, other;
  Aio blocked, ready;
  blocked.read(pipe.out, 1);
  ready.write(other.in, "data");
  assert_int_equal(ready.error(), 0);
  assert_int_equal(name_of(ready).number, 0);
  ready.write(pipe.in, "x");  // the stream's other direction
  assert_int_equal(ready.error(), 0);
  blocked.ends_with(0, 1);
}

void a_sync_is_never_in_the_head(void**) {
  MemoryFile file;
  Aio sync;
  sync.sync(file.fd).ends_with(0, 0);
  assert_int_not_equal(name_of(sync).number, 0);
}

void nothing_is_half_done(const Aio& aio, int fd) {
  assert_int_equal(aio.submitted, EAGAIN);
  assert_int_equal(aio.error(), EAGAIN);
  assert_int_equal(aio.result(), -1);
  assert_false(may_have(fd));
  assert_true(is_idle());
}

void without_a_thread_the_request_is_refused(void**) {
  MemoryFile file;
  Pipe pipe;
  thread_fault.refused.store(ALL);
  Aio aios[3];
  nothing_is_half_done(aios[0].write(file.fd, "1234"), file.fd);
  aios[1].read(pipe.out);
  if (aios[1].submitted == 0) {  // the reaper of an earlier test is still there, and a poll needs no other thread
    assert_int_equal(aios[1].place(), Place::POLLED);
    assert_int_equal(atomrt::engine::cancel_one(pipe.out, &aios[1].block), AIO_CANCELED);
  } else {
    nothing_is_half_done(aios[1], pipe.out);
  }
  nothing_is_half_done(aios[2].sync(file.fd), file.fd);
  thread_fault.start_over();
  Aio again, sync;  // no lane remembers those that were refused
  again.write(file.fd, "1234");
  sync.sync(file.fd);
  again.ends_with(0, 4);
  sync.ends_with(0, 0);
}

void without_memory_the_request_is_refused(void**) {
  MemoryFile file;
  const auto refused = [&](Aio& aio) {
    const WithoutMemory none;
    aio.write(file.fd, "1234");
    return aio.submitted == EAGAIN;
  };
  // The chain pool and the lane pool run dry at different times: whichever is the first, nothing may be half done.
  static Aio aios[601];
  close_gate();
  int accepted = 0;
  while (accepted < 600 && !refused(aios[accepted])) ++accepted;
  assert_in_range(accepted, 0, 599);
  assert_int_equal(aios[accepted].error(), EAGAIN);
  open_gate();
  for (int i = 0; i < accepted; ++i) aios[i].ends_with(0, 4);
  Aio later;
  later.write(file.fd, "1234").ends_with(0, 4);
}

// So that the first thread that is refused is a worker.
struct SpawnerIsThere {
  const atomrt::os::SignalBlock blocked;
  const atomrt::exec::Spawner::Use use{the_engine().spawner};
};

// While the first of a lane is being refused, another has been held behind it: it must end, be it with EAGAIN.
Aio* behind = nullptr;
int behind_fd = -1;
void a_refused_request_lets_its_followers_go(void**) {
  MemoryFile file;
  Aio first, second;
  const SpawnerIsThere spawner;
  thread_fault.refused.store(ALL);
  behind = &second;
  behind_fd = file.fd;
  thread_fault.when_refused.store([] {
    thread_fault.when_refused.store(nullptr);
    behind->write(behind_fd, "2222");
  });
  first.write(file.fd, "1111");
  assert_int_equal(first.submitted, EAGAIN);
  assert_int_equal(second.submitted, 0);
  second.ends_with(EAGAIN, -1);  // by the spawner, which then gives the chain back
  assert_true(eventually([] { return is_idle(); }));
}

void who_waits_for_a_refused_request_is_woken(void**) {
  MemoryFile file;
  static atomrt::chain::Waiter* waiter;
  static atomrt::chain::WaiterHold hold;
  static Aio aio;
  waiter = the_engine().registry.waiters.enter(hold, 0);
  const SpawnerIsThere spawner;
  thread_fault.refused.store(1);
  thread_fault.when_refused.store([] {  // the name is there, the request is not over
    thread_fault.when_refused.store(nullptr);
    const auto watched = the_engine().registry.waiters.watch(*aio.chain(), name_of(aio).generation, *waiter);
    if (watched != atomrt::chain::Watch::WATCHED) abort();
  });
  aio.write(file.fd, "1234");
  nothing_is_half_done(aio, file.fd);
  assert_int_equal(waiter->bell, atomrt::os::RUNG);
  atomrt::chain::WaiterTable::leave(hold);
}

void a_notification_without_room_goes_out_later_once(void**) {
  Pipe pipe;
  signals_without_room.store(3);
  Aio write;
  write.with_signal(SIGUSR1).write(pipe.in, "data").ends_with(0, 4);
  assert_true(eventually([] { return signals_sent == 1; }));
  MemoryFile file;
  signals_without_room.store(3);
  Aio chain;
  chain.with_signal(SIGUSR1).write(file.fd, "1234").ends_with(0, 4);
  assert_true(eventually([] { return signals_sent == 2 && is_idle(); }));
  assert_int_equal(signals_sent, 2);
}

// No thread for the notification either: a worker that is about to sleep sends it, or the next request sees to it.
void a_notification_without_room_nor_thread_goes_out_all_the_same(void**) {
  MemoryFile file;
  Aio first;
  first.write(file.fd, "1234").ends_with(0, 4);
  thread_fault.refused.store(ALL);
  signals_without_room.store(2);
  Aio second;
  second.with_signal(SIGUSR1).write(file.fd, "1234").ends_with(0, 4);
  assert_true(eventually([] { return signals_sent == 1; }));
}

void requests_are_counted_where_they_are_served(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  the_engine().statistics.enable();
  Pipe pipe;
  MemoryFile file;
  Aio aios[4];
  aios[0].write(pipe.in, "data").ends_with(0, 4);
  aios[1].write(file.fd, "1234").ends_with(0, 4);
  aios[2].sync(file.fd).ends_with(0, 0);
  aios[3].read(-1).ends_with(EBADF, -1);
  int ends[2];
  assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
  assert_int_equal(the_engine().statistics.write_to(ends[1], 0), 0);
  char text[8192] = {};
  assert_true(read(ends[0], text, sizeof text - 1) > 0);
  close(ends[0]);
  close(ends[1]);
  const bool head = config().use_head;
  assert_non_null(strstr(text, "\nrequests 4\ncompleted 4\nerrors 1\n"));
  assert_non_null(strstr(text, head ? "\nhead.requests 2\nhead.bytes 4\n" : "\nhead.requests 1\nhead.bytes 0\n"));
  assert_non_null(strstr(text, head ? "\nhead.fallbacks 2\n" : "\nhead.fallbacks 0\n"));
  assert_non_null(strstr(text, head ? "\nthreads.requests 2\nthreads.bytes 4\n"
                                    : "\nthreads.requests 3\nthreads.bytes 8\n"));
}

}  // namespace

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, settle)
UNIT_TESTS(TEST(a_ready_stream_is_served_in_the_head),
           TEST(a_number_that_is_known_for_a_pipe_is_not_read_at_an_offset), TEST(a_bad_descriptor_is_told_by_the_aiocb),
           TEST(garbage_in_the_private_fields_is_no_harm), TEST(what_the_head_declines_is_a_chain),
           TEST(reads_that_have_proved_quick_are_modest),
           TEST(a_stream_request_does_not_overtake_an_earlier_one),
           TEST(another_streams_request_does_not_keep_one_from_the_head), TEST(a_sync_is_never_in_the_head),
           TEST(without_a_thread_the_request_is_refused), TEST(without_memory_the_request_is_refused),
           TEST(a_refused_request_lets_its_followers_go), TEST(who_waits_for_a_refused_request_is_woken),
           TEST(a_notification_without_room_goes_out_later_once),
           TEST(a_notification_without_room_nor_thread_goes_out_all_the_same),
           TEST(requests_are_counted_where_they_are_served))
