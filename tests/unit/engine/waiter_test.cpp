// SPDX-License-Identifier: MIT
// waiter: what a thread runs itself instead of waiting for it. Run with the waiter allowed, and without (ATOMRT_CONTEXTS).
#include "engine/waiter.h"

#include <sys/resource.h>

#include "engine/requests.h"
#include "engine/suspend.h"
#include "exec/without_threads.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Place;
using namespace atomrt::engine;

bool may_work() { return config().use_waiter; }

// Where a worker waits before it waits for a peer; open unless a test closes it.
struct PeerGate : Gate {
  PeerGate() { open(); }
} peer_gate;

// One worker, which stands at the gate: what is submitted now is left to others.
struct Busy {
  MemoryFile file;
  Aio running;
  Busy() {
    set_threads(1, 1);
    close_gate();
    running.read(file.fd);
    assert_true(eventually([] { return perform_gate.arrived() == 1; }));
  }
};

void a_write_is_run_by_who_waits_for_it(void**) {
  Busy busy;
  MemoryFile file;
  Aio write;
  write.write(file.fd, "1234");
  assert_int_equal(work_for(the_engine(), &write.block, false), may_work());
  assert_int_equal(write.is_over(), may_work());
  assert_int_equal(performed_by_the_test, may_work());
  if (!may_work()) return;
  assert_int_equal(write.error(), 0);
  assert_int_equal(write.result(), 4);
  char text[5] = {};
  assert_int_equal(pread(file.fd, text, 4, 0), 4);
  assert_string_equal(text, "1234");
}

void signals_are_blocked_from_claim_to_publish(void**) {
  if (!may_work()) return;
  Busy busy;
  Aio write;
  write.write(busy.file.fd, "1234");
  mask_when_performed = 0;
  assert_true(work_for(the_engine(), &write.block, false));
  assert_int_equal(mask_when_performed | 1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1), atomrt::os::ALL_SIGNALS);
  assert_int_equal(atomrt::os::block_signals(0), 0);
}

void a_read_is_run_only_where_it_is_the_last_thing_waited_for(void**) {
  if (!may_work()) return;
  Busy busy;
  Aio reads[2];
  for (Aio& read : reads) read.read(busy.file.fd);
  const struct aiocb* both[] = {&reads[0].block, nullptr, &reads[1].block};
  assert_false(work_for_one(the_engine(), both, 3));
  assert_int_equal(performed_by_the_test, 0);
  const struct aiocb* one[] = {nullptr, &reads[1].block};
  assert_true(work_for_one(the_engine(), one, 2));
  assert_true(reads[1].is_over());
  assert_false(reads[0].is_over());
}

// The one that it waits for, and those that it lets go: so many, or for so long.
void writes_of_a_file_are_run_in_one_stint(void**) {
  if (!may_work()) return;
  Busy busy;
  Aio read, writes[20];
  read.read(busy.file.fd);
  for (Aio& write : writes) write.write(busy.file.fd, "1234");
  const struct aiocb* list[] = {&read.block, &writes[0].block, &writes[1].block};
  assert_true(work_for_one(the_engine(), list, 3));
  int over = 0;
  for (const Aio& write : writes) over += write.is_over();
  assert_true(over >= 1 && over <= 16);
  assert_int_equal(performed_by_the_test, over);
  assert_true(writes[0].is_over());
  assert_false(read.is_over() || writes[19].is_over());
  open_gate();
  for (Aio& write : writes) write.ends_with(0, 4);
}

void what_another_has_begun_is_left_to_him(void**) {
  Busy busy;
  assert_false(work_for(the_engine(), &busy.running.block, true));
  assert_false(busy.running.is_over());
}

void streams_and_syncs_are_never_run(void**) {
  Busy busy;
  Pipe pipe;
  Aio stream, sync;
  stream.read(pipe.out);
  sync.sync(busy.file.fd);
  assert_false(work_for(the_engine(), &stream.block, true));
  assert_false(work_for(the_engine(), &sync.block, true));
  assert_int_equal(performed_by_the_test, 0);
  assert_int_equal(write(pipe.in, "x", 1), 1);
}

// What is no write of the same file goes to the workers.
void what_a_waiters_write_held_back_goes_on(void**) {
  if (!may_work()) return;
  Busy busy;
  MemoryFile file;
  Aio first, sync, second;
  first.write(file.fd, "1111");
  sync.sync(file.fd);
  second.write(file.fd, "2222");
  assert_true(work_for(the_engine(), &first.block, false));
  assert_int_equal(sync.place(), Place::QUEUED);
  open_gate();
  sync.ends_with(0, 0);
  second.ends_with(0, 4);
}

// It may be in a signal handler: it makes no thread, and where all that exist are blocked it runs what its write held
// back, too.
void where_there_is_no_worker_the_waiter_goes_on(void**) {
  if (!may_work()) return;
  set_threads(1, 0);
  assert_true(eventually([] { return threads_named("atomrt-worker") == 0; }));  // of earlier tests
  Busy busy;
  Fifo fifo;  // a worker has to wait for its peer
  MemoryFile file;
  Aio stream, writes[3], sync;
  stream.read(fifo.fd);
  for (Aio& write : writes) write.write(file.fd, "1234");
  sync.sync(file.fd);
  const unsigned created = the_engine().workers.created();
  thread_fault.refused.store(ALL);
  peer_gate.close();
  open_gate();
  assert_true(eventually([] { return peer_gate.arrived() == 1; }));  // and has tried to make another worker
  assert_true(waits_for_peer(stream.place()));
  assert_int_equal(writes[0].place(), Place::QUEUED);
  assert_true(work_for(the_engine(), &writes[0].block, false));
  for (const Aio& write : writes) assert_int_equal(write.error(), 0);
  assert_int_equal(sync.error(), 0);
  assert_int_equal(performed_by_the_test, 4);
  assert_int_equal(the_engine().workers.created(), created);
  thread_fault.start_over();
  peer_gate.open();
}

// SIGXFSZ goes to the thread that writes, which is the program's.
void a_write_at_the_limit_raises_no_signal(void**) {
  if (!may_work()) return;
  const int status = in_child([] {
    signal(SIGXFSZ, SIG_DFL);
    set_threads(1, 1);
    static MemoryFile file;
    static Aio running, write;
    close_gate();
    running.read(file.fd);
    if (!eventually([] { return perform_gate.arrived() == 1; })) return 1;
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    write.block.aio_offset = 4096;
    write.write(file.fd, "1234");
    if (!work_for(the_engine(), &write.block, false)) return 2;
    if (write.error() != EFBIG) return 3;
    open_gate();
    return 0;
  });
  assert_int_equal(status, 0);
}

void all_of_a_list_is_run_where_all_is_waited_for(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  if (!may_work()) return;
  Busy busy;
  Pipe pipe;
  Aio read, write, stream, over;
  over.write(pipe.in, "x").ends_with(0, 1);
  stream.read(pipe.out).ends_with(0, 1);
  Aio blocked;
  blocked.read(pipe.out);
  read.read(busy.file.fd);
  write.write(busy.file.fd, "1234");
  struct aiocb* const list[] = {&read.block, nullptr, &blocked.block, &over.block, &write.block};
  work_for_all(the_engine(), list, 5);
  assert_true(read.is_over() && write.is_over());
  assert_false(blocked.is_over());
  assert_int_equal(performed_by_the_test, 2);
  assert_int_equal(::write(pipe.in, "x", 1), 1);
}

void aio_suspend_works_unless_it_has_a_timeout(void**) {
  Busy busy;
  Aio write;
  write.write(busy.file.fd, "1234");
  const struct aiocb* list[] = {&write.block};
  const timespec short_time = {0, 1'000'000};
  assert_int_equal(suspend(list, 1, &short_time), EAGAIN);
  assert_int_equal(performed_by_the_test, 0);
  if (!may_work()) return;
  assert_int_equal(suspend(list, 1, nullptr), 0);
  assert_int_equal(performed_by_the_test, 1);
}

}  // namespace

extern "C" bool real_wait(int, bool, std::int64_t) __asm__("__real__ZN6atomrt2os16wait_until_readyEibl");
extern "C" bool gated_wait(int, bool, std::int64_t) __asm__("__wrap__ZN6atomrt2os16wait_until_readyEibl");
extern "C" bool gated_wait(int fd, bool for_writing, std::int64_t timeout_ns) {
  if (timeout_ns > 0) peer_gate.pass();
  return real_wait(fd, for_writing, timeout_ns);
}

UNIT_TESTS(ENGINE_TEST(a_write_is_run_by_who_waits_for_it), ENGINE_TEST(signals_are_blocked_from_claim_to_publish),
           ENGINE_TEST(a_read_is_run_only_where_it_is_the_last_thing_waited_for),
           ENGINE_TEST(writes_of_a_file_are_run_in_one_stint), ENGINE_TEST(what_another_has_begun_is_left_to_him),
           ENGINE_TEST(streams_and_syncs_are_never_run), ENGINE_TEST(what_a_waiters_write_held_back_goes_on),
           ENGINE_TEST(where_there_is_no_worker_the_waiter_goes_on),
           ENGINE_TEST(a_write_at_the_limit_raises_no_signal), ENGINE_TEST(all_of_a_list_is_run_where_all_is_waited_for),
           ENGINE_TEST(aio_suspend_works_unless_it_has_a_timeout))
