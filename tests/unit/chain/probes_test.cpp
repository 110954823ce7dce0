// SPDX-License-Identifier: MIT
// probes: what is noted of a request that is traced, and nothing of others.
#include "chain/probes.h"

#include "chain/chains.h"
#include "chain/finish.h"

namespace {

using namespace atomrt::chain;
using atomrt::unit::Kind;
using atomrt::unit::request_of;
using atomrt::unit::zeroed;

struct Noted {
  Event events[64];
  unsigned count;

  // The next one: what it is, and its two bytes.
  void next_is(Happening what, unsigned from, unsigned to) {
    assert_true(looked_at < count);
    const Event& event = events[looked_at++];
    assert_int_equal(event.what, what);
    assert_int_equal(event.from, from);
    assert_int_equal(event.to, to);
    assert_true(event.ns >= event.submitted_ns && event.submitted_ns > 0);
    assert_true(looked_at == 1 || event.ns >= events[looked_at - 2].ns);
  }
  void moves(Phase from, Phase to) {
    next_is(Happening::MOVED, static_cast<unsigned>(from), static_cast<unsigned>(to));
  }
  void is_over() const { assert_int_equal(looked_at, count); }

  unsigned looked_at;
};

Noted noted() {
  Noted all{};
  event_log.load()->take(true, [&](const Event& event) { all.events[all.count++] = event; });
  return all;
}

int begin_log(void**) {
  event_log.store(&zeroed<EventLog>());
  return 0;
}

struct aiocb block;

Request traced(Kind kind) {
  Request request = request_of(kind, &block);
  assert_true(probe_submitted(request));
  begin_events(request);
  assert_true(request.is_traced);
  return request;
}

void nothing_is_noted_of_what_is_not_traced(void**) {
  auto& registry = zeroed<Registry>();
  Chain& chain = atomrt::unit::adopted(registry.chains, request_of(Kind::READ, &block));
  registry.in_flight.enter(chain);
  assert_int_equal(registry.lanes.enter(chain, {1, 1, 3}), LaneTable::Entry::GO);
  probe_declined(chain, 1);
  put(chain, Place::RUNNING);
  probe_done(chain, 1, 5);
  probe_cancelled(chain);
  [[maybe_unused]] const auto finished = finish(registry, chain, 5);
  noted().is_over();
  event_log.store(nullptr);
  assert_false(probe_submitted(request_of(Kind::READ, &block)));
}

// An engine that traces may have gone, in a child; and a full log takes no new requests.
void nothing_is_traced_where_there_is_no_room(void**) {
  EventLog* const log = event_log.load();
  while (log->admits()) log->add({});
  Request request = request_of(Kind::READ, &block);
  begin_events(request);
  assert_false(request.is_traced);
  event_log.store(nullptr);
  begin_events(request);
  assert_false(request.is_traced);
  request.is_traced = true;
  probe_cancelled(request);
  event_log.store(log);
  assert_int_equal(log->waiting(), EventLog::MOST_FOR_NEW);
}

// By the statistics, which count from then on.
void the_time_of_a_submission_is_kept(void**) {
  Request request = request_of(Kind::READ, &block);
  request.submitted_ns = 4711;
  begin_events(request);
  assert_int_equal(request.submitted_ns, 4711);
  noted().next_is(Happening::SUBMITTED, 0, 0);
}

void each_place_has_its_phase(void**) {
  const std::pair<Place, Phase> all[] = {
      {Place::FREE, Phase::NONE}, {Place::MOVING, Phase::NONE}, {Place::ENDING, Phase::NONE},
      {Place::LONE, Phase::LEFT_TO_WAITER}, {Place::HELD, Phase::HELD}, {Place::QUEUED, Phase::QUEUED},
      {Place::MAILED, Phase::MAILED}, {Place::IN_RING, Phase::IN_RING}, {Place::BLOCKED, Phase::BLOCKED},
      {Place::ASKING, Phase::POLLED}, {Place::READY, Phase::POLLED}, {Place::POLLED, Phase::POLLED},
      {Place::POLLED_APART, Phase::POLLED}, {Place::POLLED_BEGUN, Phase::POLLED}, {Place::IN_SUBMIT, Phase::DIRECT},
      {Place::SENDING, Phase::DIRECT}, {Place::IN_AIO, Phase::DIRECT}, {Place::RUNNING, Phase::RUNNING},
      {Place::PARKED, Phase::PARKED}, {Place::SENDING_POLL, Phase::POLLED}};
  for (const auto& [place, phase] : all) assert_int_equal(phase_of(place), phase);
  assert_int_equal(sizeof all / sizeof *all, PLACES);
}

void the_notification_of_a_list_is_noted(void**) {
  Request request = traced(Kind::READ);
  Notification notification{};
  notification.by = NotifyBy::SIGNAL;
  notification.signal = SIGURG;
  probe_list_notified(request, notification);
  request.is_traced = false;
  probe_list_notified(request, notification);
  Noted all = noted();
  all.next_is(Happening::SUBMITTED, 0, 0);
  all.next_is(Happening::LIST_NOTIFIED, static_cast<unsigned>(NotifyBy::SIGNAL), 0);
  all.is_over();
}

void a_request_that_ends_at_once_has_three_events(void**) {
  Request request = traced(Kind::READ);
  probe_done_at_once(request, 0, 17);
  Noted all = noted();
  all.next_is(Happening::SUBMITTED, 0, 0);
  all.next_is(Happening::DONE, 0, 0);
  assert_int_equal(all.events[1].result, 17);
  all.next_is(Happening::PUBLISHED, 0, 0);
  assert_int_equal(all.events[2].result, 17);
  assert_int_equal(all.events[2].block, reinterpret_cast<std::uintptr_t>(&block));
  all.is_over();
}

void each_move_between_phases_is_noted_and_none_within(void**) {
  auto& pool = zeroed<ChainPool>();
  Chain& chain = atomrt::unit::adopted(pool, traced(Kind::STREAM_READ));
  const std::uint32_t generation = generation_of(chain);
  put(chain, Place::ASKING);
  assert_true(claim(chain, generation, Place::ASKING, Place::POLLED));
  assert_false(claim(chain, generation, Place::ASKING, Place::READY));  // in vain: nothing to note
  assert_true(claim(chain, generation, Place::POLLED, Place::MOVING));
  put(chain, Place::QUEUED);
  put(chain, Place::RUNNING);
  put(chain, Place::IN_SUBMIT);
  assert_true(claim(chain, generation, Place::IN_SUBMIT, Place::IN_AIO));
  put(chain, Place::RUNNING);
  put(chain, Place::RUNNING);
  put(chain, Place::ENDING);
  Noted all = noted();
  all.next_is(Happening::SUBMITTED, 0, 0);
  all.moves(Phase::NONE, Phase::POLLED);
  all.moves(Phase::POLLED, Phase::NONE);
  all.moves(Phase::NONE, Phase::QUEUED);
  all.moves(Phase::QUEUED, Phase::RUNNING);
  all.moves(Phase::RUNNING, Phase::DIRECT);
  all.moves(Phase::DIRECT, Phase::RUNNING);
  all.moves(Phase::RUNNING, Phase::NONE);
  all.is_over();
}

void the_end_of_a_chain_is_noted_with_its_notification(void**) {
  auto& registry = zeroed<Registry>();
  Request request = request_of(Kind::READ, &block);
  request.notification.by = NotifyBy::SIGNAL;
  request.notification.signal = SIGURG;  // is ignored
  begin_events(request);
  Chain& chain = atomrt::unit::adopted(registry.chains, request);
  registry.in_flight.enter(chain);
  assert_int_equal(registry.lanes.enter(chain, {1, 1, 3}), LaneTable::Entry::GO);
  probe_declined(chain, 2);
  put(chain, Place::RUNNING);
  probe_cancelled(chain);
  probe_done(chain, 4, -ECANCELED);
  assert_true(finish(registry, chain, -ECANCELED).is_over);
  Noted all = noted();
  all.next_is(Happening::SUBMITTED, static_cast<unsigned>(NotifyBy::SIGNAL), 0);
  all.next_is(Happening::DECLINED, 0, 2);
  all.moves(Phase::NONE, Phase::RUNNING);
  all.next_is(Happening::CANCELLED, 0, 0);
  all.next_is(Happening::DONE, 0, 4);
  all.moves(Phase::RUNNING, Phase::NONE);
  all.next_is(Happening::PUBLISHED, 0, 1);
  all.next_is(Happening::NOTIFIED, static_cast<unsigned>(NotifyBy::SIGNAL), 0);
  assert_int_equal(all.events[7].result, SIGURG);
  all.is_over();
}

}  // namespace

UNIT_TESTS(cmocka_unit_test_setup(nothing_is_noted_of_what_is_not_traced, begin_log),
           cmocka_unit_test_setup(nothing_is_traced_where_there_is_no_room, begin_log),
           cmocka_unit_test_setup(the_time_of_a_submission_is_kept, begin_log), cmocka_unit_test(each_place_has_its_phase),
           cmocka_unit_test_setup(the_notification_of_a_list_is_noted, begin_log),
           cmocka_unit_test_setup(a_request_that_ends_at_once_has_three_events, begin_log),
           cmocka_unit_test_setup(each_move_between_phases_is_noted_and_none_within, begin_log),
           cmocka_unit_test_setup(the_end_of_a_chain_is_noted_with_its_notification, begin_log))
