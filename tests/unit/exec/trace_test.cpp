// SPDX-License-Identifier: MIT
// TraceWriter: each event as text, letter for letter, and how long one can be. That all of it is JSON, and means what it
// should, tests/hostile/launcher_writes_traces.py sees.
#include "exec/trace.h"

#include <cerrno>
#include <limits>

#include "chain/request.h"
#include "exec/context.h"
#include "unit.h"

namespace {

using namespace atomrt::exec;
using atomrt::chain::Event;
using atomrt::chain::Happening;
using atomrt::chain::NotifyBy;
using atomrt::chain::Operation;
using atomrt::chain::Phase;

ThreadSlices slices;

TraceText& cleared() {
  static TraceText text{};
  text.clear();
  memset(static_cast<void*>(&slices), 0, sizeof slices);
  return text;
}

Event event_of(Happening what, unsigned from = 0, unsigned to = 0, long result = 0) {
  return {7'000'042, 5'000'001, 0xabc0, 4096, result, 512, 17, 3, what, Operation::WRITE,
          static_cast<std::uint8_t>(from), static_cast<std::uint8_t>(to)};
}

// With whatever the thread did before.
void expect_next(const Event& event, const char* expected) {
  static TraceText text{};
  text.clear();
  TraceWriter(text, slices, 16).add(event);
  assert_int_equal(text.view().size(), strlen(expected));
  assert_memory_equal(text.view().data(), expected, text.view().size());
}

void expect(const Event& event, const char* expected) {
  (void)cleared();
  expect_next(event, expected);
}

#define FLOW_ID "b7ea332638f35d81"
#define OF_REQUEST "\"pid\":16,\"id2\":{\"local\":\"0xabc0@5000001\"},\"tid\":17,\"ts\":7000.042,\"args\":{"
#define SLICE(verb, ts, dur)                                                                              \
  ",\n{\"cat\":\"atomrt\",\"ph\":\"X\",\"name\":\"" verb " write fd 3\",\"pid\":16,\"tid\":17,\"ts\":" ts ",\"dur\":" dur \
  ",\"args\":{\"aiocb\":\"0xabc0\""
#define FLOW(phase, ts) \
  ",\n{\"cat\":\"atomrt\",\"ph\":\"" phase "\",\"name\":\"request\",\"pid\":16,\"tid\":17,\"ts\":" ts ",\"id\":\"0x" FLOW_ID "\""

void a_request_begins_moves_and_ends(void**) {
  expect(event_of(Happening::SUBMITTED, static_cast<unsigned>(NotifyBy::THREAD), 1),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"b\",\"name\":\"write fd 3\"," OF_REQUEST
         "\"aiocb\":\"0xabc0\",\"fd\":3,\"offset\":4096,\"length\":512,\"by_thread\":17,"
         "\"notifies_by\":\"thread\",\"list\":true}}");
  expect(event_of(Happening::MOVED, static_cast<unsigned>(Phase::QUEUED), static_cast<unsigned>(Phase::RUNNING)),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"e\",\"name\":\"threads: queued\"," OF_REQUEST "}}"
         ",\n{\"cat\":\"atomrt\",\"ph\":\"b\",\"name\":\"running\"," OF_REQUEST "\"by_thread\":17}}");
  expect(event_of(Happening::DECLINED, 0, static_cast<unsigned>(ContextId::RING)),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"n\",\"name\":\"declined\"," OF_REQUEST "\"by\":\"ring\"}}");
  expect(event_of(Happening::DONE, 0, static_cast<unsigned>(ContextId::WAITER), 512),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"n\",\"name\":\"done\"," OF_REQUEST
         "\"in\":\"waiter\",\"by_thread\":17,\"result\":512}}");
  expect(event_of(Happening::PUBLISHED, 0, 0, -EIO),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"e\",\"name\":\"write fd 3\"," OF_REQUEST
         "\"result\":-1,\"errno\":5,\"error\":\"EIO\"}}"
         SLICE("ends", "7000.042", "0.001") ",\"result\":-1,\"errno\":5,\"error\":\"EIO\"}}"
         FLOW("f", "7000.042") ",\"bp\":\"e\"}");
  expect(event_of(Happening::PUBLISHED, 0, 1, 0),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"e\",\"name\":\"write fd 3\"," OF_REQUEST "\"result\":0}}"
         ",\n{\"cat\":\"atomrt\",\"ph\":\"b\",\"name\":\"notifies of write fd 3\"," OF_REQUEST "}}"
         SLICE("ends", "7000.042", "0.001") ",\"result\":0}}" FLOW("f", "7000.042") ",\"bp\":\"e\"}");
  expect(event_of(Happening::NOTIFIED, static_cast<unsigned>(NotifyBy::SIGNAL), 0, 10),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"e\",\"name\":\"notifies of write fd 3\"," OF_REQUEST
         "\"by\":\"signal\",\"signal\":10}}");
}

// What threads did is on their tracks, joined by arrows; where all of it was one thread's, there is none.
void threads_have_slices_and_arrows_join_them(void**) {
  const auto at = [](std::int64_t ns, Event event) {
    event.ns = ns;
    return event;
  };
  const Event submitted = event_of(Happening::SUBMITTED), published = event_of(Happening::PUBLISHED, 0, 0, 512);
  const auto moved = [](Phase from, Phase to) {
    return event_of(Happening::MOVED, static_cast<unsigned>(from), static_cast<unsigned>(to));
  };
  const auto ends_with = [](const Event& event, const char* expected) {
    static TraceText text{};
    text.clear();
    TraceWriter(text, slices, 16).add(event);
    const std::size_t length = strlen(expected);
    assert_true(text.view().size() > length);
    assert_memory_equal(text.view().data() + text.view().size() - length, expected, length);
  };
  (void)cleared();
  ends_with(at(7'000'042, submitted), "\"notifies_by\":\"nothing\"}}");
  ends_with(at(7'001'042, moved(Phase::NONE, Phase::QUEUED)),
            "\"by_thread\":17}}" SLICE("submits", "7000.042", "1.000") "}}" FLOW("s", "7000.042") "}");
  ends_with(at(7'002'042, moved(Phase::QUEUED, Phase::RUNNING)), "\"by_thread\":17}}");
  ends_with(at(7'002'043, moved(Phase::RUNNING, Phase::BLOCKED)),
            "\"by_thread\":17}}" SLICE("runs", "7002.042", "0.001") "}}" FLOW("t", "7002.042") "}");
  ends_with(at(7'003'042, moved(Phase::BLOCKED, Phase::RUNNING)), "\"by_thread\":17}}");
  ends_with(at(7'005'000, published), "\"result\":512}}" SLICE("runs", "7003.042", "1.958") ",\"result\":512}}"
                                      FLOW("f", "7003.042") ",\"bp\":\"e\"}");
  (void)cleared();
  ends_with(at(7'000'042, submitted), "\"notifies_by\":\"nothing\"}}");
  ends_with(at(7'002'042, published), "\"result\":512}}" SLICE("submits", "7000.042", "2.000") ",\"result\":512}}");
}

void a_file_begins_and_ends(void**) {
  TraceText& text = cleared();
  TraceWriter writer(text, slices, 16);
  writer.begin("a \"b\"\\\n\xff", 1'000, 2'000'000'000);
  writer.name_thread(17, "atomrt-ring");
  writer.add_limit({1, 2}, 65536, 4'000);
  writer.end({3, 4}, 5'678);
  const char expected[] =
      "[{\"cat\":\"atomrt\",\"ph\":\"M\",\"name\":\"process_name\",\"pid\":16,\"tid\":16,\"args\":{\"name\":"
      "\"a \\\"b\\\"\\\\??\"}}"
      ",\n{\"cat\":\"atomrt\",\"ph\":\"i\",\"name\":\"trace begins\",\"pid\":16,\"tid\":16,\"ts\":1.000,\"s\":\"p\","
      "\"args\":{\"version\":\"" ATOMRT_VERSION "\",\"time\":2.000}}"
      ",\n{\"cat\":\"atomrt\",\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":16,\"tid\":17,\"args\":{\"name\":"
      "\"atomrt-ring\"}}"
      ",\n{\"cat\":\"atomrt\",\"ph\":\"i\",\"name\":\"the trace has reached its limit\",\"pid\":16,\"tid\":16,\"ts\":4.000,"
      "\"s\":\"p\",\"args\":{\"requests_not_traced\":1,\"events_lost\":2,\"bytes\":65536}}"
      ",\n{\"cat\":\"atomrt\",\"ph\":\"i\",\"name\":\"trace ends\",\"pid\":16,\"tid\":16,\"ts\":5.678,\"s\":\"p\","
      "\"args\":{\"requests_not_traced\":3,\"events_lost\":4}}";
  assert_int_equal(text.view().size(), sizeof expected - 1);
  assert_memory_equal(text.view().data(), expected, text.view().size());
  assert_memory_equal(expected, TRACE_MAGIC, TRACE_MAGIC_BYTES);
}

// Of each kind, with the largest numbers and any byte in what names something.
void no_event_is_longer_than_it_may_be(void**) {
  constexpr auto MOST = std::numeric_limits<std::int64_t>::max();
  constexpr auto LEAST = std::numeric_limits<std::int64_t>::min() + 1;
  for (unsigned what = 0; what <= static_cast<unsigned>(Happening::LIST_NOTIFIED); ++what) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      for (const std::int64_t result : {MOST, LEAST, std::int64_t{-ECANCELED}, std::int64_t{-EOPNOTSUPP}}) {
        TraceText& text = cleared();
        const auto small = static_cast<std::uint8_t>(byte);
        TraceWriter writer(text, slices, UINT32_MAX);
        // So that the next one ends a slice.
        writer.add({LEAST, LEAST, UINT64_MAX, LEAST, 0, UINT32_MAX, UINT32_MAX, INT32_MIN, Happening::MOVED,
                    Operation::FDATASYNC, 0, static_cast<std::uint8_t>(Phase::RUNNING)});
        text.clear();
        writer.add({LEAST, LEAST, UINT64_MAX, LEAST, result, UINT32_MAX, UINT32_MAX, INT32_MIN,
                                           static_cast<Happening>(what), Operation::FDATASYNC, small, small});
        assert_true(text.view().size() <= TRACE_EVENT_BYTES);
      }
    }
  }
  TraceText& text = cleared();
  TraceWriter writer(text, slices, UINT32_MAX);
  writer.name_thread(UINT32_MAX, "a name of 16 b\"\\");
  writer.add_limit({UINT64_MAX, UINT64_MAX}, UINT64_MAX, LEAST);
  writer.end({UINT64_MAX, UINT64_MAX}, LEAST);
  text.add(TRACE_END);
  assert_true(text.view().size() <= TRACE_LAST_BYTES);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_request_begins_moves_and_ends),
           cmocka_unit_test(threads_have_slices_and_arrows_join_them), cmocka_unit_test(a_file_begins_and_ends),
           cmocka_unit_test(no_event_is_longer_than_it_may_be))
