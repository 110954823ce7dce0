// SPDX-License-Identifier: MIT
// list: the end of a lio_listio call: its notification, the wait for it, and a group that outlives its caller.
#include "engine/list.h"

#include "engine/requests.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Group;
using atomrt::chain::Notification;
using atomrt::chain::NotifyBy;

int signals_without_room = 0;
std::atomic<int> signals_sent{0};

}  // namespace

extern "C" int wrapped_signal(int, sigval) __asm__("__wrap__ZN6atomrt2os12queue_signalEi6sigval");
extern "C" int wrapped_signal(int, sigval) {
  if (signals_without_room > 0) {
    --signals_without_room;
    return EAGAIN;
  }
  signals_sent.fetch_add(1);
  return 0;
}

namespace {

int begin(void** state) {
  signals_without_room = 0;
  signals_sent.store(0);
  return prepare(state);
}

Group& opened(bool waits) {
  Group* group = the_engine().registry.groups.take();
  assert_non_null(group);
  Notification notification{};
  notification.by = NotifyBy::SIGNAL;
  notification.signal = SIGUSR1;
  group->open(waits, notification);
  return *group;
}

void add(Group& group, Aio& aio, int fd, std::size_t length = 4) {
  aio.block.aio_fildes = fd;
  aio.block.aio_buf = aio.buffer;
  aio.block.aio_nbytes = length;
  atomrt::chain::Request request = atomrt::chain::build(&aio.block, atomrt::chain::Operation::READ);
  request.group = &group;
  group.add();
  atomrt::exec::Budget budget(atomrt::exec::Budget::ONE_CALL);
  assert_int_equal(submit(request, budget), 0);
}

// The group was given back: it is what the pool gives next.
bool is_given_back(Group& group) {
  auto& groups = the_engine().registry.groups;
  Group* next = groups.take();
  groups.give(*next);
  return next == &group;
}

void an_empty_list_is_notified_at_once(void**) {
  Group& group = opened(false);
  close_group(the_engine(), group);
  assert_int_equal(signals_sent, 1);
  assert_true(is_given_back(group));
}

void a_list_is_notified_when_the_last_is_over(void**) {
  Pipe pipe;
  Aio aio[2];
  Group& group = opened(false);
  for (Aio& each : aio) add(group, each, pipe.out, 1);
  close_group(the_engine(), group);
  assert_int_equal(write(pipe.in, "1", 1), 1);
  aio[0].ends_with(0, 1);
  assert_int_equal(signals_sent, 0);
  assert_int_equal(write(pipe.in, "2", 1), 1);
  aio[1].ends_with(0, 1);
  assert_true(eventually([] { return signals_sent == 1; }));
  assert_true(eventually([&] { return is_given_back(group); }));
}

// All was over in the submitter before the call was.
void a_list_that_ends_within_its_call_is_notified_at_its_end(void**) {
  SKIP_WITHOUT_NOWAIT_PIPES();
  Pipe pipe;
  assert_int_equal(write(pipe.in, "12", 2), 2);
  Aio aio[2];
  Group& group = opened(false);
  for (Aio& each : aio) add(group, each, pipe.out, 1);
  for (const Aio& each : aio) each.ends_with(0, 1);
  assert_int_equal(signals_sent, 0);
  close_group(the_engine(), group);
  assert_int_equal(signals_sent, 1);
}

void a_list_whose_signal_finds_no_room_is_notified_later(void**) {
  signals_without_room = 3;
  Group& group = opened(false);
  close_group(the_engine(), group);
  assert_true(eventually([] { return signals_sent == 1; }));
  assert_true(eventually([&] { return is_given_back(group); }));
}

void a_waiting_list_ends_when_all_are_over_and_sends_nothing(void**) {
  Pipe pipe;
  Aio aio[2];
  Group& group = opened(true);
  for (Aio& each : aio) add(group, each, pipe.out, 1);
  close_group(the_engine(), group);
  std::atomic<int> thread{0}, outcome{-1};
  Thread waiter([&] {
    thread.store(gettid());
    outcome.store(wait_for_group(the_engine(), group));
  });
  assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  assert_int_equal(write(pipe.in, "1", 1), 1);
  aio[0].ends_with(0, 1);
  assert_int_equal(outcome, -1);
  assert_int_equal(write(pipe.in, "2", 1), 1);
  waiter.join();
  assert_int_equal(outcome, 0);
  assert_int_equal(signals_sent, 0);
  assert_true(eventually([&] { return is_given_back(group); }));
}

void an_entry_that_failed_makes_it_eio(void**) {
  Pipe pipe;
  assert_int_equal(write(pipe.in, "1", 1), 1);
  Aio good, bad;
  Group& group = opened(true);
  add(group, bad, -1);
  add(group, good, pipe.out, 1);
  close_group(the_engine(), group);
  assert_int_equal(wait_for_group(the_engine(), group), EIO);
  bad.ends_with(EBADF, -1);
  good.ends_with(0, 1);
}

void an_interrupted_call_leaves_its_group_to_the_rest(void**) {
  SKIP_UNDER_TSAN();
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, nullptr);
  Pipe pipe;
  Aio aio;
  Group& group = opened(true);
  add(group, aio, pipe.out, 1);
  close_group(the_engine(), group);
  std::atomic<int> thread{0}, outcome{-1};
  Thread waiter([&] {
    thread.store(gettid());
    outcome.store(wait_for_group(the_engine(), group));
  });
  assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  pthread_kill(waiter.id(), SIGUSR1);
  waiter.join();
  assert_int_equal(outcome, EINTR);
  assert_false(is_given_back(group));  // the entry still counts on it
  assert_int_equal(write(pipe.in, "1", 1), 1);
  aio.ends_with(0, 1);
  assert_true(eventually([&] { return is_given_back(group); }));
}

Group* awaited = nullptr;

void a_cancelled_call_leaves_its_group_to_the_rest(void**) {
  Pipe pipe;
  Aio aio;
  Group& group = opened(true);
  awaited = &group;
  add(group, aio, pipe.out, 1);
  close_group(the_engine(), group);
  pthread_t thread;
  const auto body = [](void*) -> void* {
    return reinterpret_cast<void*>(static_cast<long>(wait_for_group(the_engine(), *awaited)));
  };
  assert_int_equal(pthread_create(&thread, nullptr, body, nullptr), 0);
  for (int i = 0; i < 20; ++i) pause_briefly();
  pthread_cancel(thread);
  void* result = nullptr;
  pthread_join(thread, &result);
  assert_ptr_equal(result, PTHREAD_CANCELED);
  assert_false(is_given_back(group));
  assert_int_equal(write(pipe.in, "1", 1), 1);
  aio.ends_with(0, 1);
  assert_true(eventually([&] { return is_given_back(group); }));
}

}  // namespace

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, settle)
UNIT_TESTS(TEST(an_empty_list_is_notified_at_once), TEST(a_list_is_notified_when_the_last_is_over),
           TEST(a_list_that_ends_within_its_call_is_notified_at_its_end),
           TEST(a_list_whose_signal_finds_no_room_is_notified_later),
           TEST(a_waiting_list_ends_when_all_are_over_and_sends_nothing), TEST(an_entry_that_failed_makes_it_eio),
           TEST(an_interrupted_call_leaves_its_group_to_the_rest), TEST(a_cancelled_call_leaves_its_group_to_the_rest))
