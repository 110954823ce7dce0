// SPDX-License-Identifier: MIT
// relay: whose signals the spawner sends, by the signal's handler and whether it may be running. queue_signal is wrapped:
// it notes the thread that sends.
#include "engine/relay.h"

#include "engine/list.h"
#include "engine/requests.h"
#include "exec/without_threads.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Group;
using atomrt::chain::Notification;
using atomrt::chain::NotifyBy;

std::atomic<int> sent_here{0}, sent_elsewhere{0};
int test_thread = 0;

}  // namespace

extern "C" int wrapped_signal(int, sigval) __asm__("__wrap__ZN6atomrt2os12queue_signalEi6sigval");
extern "C" int wrapped_signal(int, sigval) {
  (gettid() == test_thread ? sent_here : sent_elsewhere).fetch_add(1);
  return 0;
}

namespace {

constexpr int NUMBER = SIGUSR1;

int begin(void** state) {
  thread_fault.start_over();
  test_thread = gettid();
  sent_here.store(0);
  sent_elsewhere.store(0);
  if (running_engine() != nullptr) set_threads(4, 1000);
  return prepare(state);
}

enum class Disposition { DEFAULT, HANDLER, NESTING_HANDLER };

struct Situation {
  Situation(Disposition disposition, bool is_blocked) {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    if (disposition != Disposition::DEFAULT) action.sa_handler = [](int) {};
    if (disposition == Disposition::NESTING_HANDLER) action.sa_flags = SA_NODEFER;
    sigaction(NUMBER, &action, nullptr);
    mask_ = atomrt::os::set_signal_mask(is_blocked ? atomrt::os::signal_bit(NUMBER) : 0);
  }
  ~Situation() { atomrt::os::set_signal_mask(mask_); }
  Situation(const Situation&) = delete;
  Situation& operator=(const Situation&) = delete;

 private:
  atomrt::os::KernelSignalSet mask_;
};

constexpr int ROUNDS = 4;

// Writes that end in the head and notify, as many as make ROUNDS of them another's if any are.
void make_requests() {
  Pipe pipe;
  for (std::uint32_t i = 0; i < ROUNDS * EACH; ++i) {
    Aio aio;
    aio.with_signal(NUMBER).write(pipe.in, "data");
    assert_int_equal(aio.error(), 0);
  }
}

void all_are_sent_here() {
  make_requests();
  assert_int_equal(sent_here, ROUNDS * EACH);
  assert_true(is_idle());
}

void some_are_sent_elsewhere() {
  make_requests();
  assert_true(eventually([] { return sent_here + sent_elsewhere == ROUNDS * EACH; }));
  assert_int_equal(sent_elsewhere, ROUNDS);
  assert_true(eventually([] { return is_idle(); }));
}

void without_a_handler_the_caller_sends(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  for (const bool is_blocked : {false, true}) {
    sent_here.store(0);
    const Situation situation(Disposition::DEFAULT, is_blocked);
    all_are_sent_here();
  }
  assert_int_equal(thread_fault.asked, 0);
}

// And the thread is there, should the handler make requests.
void outside_its_handler_the_caller_sends(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  const Situation situation(Disposition::HANDLER, false);
  all_are_sent_here();
  assert_true(eventually([] { return threads_named("atomrt-spawner") == 1; }));
}

void where_its_handler_may_be_running_another_thread_sends_some(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  const Situation situation(Disposition::HANDLER, true);
  some_are_sent_elsewhere();
}

void where_its_handler_may_nest_another_thread_sends_some(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  const Situation situation(Disposition::NESTING_HANDLER, false);
  some_are_sent_elsewhere();
}

void without_a_thread_the_caller_sends(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  const Situation situation(Disposition::HANDLER, true);
  thread_fault.refused.store(ALL);
  all_are_sent_here();
}

void a_lists_signal_is_anothers_too(void**) {
  const Situation situation(Disposition::HANDLER, true);
  Notification by_signal{};
  by_signal.by = NotifyBy::SIGNAL;
  by_signal.signal = NUMBER;
  for (std::uint32_t i = 0; i < ROUNDS * EACH; ++i) {
    Group* group = the_engine().registry.groups.take();
    assert_non_null(group);
    group->open(false, by_signal);
    close_group(the_engine(), *group);
  }
  assert_true(eventually([] { return sent_here + sent_elsewhere == ROUNDS * EACH; }));
  assert_int_equal(sent_elsewhere, ROUNDS);
  assert_true(eventually([] { return is_idle(); }));
}

}  // namespace

// The first two find no thread there; later ones leave one behind that goes when it is idle.
UNIT_TESTS(cmocka_unit_test_setup(without_a_handler_the_caller_sends, begin),
           cmocka_unit_test_setup(without_a_thread_the_caller_sends, begin),
           cmocka_unit_test_setup(outside_its_handler_the_caller_sends, begin),
           cmocka_unit_test_setup(where_its_handler_may_be_running_another_thread_sends_some, begin),
           cmocka_unit_test_setup(where_its_handler_may_nest_another_thread_sends_some, begin),
           cmocka_unit_test_setup(a_lists_signal_is_anothers_too, begin))
