// SPDX-License-Identifier: MIT
// EventLog: nobody waits, and what finds no room is counted.
#include "chain/events.h"

#include "unit.h"

namespace {

using namespace atomrt::chain;
using atomrt::unit::Thread;
using atomrt::unit::zeroed;

Event event_of(std::int64_t number) {
  Event event{};
  event.ns = number;
  event.result = ~number;  // to be found together
  return event;
}

// How many were taken; in a row if `first` is given.
std::uint32_t take_all(EventLog& log, bool all, std::int64_t first = -1) {
  std::uint32_t taken = 0;
  log.take(all, [&](const Event& event) {
    assert_int_equal(event.result, ~event.ns);
    if (first >= 0) assert_int_equal(event.ns, first + taken);
    ++taken;
  });
  return taken;
}

void what_is_noted_is_taken_once_and_in_order(void**) {
  auto& log = zeroed<EventLog>();
  assert_int_equal(take_all(log, true), 0);
  std::int64_t next = 0;
  for (int round = 0; round < 5; ++round) {  // more than one lap
    const std::int64_t first = next;
    for (std::uint32_t i = 0; i < EventLog::EVENTS / 3; ++i) log.add(event_of(next++));
    assert_int_equal(take_all(log, round % 2 == 0, first), EventLog::EVENTS / 3);
    assert_int_equal(log.waiting(), 0);
  }
  assert_int_equal(log.lost() + log.refused(), 0);
}

void a_full_log_refuses_new_requests_first_and_counts_what_is_lost(void**) {
  auto& log = zeroed<EventLog>();
  std::int64_t next = 0;
  while (log.admits()) log.add(event_of(next++));
  assert_int_equal(next, EventLog::MOST_FOR_NEW);
  assert_false(log.admits());
  assert_int_equal(log.refused(), 2);
  // Those that are traced have the rest for their ends.
  while (next < EventLog::EVENTS) log.add(event_of(next++));
  assert_int_equal(log.lost(), 0);
  for (int i = 0; i < 3; ++i) log.add(event_of(-1));
  assert_int_equal(log.lost(), 3);
  assert_int_equal(take_all(log, false, 0), EventLog::EVENTS);
  assert_true(log.admits());
}

void a_closed_log_refuses_new_requests_alone(void**) {
  auto& log = zeroed<EventLog>();
  assert_true(log.admits());
  log.close();
  assert_true(log.is_closed());
  assert_false(log.admits());
  assert_int_equal(log.refused(), 1);
  log.add(event_of(0));
  assert_int_equal(take_all(log, false, 0), 1);
  assert_false(log.admits());
}

EventLog* handlers_log;
std::atomic<std::int64_t> noted_by_handlers{0};

void note_in_handler(int) {
  for (int i = 0; i < 3; ++i) handlers_log->add(event_of(noted_by_handlers.fetch_add(1)));
}

// Writers, each interrupted by handlers that write too, and a taker meanwhile: all of it is taken or counted as lost.
void writers_may_be_interrupted_by_writers(void**) {
  constexpr int WRITERS = 3, EACH = 60000;
  handlers_log = &zeroed<EventLog>();
  struct sigaction action {};
  action.sa_handler = note_in_handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  std::atomic<int> busy{WRITERS};
  std::int64_t taken = 0;
  std::atomic<int> torn{0};
  const auto take = [&](bool all) {
    handlers_log->take(all, [&](const Event& event) {
      torn += event.result != ~event.ns;
      ++taken;
    });
  };
  {
    const auto write = [&] {
      for (int i = 0; i < EACH; ++i) {
        if (i % 50 == 0) raise(SIGUSR1);
        handlers_log->add(event_of(i));
      }
      busy.fetch_sub(1);
    };
    Thread first(write), second(write), third(write);
    while (busy.load() > 0) {
      pthread_kill(first.id(), SIGUSR1);
      pthread_kill(second.id(), SIGUSR1);
      take(false);
    }
  }
  take(true);
  assert_int_equal(torn.load(), 0);
  const auto lost = static_cast<std::int64_t>(handlers_log->lost());
  assert_int_equal(taken + lost, std::int64_t{WRITERS} * EACH + noted_by_handlers.load());
  assert_true(noted_by_handlers.load() >= WRITERS * EACH / 50 * 3 && taken >= EventLog::EVENTS / 2);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(what_is_noted_is_taken_once_and_in_order),
           cmocka_unit_test(a_full_log_refuses_new_requests_first_and_counts_what_is_lost),
           cmocka_unit_test(a_closed_log_refuses_new_requests_alone),
           cmocka_unit_test(writers_may_be_interrupted_by_writers))
