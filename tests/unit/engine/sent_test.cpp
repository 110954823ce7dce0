// SPDX-License-Identifier: MIT
// sent: O_DIRECT reads whose submitter takes no lock and changes no mask; and what may come between, done by the test
// where a handler would, in the middle of the submission.
#include "engine/sent.h"

#include <sys/socket.h>

#include "engine/direct_requests.h"
#include "engine/hold.h"
#include "engine/suspend.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Operation, atomrt::chain::Order, atomrt::chain::Place, atomrt::exec::Hint;

struct KnownFile : LateFile {
  KnownFile() : LateFile(false) {
    current = this;
    flags_asked.store(0);
  }
  ~KnownFile() {
    before_submission = after_submission = nullptr;
    interrupted = nullptr;
  }
  inline static KnownFile* current = nullptr;
  inline static SlowRequest* interrupted = nullptr;  // that is being submitted
};

void is_sent(const SlowRequest& request) {
  assert_int_equal(request.submitted, 0);
  assert_int_equal(request.place(), Place::IN_AIO);
  assert_int_equal(request.chain()->entered.load(), 0);
  assert_true(the_engine().registry.sent.may_have(request.block.aio_fildes));
}
bool is_listed(const SlowRequest& request) {
  return request.chain()->entered.load() != 0 && request.chain()->order == Order::LATE;
}
void nothing_is_left() {
  assert_true(eventually([] { return is_idle(); }));
  assert_false(the_engine().registry.sent.may_have(KnownFile::current->fd));
  assert_false(the_engine().registry.latecomers.any());
}

atomrt::os::KernelSignalSet mask_in_submission;

void a_read_of_a_known_number_is_sent_and_nothing_is_asked(void**) {
  KnownFile file;
  mask_in_submission = ~0ULL;
  before_submission = [] { mask_in_submission = atomrt::os::block_signals(0); };
  SlowRequest requests[4];
  for (SlowRequest& request : requests) is_sent(request.start(file));
  assert_int_equal(mask_in_submission, atomrt::os::block_signals(0));
  assert_int_equal(flags_asked, 0);
  assert_false(the_engine().registry.in_flight.may_have(file.fd));
  file.let_go();
  for (const SlowRequest& request : requests) request.ends_when_looked_at(0, DIRECT_LENGTH);
  nothing_is_left();
}

void only_what_has_no_order_and_tells_nobody_is_sent(void**) {
  KnownFile file;
  Engine& engine = the_engine();
  SlowRequest aio;
  aio.block.aio_fildes = file.fd;
  const atomrt::chain::Request request = atomrt::chain::build(&aio.block, Operation::READ);
  assert_true(may_be_sent(engine, request));
  const auto refused = [&](auto change) {
    atomrt::chain::Request other = request;
    change(other);
    return !may_be_sent(engine, other);
  };
  assert_true(refused([](auto& other) { other.operation = Operation::WRITE; }));
  assert_true(refused([](auto& other) { other.operation = Operation::FSYNC; }));
  assert_true(refused([](auto& other) { other.offset = -1; }));
  assert_true(refused([](auto& other) { other.moved = 1; }));
  assert_true(refused([](auto& other) { other.length = atomrt::exec::Budget::ONE_CALL + 1; }));
  assert_true(refused([](auto& other) { other.notification.by = atomrt::chain::NotifyBy::SIGNAL; }));
  assert_true(refused([](auto& other) { other.group = &zeroed<atomrt::chain::Group>(); }));
  assert_true(refused([](auto& other) { other.fd += 1; }));
  for (const Hint hint : {Hint::SENT, Hint::LATE}) {
    engine.hints.put(file.fd, hint, false);
    assert_false(may_be_sent(engine, request));
    engine.hints.put(file.fd, hint, true);
  }
  engine.streams.fetch_add(1);
  assert_false(may_be_sent(engine, request));
  engine.streams.fetch_sub(1);
}

void beyond_its_room_a_number_has_the_rest_in_the_lists(void**) {
  KnownFile file;
  constexpr unsigned MANY = atomrt::chain::SentTable::ROOM + 2;
  static SlowRequest requests[MANY];
  for (SlowRequest& request : requests) request.start(file);
  unsigned listed = 0;
  for (const SlowRequest& request : requests) listed += is_listed(request);
  assert_int_equal(listed, 2);
  file.let_go();
  for (const SlowRequest& request : requests) request.ends_when_looked_at(0, DIRECT_LENGTH);
  nothing_is_left();
}

void a_sent_read_is_not_cancelled(void**) {
  KnownFile file;
  SlowRequest request;
  is_sent(request.start(file));
  assert_int_equal(cancel_one(file.fd, &request.block), AIO_NOTCANCELED);
  assert_true(is_listed(request));
  assert_int_equal(cancel_all(file.fd), AIO_NOTCANCELED);
  file.let_go();
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  nothing_is_left();
  assert_int_equal(cancel_all(file.fd), AIO_ALLDONE);
}

void a_sync_waits_for_a_sent_read(void**) {
  KnownFile file;
  SlowRequest request;
  Aio sync;
  is_sent(request.start(file));
  sync.sync(file.fd);
  assert_int_equal(sync.place(), Place::HELD);
  file.let_go();
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  sync.ends_with(0, 0);
}

void it_keeps_its_file_where_the_number_is_closed(void**) {
  KnownFile file;
  const int kept = dup(file.fd);
  MemoryFile other("other");
  SlowRequest request;
  is_sent(request.start(file));
  before_close(file.fd);
  assert_true(is_listed(request));
  assert_int_equal(atomrt::os::system_call(SYS_dup3, other.fd, file.fd, 0), file.fd);
  file.let_go(-EAGAIN);
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  assert_int_equal(request.data[DIRECT_LENGTH - 1], 'a' + DIRECT_LENGTH / 512 - 1);
  assert_int_equal(dup2(kept, file.fd), file.fd);
  close(kept);
}

void what_the_kernel_does_not_do_whole_goes_on_elsewhere(void**) {
  KnownFile file;
  for (const long answer : {-static_cast<long>(EAGAIN), 512L}) {
    SlowRequest request;
    is_sent(request.start(file));
    file.let_go(answer);
    request.ends_when_looked_at(0, DIRECT_LENGTH);
    assert_int_equal(request.data[DIRECT_LENGTH - 1], 'a' + DIRECT_LENGTH / 512 - 1);
    nothing_is_left();
    file.hold_up();
  }
}

void what_the_kernel_does_not_take_goes_elsewhere_at_once(void**) {
  KnownFile file;
  file.refusal.store(EAGAIN);
  SlowRequest request;
  request.start(file);
  request.ends_with(0, DIRECT_LENGTH);
  assert_false(the_engine().hints.has(file.fd, Hint::LATE));
  nothing_is_left();
}

void where_nobody_takes_it_it_is_refused(void**) {
  KnownFile file;
  thread_fault.refused.store(ALL);
  file.refusal.store(EAGAIN);
  SlowRequest request;
  request.start(file);
  assert_int_equal(request.submitted, EAGAIN);
  assert_int_equal(request.error(), EAGAIN);
  assert_true(is_idle());
}

// Unseen by the library the number means something else.
struct Replaced {
  const KnownFile& file;
  const int kept = dup(file.fd);
  Replaced(const KnownFile& of, int by) : file(of) {
    if (atomrt::os::system_call(SYS_dup3, by, file.fd, 0) != file.fd) abort();
  }
  ~Replaced() {
    if (dup2(kept, file.fd) != file.fd) abort();
    close(kept);
  }
};

// Kernel AIO reads a socket at no offset, and says so.
void a_number_that_means_a_socket_by_now_is_served_as_one(void**) {
  KnownFile file;
  int ends[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  for (const long answer : {-static_cast<long>(ESPIPE), -static_cast<long>(EAGAIN)}) {
    SlowRequest request;
    request.block.aio_offset = 512;
    const Replaced replaced(file, ends[0]);
    is_sent(request.start(file));
    assert_int_equal(write(ends[1], "four", 4), 4);
    file.let_go(answer);
    request.ends_when_looked_at(0, 4);
    assert_memory_equal(request.data, "four", 4);
    nothing_is_left();
    file.hold_up();
  }
  close(ends[0]);
  close(ends[1]);
}

// The flags that were guessed are asked for then.
void a_number_that_does_not_wait_by_now_does_not(void**) {
  KnownFile file;
  const Pipe pipe;
  assert_int_equal(fcntl(pipe.out, F_SETFL, O_NONBLOCK), 0);
  SlowRequest request;
  {
    const Replaced replaced(file, pipe.out);
    is_sent(request.start(file));
    file.let_go(-EAGAIN);
    request.ends_when_looked_at(EAGAIN, -1);
  }
  nothing_is_left();
}

void where_reads_are_done_at_once_flags_are_asked_now_and_then(void**) {
  KnownFile file;
  file.let_go();
  for (int i = 0; i < 64; ++i) {
    SlowRequest request;
    request.start(file).ends_when_looked_at(0, DIRECT_LENGTH);
  }
  assert_in_range(flags_asked, 1, 8);
  file.hold_up();
}

// ---- a handler in the middle ----

using Act = void();

// act runs once before the kernel has it, or behind that.
void interrupt(KnownFile& file, SlowRequest& request, bool is_before, Act* act) {
  KnownFile::interrupted = &request;
  (is_before ? before_submission : after_submission) = act;
  request.start(file);
}
void act_once() { before_submission = after_submission = nullptr; }

void a_handler_does_not_wait_for_what_it_interrupts(void**) {
  for (const bool is_before : {true, false}) {
    KnownFile file;
    SlowRequest request;
    interrupt(file, request, is_before, [] {
      act_once();
      const struct aiocb* const list[] = {&KnownFile::interrupted->block};
      assert_int_equal(KnownFile::interrupted->place(), Place::SENDING);
      assert_int_equal(suspend(list, 1, nullptr), 0);
      assert_int_equal(KnownFile::interrupted->error(), EINPROGRESS);
    });
    is_sent(request);
    file.let_go();
    request.ends_when_looked_at(0, DIRECT_LENGTH);
  }
}

void a_handler_submits_cancels_closes_and_syncs_meanwhile(void**) {
  for (const bool is_before : {true, false}) {
    KnownFile file;
    SlowRequest request;
    interrupt(file, request, is_before, [] {
      act_once();
      SlowRequest nested;
      is_sent(nested.start(*KnownFile::current));
      assert_int_equal(cancel_one(KnownFile::current->fd, &nested.block), AIO_NOTCANCELED);
      assert_int_not_equal(cancel_one(KnownFile::current->fd, &KnownFile::interrupted->block), AIO_CANCELED);
      before_close(KnownFile::current->fd);
      KnownFile::current->let_go();
      nested.ends_when_looked_at(0, DIRECT_LENGTH);
      Aio sync;
      sync.sync(KnownFile::current->fd).ends_with(0, 0);
      // Its event may have come, too.
      assert_true(KnownFile::interrupted->error() == EINPROGRESS || !is_listed(*KnownFile::interrupted));
    });
    request.ends_when_looked_at(0, DIRECT_LENGTH);
    nothing_is_left();
    file.hold_up();
  }
}

int forked_child = 0;

// It comes back from aio_read without a request, and its engine serves the next one.
void a_handlers_child_comes_back_without_the_request(void**) {
  for (const bool is_before : {true, false}) {
    KnownFile file;
    SlowRequest request;
    forked_child = -1;
    interrupt(file, request, is_before, [] {
      act_once();
      forked_child = fork();
    });
    child_goes_on_without(request, forked_child);
    is_sent(request);
    file.let_go();
    request.ends_when_looked_at(0, DIRECT_LENGTH);
    nothing_is_left();
  }
}

// It waits in the meantime, and is told of the end though nobody else looks.
std::atomic<int> waiting_thread{0};
std::atomic<bool> may_wait{false};

void another_thread_waits_for_what_is_being_sent(void**) {
  KnownFile file;
  SlowRequest request;
  waiting_thread.store(0);
  may_wait.store(false);
  std::atomic<bool> has_come{false};
  Thread waiter([&] {
    waiting_thread.store(gettid());
    while (!may_wait) pause_briefly();
    const struct aiocb* const list[] = {&request.block};
    while (request.error() == EINPROGRESS) {
      if (suspend(list, 1, nullptr) != 0) abort();
    }
    has_come.store(true);
  });
  interrupt(file, request, true, [] {
    act_once();
    may_wait.store(true);
    // It does not turn for ever.
    assert_true(eventually([] { return waiting_thread != 0 && is_asleep(waiting_thread); }));
  });
  is_sent(request);
  assert_false(has_come.load());
  file.let_go();
  waiter.join();
  assert_true(has_come.load());
  request.ends_with(0, DIRECT_LENGTH);
}

}  // namespace

UNIT_TESTS(DIRECT_TEST(a_read_of_a_known_number_is_sent_and_nothing_is_asked),
           DIRECT_TEST(only_what_has_no_order_and_tells_nobody_is_sent),
           DIRECT_TEST(beyond_its_room_a_number_has_the_rest_in_the_lists),
           DIRECT_TEST(a_sent_read_is_not_cancelled), DIRECT_TEST(a_sync_waits_for_a_sent_read),
           DIRECT_TEST(it_keeps_its_file_where_the_number_is_closed),
           DIRECT_TEST(what_the_kernel_does_not_do_whole_goes_on_elsewhere),
           DIRECT_TEST(what_the_kernel_does_not_take_goes_elsewhere_at_once),
           DIRECT_TEST(where_nobody_takes_it_it_is_refused),
           DIRECT_TEST(a_number_that_means_a_socket_by_now_is_served_as_one),
           DIRECT_TEST(a_number_that_does_not_wait_by_now_does_not),
           DIRECT_TEST(where_reads_are_done_at_once_flags_are_asked_now_and_then),
           DIRECT_TEST(a_handler_does_not_wait_for_what_it_interrupts),
           DIRECT_TEST(a_handler_submits_cancels_closes_and_syncs_meanwhile),
           DIRECT_TEST(a_handlers_child_comes_back_without_the_request),
           LONE_DIRECT_TEST(another_thread_waits_for_what_is_being_sent))
