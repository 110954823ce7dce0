// SPDX-License-Identifier: MIT
// pending: requests of the real engine as the process itself writes them: held, queued, running, waiting for a peer, and
// while others come and go.
#include "engine/pending.h"

#include "os/thread.h"
#include "requests.h"

namespace {

using namespace atomrt::engine;
using atomrt::chain::Pending;
using atomrt::unit::Aio;
using atomrt::unit::eventually;
using atomrt::unit::MemoryFile;
using atomrt::unit::perform_gate;
using atomrt::unit::Pipe;

// What is written, of requests that are that old.
const char* written(const Due& due = {}) {
  static char text[65536];
  const int fd = memfd_create("pending", MFD_CLOEXEC);
  assert_int_equal(write_pending(fd, due).error, 0);
  const ssize_t length = pread(fd, text, sizeof text - 1, 0);
  close(fd);
  text[length < 0 ? 0 : length] = '\0';
  return text;
}

// The line of a request, by its aiocb; empty where there is none.
const char* line_of(const Aio& aio) {
  static char line[1024];
  char wanted[32];
  snprintf(wanted, sizeof wanted, " %p ", static_cast<const void*>(&aio.block));
  const char* text = written();
  const char* found = strstr(text, wanted);
  if (found == nullptr) return "";
  while (found > text && found[-1] != '\n') --found;
  snprintf(line, sizeof line, "%.*s", static_cast<int>(strcspn(found, "\n")), found);
  return line;
}

bool waits_for_its_peer(const Aio& aio) {
  using atomrt::chain::Place;
  const Place place = aio.place();
  return place == Place::BLOCKED || place == Place::POLLED || place == Place::POLLED_APART;
}

bool has(const char* text, const char* part) { return strstr(text, part) != nullptr; }

void nothing_in_flight_is_said(void**) {
  char expected[128];
  snprintf(expected, sizeof expected, "# atomrt %s: 0 requests in flight in %s (pid %d)\n", ATOMRT_VERSION,
           program_invocation_short_name, getpid());
  assert_string_equal(written(), expected);
  assert_string_equal(written({.least_ns = 1}), "");
}

void a_read_of_an_empty_pipe_is_shown_with_all_that_is_known(void**) {
  Pipe pipe;
  Aio first, second;
  first.read(pipe.out, 7);
  second.read(pipe.out, 9);
  // A worker that waits has it for a moment, to give it to the poller.
  const char* line = nullptr;
  assert_true(eventually([&] { return has(line = line_of(first), "waits for its peer in "); }));
  assert_true(has(line, " read ") && has(line, "; pipe:["));
  char expected[128];
  snprintf(expected, sizeof expected, " %d                0          7          0 %8d ", pipe.out, gettid());
  assert_true(has(line, expected));
  snprintf(expected, sizeof expected, "held behind request %u; pipe:[", first.chain()->number);
  assert_true(has(line_of(second), expected));
  // The oldest first, behind a heading.
  const char* text = written();
  snprintf(expected, sizeof expected, ": 2 requests in flight in %s", program_invocation_short_name);
  assert_true(has(text, expected) && has(text, "\n     age s  request operation "));
  char address[32];
  snprintf(address, sizeof address, " %p ", static_cast<const void*>(&first.block));
  const char* where_first = strstr(text, address);
  snprintf(address, sizeof address, " %p ", static_cast<const void*>(&second.block));
  assert_true(where_first < strstr(text, address));
  assert_int_equal(write(pipe.in, "abcdefgh", 8), 8);
  first.ends_with(0, 7);
  second.ends_with(0, 1);
  assert_string_equal(line_of(first), "");
}

void a_sync_names_the_write_that_it_is_held_behind(void**) {
  MemoryFile file;
  Aio write, sync;
  atomrt::unit::close_gate();
  write.block.aio_offset = 5;
  fcntl(file.fd, F_SETFL, O_APPEND);  // so that the head leaves it to a worker
  write.write(file.fd, "xyz");
  sync.sync(file.fd);
  assert_true(eventually([] { return perform_gate.arrived() > 0; }));
  char expected[128];
  const int worker = atomrt::unit::thread_named("atomrt-worker");
  snprintf(expected, sizeof expected, "runs in thread %d; /memfd:unit", worker);
  const char* line = line_of(write);
  assert_true(has(line, " write ") && has(line, expected));
  snprintf(expected, sizeof expected, "held behind request %u; ", write.chain()->number);
  line = line_of(sync);
  assert_true(has(line, " fsync ") && has(line, " -          -          - ") && has(line, expected));
  atomrt::unit::open_gate();
  sync.ends_with(0, 0);
}

void a_closed_descriptor_is_told(void**) {
  Pipe pipe;
  Aio aio;
  aio.read(pipe.out, 4);
  assert_true(eventually([&] { return waits_for_its_peer(aio); }));
  aio.chain()->io_fd.store(pipe.in);  // as hold does it, with a duplicate
  assert_true(has(line_of(aio), ", closed by the program; pipe:["));
  aio.chain()->io_fd.store(pipe.out);
  assert_int_equal(write(pipe.in, "abcd", 4), 4);
  aio.ends_with(0, 4);
}

void a_request_is_due_when_its_age_has_doubled_since(void**) {
  constexpr std::int64_t S = 1'000'000'000;
  Pending request{};
  request.submitted_ns = 100 * S;
  const auto due_between = [&](std::int64_t last_s, std::int64_t now_s) {
    return is_due(request, {.least_ns = 5 * S, .last_look_ns = (100 + last_s) * S}, (100 + now_s) * S);
  };
  assert_false(due_between(-3, 4));
  assert_true(due_between(4, 5) && due_between(4, 9) && due_between(-3, 400));
  assert_false(due_between(5, 9));
  assert_true(due_between(9, 10) && due_between(19, 20));
  assert_false(due_between(10, 19));
  assert_true(is_due(request, {}, 100 * S));
}

void a_full_place_is_an_error(void**) {
  const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  assert_int_equal(write_pending(fd, {}).error, ENOSPC);
  close(fd);
  assert_int_equal(write_pending(-1, {}).error, EBADF);
}

// Requests come and go in another thread; each line that is written is one of its, whole.
void a_look_at_what_changes_is_of_one_moment_for_each(void**) {
  Pipe pipe;
  std::atomic<bool> is_over{false};
  atomrt::unit::Thread program([&] {
    Aio aios[4];
    while (!is_over.load()) {
      for (Aio& aio : aios) aio.read(pipe.out, 8);
      if (::write(pipe.in, "abcdefghabcdefghabcdefghabcdefgh", 32) != 32) abort();
      for (Aio& aio : aios) {
        while (!aio.is_over()) atomrt::os::yield_processor();
      }
    }
  });
  int lines = 0;
  for (int i = 0; i < 20'000 && (i < 300 || lines < 100); ++i) {
    for (const char* line = strchr(written(), '\n'); line != nullptr && line[1] != '\0'; line = strchr(line + 1, '\n')) {
      if (has(line, "operation") || line[1] == '\n') continue;
      if (strncmp(line + 1, "     age", 8) == 0) continue;
      const int length = static_cast<int>(strcspn(line + 1, "\n"));
      char text[512];
      snprintf(text, sizeof text, "%.*s", length, line + 1);
      if (text[0] == '#' || text[0] == '\0') continue;
      if (!has(text, " read ") || !has(text, "          8 ")) {
        is_over.store(true);
        program.join();
        print_message("%s\n", text);
        FAIL();
      }
      ++lines;
    }
  }
  is_over.store(true);
  program.join();
}

}  // namespace

UNIT_TESTS(ENGINE_TEST(nothing_in_flight_is_said),
           ENGINE_TEST(a_read_of_an_empty_pipe_is_shown_with_all_that_is_known),
           ENGINE_TEST(a_sync_names_the_write_that_it_is_held_behind), ENGINE_TEST(a_closed_descriptor_is_told),
           ENGINE_TEST(a_request_is_due_when_its_age_has_doubled_since), ENGINE_TEST(a_full_place_is_an_error),
           ENGINE_TEST(a_look_at_what_changes_is_of_one_moment_for_each))
