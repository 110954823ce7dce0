// SPDX-License-Identifier: MIT
// Bursts on the only processor: when the ring's thread lets others run before it sleeps. The ring is true
// (exec/ring_requests.h); skipped where this kernel has none.
#include "exec/lookout.h"
#include "exec/ring_requests.h"
#include "exec/ring_thread.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Request;
using atomrt::exec::Lookout;
using Fixture = ThreadFixture;

Request read_of(int fd, void* buffer, std::size_t length) { return transfer(Kind::STREAM_READ, fd, buffer, length); }

// Submits reads that block in turn, each when the thread sleeps; and some more while it lets others run.
struct Submitter {
  Fixture f;
  TestPipe pipe;
  char buffer[4];
  int thread = 0;
  std::atomic<int> in_the_burst{0}, at_a_time{0}, submitted{0}, yields{0};

  void submit() {
    static_cast<void>(f.submitted(read_of(pipe.out, buffer, 4)));
    submitted.fetch_add(1);
  }
  void yield() {
    yields.fetch_add(1);
    for (int i = 0; i < at_a_time && in_the_burst > 0; ++i) {
      in_the_burst.fetch_sub(1);
      submit();
    }
  }
  void run(unsigned reads) {
    for (unsigned i = 0; i < reads; ++i) {
      submit();
      sleeps();
    }
  }
  void sleeps() {
    if (thread == 0) assert_true(eventually([this] { return (thread = thread_named("atomrt-ring")) != 0; }));
    assert_true(eventually([this] { return submissions.polls == submitted && is_asleep(thread); }));
  }
};
std::atomic<Submitter*> submitter{nullptr};

void on_the_only_processor_the_submitter_of_a_burst_is_let_run(void**) {
  Submitter s;
  submitter = &s;
  s.run(3 * Lookout::RETRY);  // a try now and then
  assert_in_range(s.yields, 1, 3);
  s.yields = 0;
  s.at_a_time = 2;
  s.in_the_burst = 200;
  s.run(2 * Lookout::RETRY);
  assert_int_equal(s.in_the_burst, 0);
  assert_in_range(s.yields, 101, 101 + Lookout::MOST);  // while letters come, before each sleep
  s.run(Lookout::RETRY);
  s.yields = 0;
  s.run(Lookout::RETRY);  // and now and then again
  assert_in_range(s.yields, 1, 3);
  submitter = nullptr;
  s.pipe.close_in();
  assert_true(eventually([&] { return s.f.engine.completed == s.submitted; }));
}

// It would have been woken for that one sooner.
void one_letter_at_a_time_is_no_reason_to_let_its_writer_run(void**) {
  Submitter s;
  submitter = &s;
  s.at_a_time = 1;
  s.in_the_burst = 100;
  s.run(3 * Lookout::RETRY);
  assert_in_range(s.yields, 1, 5);
  submitter = nullptr;
  s.pipe.close_in();
  assert_true(eventually([&] { return s.f.engine.completed == s.submitted; }));
}

// Who waits for the results with open eyes would do so to the end of his slice.
void nobody_is_let_run_where_requests_complete(void**) {
  Submitter s;
  submitter = &s;
  s.at_a_time = 2;
  s.in_the_burst = 100;
  for (unsigned i = 0; i < 3 * Lookout::RETRY; ++i) {
    s.submit();
    s.sleeps();
    s.pipe.feed("text");
    assert_true(eventually([&] { return s.f.engine.completed == s.submitted && is_asleep(s.thread); }));
  }
  assert_int_equal(s.yields, 0);
  submitter = nullptr;
}

}  // namespace

extern "C" void yielding() __asm__("__wrap__ZN6atomrt2os15yield_processorEv");
extern "C" void yielding() {
  Submitter* const present = submitter.load();
  if (present != nullptr) present->yield();
}

int main() {
  if (!has_ring()) return 77;
  CMUnitTest tests[] = {
      cmocka_unit_test(on_the_only_processor_the_submitter_of_a_burst_is_let_run),
      cmocka_unit_test(one_letter_at_a_time_is_no_reason_to_let_its_writer_run),
      cmocka_unit_test(nobody_is_let_run_where_requests_complete),
  };
  return run_chosen(__FILE__, tests, sizeof tests / sizeof *tests);
}
