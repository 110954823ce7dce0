// SPDX-License-Identifier: MIT
// stream: a request whose peer is not ready is polled for by kernel AIO, and moved by whoever sees the event; without a
// thread each, also where kernel AIO and the ring are not to be had.
#include "engine/stream.h"

#include "engine/hold.h"
#include "engine/reap.h"
#include "engine/requests.h"
#include "engine/suspend.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Place;

bool is_polled(const Aio& aio) { return aio.place() == Place::POLLED; }

void look() { reap_if_any(the_engine()); }

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

}  // namespace

UNIT_TESTS(ENGINE_TEST(a_read_without_a_peer_is_polled_for), ENGINE_TEST(a_write_goes_on_though_nobody_looks),
           ENGINE_TEST(who_waits_moves_the_bytes), ENGINE_TEST(a_polled_request_can_be_cancelled_and_its_file_goes),
           ENGINE_TEST(a_polled_request_keeps_its_file), ENGINE_TEST(many_blocked_requests_take_few_threads),
           ENGINE_TEST(what_the_poller_has_can_be_cancelled))
