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

TraceText& cleared() {
  static TraceText text{};
  text.clear();
  return text;
}

Event event_of(Happening what, unsigned from = 0, unsigned to = 0, long result = 0) {
  return {7'000'042, 5'000'001, 0xabc0, 4096, result, 512, 17, 3, what, Operation::WRITE,
          static_cast<std::uint8_t>(from), static_cast<std::uint8_t>(to)};
}

void expect(const Event& event, const char* expected) {
  TraceText& text = cleared();
  TraceWriter(text, 16).add(event);
  assert_int_equal(text.view().size(), strlen(expected));
  assert_memory_equal(text.view().data(), expected, text.view().size());
}

#define OF_REQUEST "\"pid\":16,\"id\":\"0xabc0@5000001\",\"tid\":17,\"ts\":7000.042,\"args\":{"
#define ON_THREAD "\"pid\":16,\"tid\":17,\"ts\":7000.042,\"s\":\"t\",\"args\":{"

void a_request_begins_moves_and_ends(void**) {
  expect(event_of(Happening::SUBMITTED, static_cast<unsigned>(NotifyBy::THREAD), 1),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"b\",\"name\":\"write fd 3\"," OF_REQUEST
         "\"aiocb\":\"0xabc0\",\"fd\":3,\"offset\":4096,\"length\":512,\"by_thread\":17,"
         "\"notifies_by\":\"thread\",\"list\":true}}"
         ",\n{\"cat\":\"atomrt\",\"ph\":\"i\",\"name\":\"submits write fd 3\"," ON_THREAD "\"aiocb\":\"0xabc0\"}}");
  expect(event_of(Happening::MOVED, static_cast<unsigned>(Phase::QUEUED), static_cast<unsigned>(Phase::RUNNING)),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"e\",\"name\":\"threads: queued\"," OF_REQUEST "}}"
         ",\n{\"cat\":\"atomrt\",\"ph\":\"b\",\"name\":\"running\"," OF_REQUEST "\"by_thread\":17}}");
  expect(event_of(Happening::DECLINED, 0, static_cast<unsigned>(ContextId::RING)),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"n\",\"name\":\"declined\"," OF_REQUEST "\"by\":\"ring\"}}");
  expect(event_of(Happening::DONE, 0, static_cast<unsigned>(ContextId::WAITER), 512),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"n\",\"name\":\"done\"," OF_REQUEST
         "\"in\":\"waiter\",\"by_thread\":17,\"result\":512}}"
         ",\n{\"cat\":\"atomrt\",\"ph\":\"i\",\"name\":\"ends write fd 3\"," ON_THREAD
         "\"aiocb\":\"0xabc0\",\"result\":512}}");
  expect(event_of(Happening::PUBLISHED, 0, 0, -EIO),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"e\",\"name\":\"write fd 3\"," OF_REQUEST
         "\"result\":-1,\"errno\":5,\"error\":\"EIO\"}}");
  expect(event_of(Happening::PUBLISHED, 0, 1, 0),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"e\",\"name\":\"write fd 3\"," OF_REQUEST "\"result\":0}}"
         ",\n{\"cat\":\"atomrt\",\"ph\":\"b\",\"name\":\"notifies of write fd 3\"," OF_REQUEST "}}");
  expect(event_of(Happening::NOTIFIED, static_cast<unsigned>(NotifyBy::SIGNAL), 0, 10),
         ",\n{\"cat\":\"atomrt\",\"ph\":\"e\",\"name\":\"notifies of write fd 3\"," OF_REQUEST
         "\"by\":\"signal\",\"signal\":10}}");
}

void a_file_begins_and_ends(void**) {
  TraceText& text = cleared();
  TraceWriter writer(text, 16);
  writer.begin("a \"b\"\\\n\xff", 1'000, 2'000'000'000);
  writer.name_thread(17, "atomrt-ring");
  writer.end({3, 4}, 5'678);
  const char expected[] =
      "[{\"cat\":\"atomrt\",\"ph\":\"M\",\"name\":\"process_name\",\"pid\":16,\"tid\":16,\"args\":{\"name\":"
      "\"a \\\"b\\\"\\\\??\"}}"
      ",\n{\"cat\":\"atomrt\",\"ph\":\"i\",\"name\":\"trace begins\",\"pid\":16,\"tid\":16,\"ts\":1.000,\"s\":\"p\","
      "\"args\":{\"version\":\"" ATOMRT_VERSION "\",\"time\":2.000}}"
      ",\n{\"cat\":\"atomrt\",\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":16,\"tid\":17,\"args\":{\"name\":"
      "\"atomrt-ring\"}}"
      ",\n{\"cat\":\"atomrt\",\"ph\":\"i\",\"name\":\"trace ends\",\"pid\":16,\"tid\":16,\"ts\":5.678,\"s\":\"p\","
      "\"args\":{\"requests_not_traced\":3,\"events_lost\":4}}\n]\n";
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
        TraceWriter(text, UINT32_MAX).add({LEAST, LEAST, UINT64_MAX, LEAST, result, UINT32_MAX, UINT32_MAX, INT32_MIN,
                                           static_cast<Happening>(what), Operation::FDATASYNC, small, small});
        assert_true(text.view().size() <= TRACE_EVENT_BYTES);
      }
    }
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_request_begins_moves_and_ends), cmocka_unit_test(a_file_begins_and_ends),
           cmocka_unit_test(no_event_is_longer_than_it_may_be))
