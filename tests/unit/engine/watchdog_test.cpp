// SPDX-License-Identifier: MIT
// watchdog: run with ATOMRT_WATCHDOG=1 (meson.build). Standard error is the test's pipe.
#include "engine/watchdog.h"

#include "requests.h"

namespace {

using namespace atomrt::engine;
using atomrt::unit::Aio;
using atomrt::unit::eventually;
using atomrt::unit::Pipe;

// Standard error, for the time of a test.
class Messages {
 public:
  Messages() {
    dup2(pipe_.in, 2);
    fcntl(pipe_.out, F_SETFL, O_NONBLOCK);
  }
  ~Messages() {
    dup2(saved_, 2);
    close(saved_);
  }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
  // Whether that has been written, so far.
  bool have(const char* part) {
    const ssize_t got = ::read(pipe_.out, text_ + length_, sizeof text_ - 1 - length_);
    if (got > 0) length_ += static_cast<size_t>(got);
    return strstr(text_, part) != nullptr;
  }

 private:
  const int saved_ = dup(2);
  Pipe pipe_;
  char text_[16384] = {};
  size_t length_ = 0;
};

bool is_watching() { return atomrt::unit::threads_named("atomrt-watchdog") > 0; }

// All is quiet: no other request comes, and nobody waits.
void what_hangs_is_told_though_nothing_moves(void**) {
  Messages messages;
  Pipe pipe;
  Aio aio;
  aio.read(pipe.out, 7);
  assert_true(eventually(is_watching));
  assert_true(eventually([&] { return messages.have(": 1 request in flight for 1 s or longer in "); }));
  char expected[64];
  snprintf(expected, sizeof expected, " %p ", static_cast<const void*>(&aio.block));
  // A line each.
  assert_true(eventually([&] { return messages.have(expected) && messages.have("waits for its peer in "); }));
  assert_int_equal(write(pipe.in, "abcd", 4), 4);
  aio.ends_with(0, 4);
}

void the_thread_leaves_when_nothing_is_in_flight_and_comes_again(void**) {
  assert_true(eventually([] { return !is_watching(); }));
  Pipe pipe;
  for (int round = 0; round < 2; ++round) {
    Aio aio;
    aio.read(pipe.out, 4);
    assert_true(eventually(is_watching));
    assert_int_equal(write(pipe.in, "abcd", 4), 4);
    aio.ends_with(0, 4);
    assert_true(eventually([] { return !is_watching(); }));
  }
}

}  // namespace

UNIT_TESTS(ENGINE_TEST(what_hangs_is_told_though_nothing_moves),
           ENGINE_TEST(the_thread_leaves_when_nothing_is_in_flight_and_comes_again))
