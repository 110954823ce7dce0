// SPDX-License-Identifier: MIT
// stream: a request whose peer is not ready is polled for by kernel AIO, and moved by whoever sees the event; without a
// thread each, also where kernel AIO and the ring are not to be had.
#include "engine/stream.h"

#include "engine/hold.h"
#include "engine/sent.h"
#include "engine/suspend.h"
#include "engine/vain_pipe.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Order, atomrt::chain::Place, atomrt::exec::Score;

bool is_polled(const Aio& aio) { return aio.place() == Place::POLLED; }

void a_read_without_a_peer_is_polled_for(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  Pipe pipe;
  Aio read;
  read.read(pipe.out);
  assert_true(is_polled(read));
  assert_int_equal(write(pipe.in, "data", 4), 4);
  look();
  read.ends_with(0, 4);
}

// Nobody looks and nobody waits: the reaper does.
void a_write_goes_on_though_nobody_looks(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  Pipe pipe;
  char block[4096] = {};
  const int size = fcntl(pipe.in, F_GETPIPE_SZ);
  for (int filled = 0; filled < size; filled += 4096) assert_int_equal(write(pipe.in, block, sizeof block), 4096);
  Aio aio;
  aio.write(pipe.in, "data");
  assert_true(is_polled(aio));
  for (int left = size; left > 0; left -= 4096) assert_int_equal(read(pipe.out, block, sizeof block), 4096);
  assert_int_equal(read(pipe.out, block, 4), 4);  // comes without a look of this process
  aio.ends_with(0, 4);
}

void who_waits_moves_the_bytes(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  Pipe pipe;
  Aio read;
  read.read(pipe.out);
  assert_true(is_polled(read));
  const struct aiocb* list[] = {&read.block};
  std::atomic<int> outcome{-1};
  Thread waiter([&] { outcome.store(suspend(list, 1, nullptr)); });
  assert_int_equal(write(pipe.in, "data", 4), 4);
  waiter.join();
  assert_int_equal(outcome, 0);
  read.ends_with(0, 4);
}

void a_polled_request_can_be_cancelled_and_its_file_goes(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  Pipe pipe;
  Aio read;
  read.read(pipe.out);
  assert_true(is_polled(read));
  assert_int_equal(cancel_one(pipe.out, &read.block), AIO_CANCELED);
  read.ends_with(ECANCELED, -1);
  // The kernel lets go of the file, and the writer hears that there is no reader.
  close(pipe.out);
  struct sigaction ignore {}, before {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  assert_true(eventually([&] { return write(pipe.in, "x", 1) == -1 && errno == EPIPE; }));
  sigaction(SIGPIPE, &before, nullptr);
  pipe.out = dup(pipe.in);
}

void a_polled_request_keeps_its_file(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  Pipe pipe, other;
  Aio read;
  read.read(pipe.out);
  assert_true(is_polled(read));
  before_close(pipe.out);
  assert_int_equal(dup2(other.out, pipe.out), pipe.out);
  assert_true(is_polled(read));
  assert_int_equal(write(pipe.in, "data", 4), 4);
  look();
  read.ends_with(0, 4);
}

// More than the first context has room for, and of a kind that no context polls.
void many_blocked_requests_take_few_threads(void**) {
  constexpr int MANY = 40;
  static Aio reads[MANY];
  static Fifo fifos[MANY];
  for (int i = 0; i < MANY; ++i) reads[i].read(fifos[i].fd);
  for (const Aio& read : reads) assert_true(eventually([&] { return waits_for_peer(read.place()); }));
  assert_true(eventually([] { return threads_named("atomrt-worker") <= 3; }));
  for (int i = 0; i < MANY; ++i) assert_int_equal(write(fifos[i].fd, "data", 4), 4);
  for (const Aio& read : reads) read.ends_with(0, 4);
}

void what_the_poller_has_can_be_cancelled(void**) {
  Fifo fifos[6];
  Aio reads[6];
  for (int i = 0; i < 6; ++i) reads[i].read(fifos[i].fd);
  for (int i = 0; i < 6; ++i) {
    assert_true(eventually([&] { return waits_for_peer(reads[i].place()); }));
    assert_int_equal(cancel_one(fifos[i].fd, &reads[i].block), AIO_CANCELED);
    reads[i].ends_with(ECANCELED, -1);
  }
}

// ---- reads that are sent: engine/sent.h ----

bool is_sent(const Aio& aio) {
  return is_polled(aio) && aio.chain()->entered.load() == 0 && the_engine().registry.sent.may_have(aio.block.aio_fildes);
}
bool is_listed(const Aio& aio, Order order) {
  return aio.chain()->entered.load() != 0 && aio.chain()->order == order;
}
void nothing_is_left() {
  assert_true(eventually([] { return is_idle(); }));
  assert_false(the_engine().registry.sent.may_have(VainPipe::current->out));
  assert_false(the_engine().registry.latecomers.any() || may_have_streams(the_engine()));
}
void ends_when_fed(const Aio& aio) {
  VainPipe::current->feed();
  look();
  aio.ends_with(0, 4);
  nothing_is_left();
}

atomrt::os::KernelSignalSet mask_in_submission;

void a_pipe_read_is_sent_after_some_in_vain(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  VainPipe pipe;
  mask_in_submission = ~0ULL;
  before_submission = [] { mask_in_submission = atomrt::os::block_signals(0); };
  Aio read;
  assert_true(is_sent(read.read(pipe.out)));
  assert_int_equal(mask_in_submission, atomrt::os::block_signals(0));
  assert_false(the_engine().registry.in_flight.may_have(pipe.out));
  ends_when_fed(read);
}

void only_pipe_reads_that_tell_nobody_are_sent(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  VainPipe pipe;
  Aio aio;
  aio.block.aio_fildes = pipe.out;
  aio.block.aio_nbytes = 4;
  const atomrt::chain::Request request = atomrt::chain::build(&aio.block, atomrt::chain::Operation::READ);
  Engine& engine = the_engine();
  const int flags = fcntl(pipe.out, F_GETFL);
  assert_true(may_be_polled_for(engine, request, flags));
  const auto refused = [&](auto change) {
    atomrt::chain::Request other = request;
    change(other);
    return !may_be_polled_for(engine, other, flags);
  };
  assert_true(refused([](auto& other) { other.operation = atomrt::chain::Operation::WRITE; }));
  assert_true(refused([](auto& other) { other.nonblocking = true; }));
  assert_true(refused([](auto& other) { other.length = 0; }));
  assert_true(refused([](auto& other) { other.notification.by = atomrt::chain::NotifyBy::SIGNAL; }));
  assert_true(refused([](auto& other) { other.fd += 1; }));
  assert_false(may_be_polled_for(engine, request, O_RDWR));
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  assert_false(may_be_polled_for(engine, request, fcntl(file, F_GETFL)));
  close(file);
}

// By whichever number it comes; and a third waits, too.
void a_later_read_waits_for_a_sent_one(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  VainPipe pipe;
  const int again = dup(pipe.out);
  for (const int second_fd : {pipe.out, again}) {
    Aio first, second, third;
    assert_true(is_sent(first.read(pipe.out)));
    second.read(second_fd);
    third.read(pipe.out);
    assert_true(is_polled(first) && is_listed(first, Order::LATE));
    assert_int_equal(second.place(), Place::HELD);
    assert_int_equal(third.place(), Place::HELD);
    for (const Aio* read : {&first, &second, &third}) {
      pipe.feed();
      look();
      read->ends_with(0, 4);
    }
    nothing_is_left();
  }
  close(again);
}

void a_sent_pipe_read_is_cancelled(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  VainPipe pipe;
  for (const bool by_number : {false, true}) {
    Aio read;
    assert_true(is_sent(read.read(pipe.out)));
    assert_int_equal(by_number ? cancel_all(pipe.out) : cancel_one(pipe.out, &read.block), AIO_CANCELED);
    read.ends_with(ECANCELED, -1);
    nothing_is_left();
  }
}

void a_sent_pipe_read_keeps_its_file(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  VainPipe pipe;
  Pipe other;
  Aio read;
  assert_true(is_sent(read.read(pipe.out)));
  before_close(pipe.out);
  assert_int_equal(dup2(other.out, pipe.out), pipe.out);
  assert_true(is_polled(read));
  ends_when_fed(read);
}

// It is polled for again; where the kernel declines that, it is a request like any other.
void another_reader_takes_what_was_there(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  VainPipe pipe;
  for (const int refusal : {0, EAGAIN}) {
    Aio read;
    assert_true(is_sent(read.read(pipe.out)));
    pipe.refusal_after = refusal;
    pipe.feed_another();
    assert_true(eventually([&] { return refusal == 0 ? is_sent(read) : read.chain()->entered.load() != 0; }));
    poll_refusal.store(0);
    pipe.feed();
    look();
    read.ends_with(0, 4);
    nothing_is_left();
  }
}

void what_is_there_is_read_at_once_and_the_next_is_tried(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  VainPipe pipe;
  Aio read;
  pipe.feed();
  read.read(pipe.out);
  assert_true(read.is_over());
  read.ends_with(0, 4);
  assert_false(the_engine().hints.is_enough(pipe.out, Score::VAIN));
  nothing_is_left();
}

void a_pipe_that_the_kernel_does_not_poll_goes_elsewhere(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  VainPipe pipe;
  Aio read;
  poll_refusal.store(EINVAL);
  read.read(pipe.out);
  assert_int_equal(read.submitted, 0);
  pipe.feed();
  read.ends_with(0, 4);
  nothing_is_left();
}

// act is called once, before or after the kernel has the poll.
void interrupt(Aio& aio, bool is_before, void (*act)()) {
  VainPipe::interrupted = &aio;
  (is_before ? before_submission : after_submission) = act;
  aio.read(VainPipe::current->out);
}
void act_once() { before_submission = after_submission = nullptr; }

void another_thread_is_faster_than_the_submitter(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  {
    const VainPipe pipe;
    Aio read;
    interrupt(read, false, [] {
      act_once();
      VainPipe::current->feed();
      assert_true(eventually([] {
        look();
        return VainPipe::interrupted->is_over();
      }));
    });
    read.ends_with(0, 4);
    nothing_is_left();
  }
  const VainPipe pipe;
  Aio outrun;
  interrupt(outrun, false, [] {
    act_once();
    VainPipe::current->feed_another();
    assert_true(eventually([] { return is_polled(*VainPipe::interrupted); }));
  });
  assert_true(is_sent(outrun));
  ends_when_fed(outrun);
}

void a_handler_waits_cancels_closes_and_reads_meanwhile(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  for (const bool is_before : {true, false}) {
    VainPipe pipe;
    Aio read;
    interrupt(read, is_before, [] {
      act_once();
      Aio& sending = *VainPipe::interrupted;
      const int fd = VainPipe::current->out;
      const struct aiocb* const list[] = {&sending.block};
      assert_int_equal(sending.place(), Place::SENDING_POLL);
      assert_int_equal(suspend(list, 1, nullptr), 0);
      assert_int_not_equal(cancel_one(fd, &sending.block), AIO_CANCELED);
      Aio nested;
      nested.read(fd);
      assert_true(is_polled(nested) && is_listed(nested, Order::STREAM_READS));
      assert_int_equal(cancel_one(fd, &nested.block), AIO_CANCELED);
      before_close(fd);
      assert_int_equal(sending.error(), EINPROGRESS);
    });
    assert_true(is_sent(read));
    ends_when_fed(read);
  }
}

int forked_child = 0;

void a_handlers_child_comes_back_without_the_pipe_read(void**) {
  SKIP_WHERE_NONE_IS_SENT();
  for (const bool is_before : {true, false}) {
    VainPipe pipe;
    Aio read;
    forked_child = -1;
    interrupt(read, is_before, [] {
      act_once();
      forked_child = fork();
    });
    child_goes_on_without(read, forked_child);
    assert_true(is_sent(read));
    ends_when_fed(read);
  }
}

}  // namespace

UNIT_TESTS(ENGINE_TEST(a_read_without_a_peer_is_polled_for), ENGINE_TEST(a_write_goes_on_though_nobody_looks),
           ENGINE_TEST(who_waits_moves_the_bytes), ENGINE_TEST(a_polled_request_can_be_cancelled_and_its_file_goes),
           ENGINE_TEST(a_polled_request_keeps_its_file), ENGINE_TEST(many_blocked_requests_take_few_threads),
           ENGINE_TEST(what_the_poller_has_can_be_cancelled), DIRECT_TEST(a_pipe_read_is_sent_after_some_in_vain),
           DIRECT_TEST(only_pipe_reads_that_tell_nobody_are_sent), DIRECT_TEST(a_later_read_waits_for_a_sent_one),
           DIRECT_TEST(a_sent_pipe_read_is_cancelled), DIRECT_TEST(a_sent_pipe_read_keeps_its_file),
           DIRECT_TEST(another_reader_takes_what_was_there),
           DIRECT_TEST(what_is_there_is_read_at_once_and_the_next_is_tried),
           DIRECT_TEST(a_pipe_that_the_kernel_does_not_poll_goes_elsewhere),
           DIRECT_TEST(another_thread_is_faster_than_the_submitter),
           DIRECT_TEST(a_handler_waits_cancels_closes_and_reads_meanwhile),
           DIRECT_TEST(a_handlers_child_comes_back_without_the_pipe_read))
