// SPDX-License-Identifier: MIT
// callers_write: buffered writes of a list that its caller waits for, done by that caller. What is asked of the
// descriptor is counted, and the write itself looked at (os::status_flags and os::write_at are wrapped).
#include "engine/callers_write.h"

#include "engine/list.h"
#include "engine/requests.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Group;
using atomrt::exec::Hint;
using atomrt::exec::Score;

int flags_asked = 0, writes_of_the_test = 0;
bool was_blocked = false;
const Aio* watched = nullptr;
int error_seen = 0;

// As a block leaves it: not all can be blocked everywhere.
bool are_blocked() {
  const auto present = atomrt::os::block_signals(0);
  const atomrt::os::SignalBlock blocked;
  return present == atomrt::os::block_signals(0);
}

int begin(void** state) {
  flags_asked = writes_of_the_test = 0;
  return prepare(state);
}

// By experience its writes only copy, and the head can't do them.
void make_quick(int fd) {
  the_engine().hints.put(fd, Hint::DRAINED, true);
  for (unsigned i = 0; i < atomrt::exec::DescriptorHints::ENOUGH; ++i) the_engine().hints.raise(fd, Score::QUICK);
}

struct QuickFile : MemoryFile {
  QuickFile() { make_quick(fd); }
  [[nodiscard]] std::string text() const {
    char bytes[65] = {};
    return std::string(bytes, static_cast<std::size_t>(pread(fd, bytes, 64, 0)));
  }
};

// A lio_listio call.
struct List {
  atomrt::exec::Budget budget{atomrt::exec::Budget::UNLIMITED};
  atomrt::os::SignalStretch signals;
  Group& group = *the_engine().registry.groups.take();

  explicit List(bool caller_runs = true) {
    group.open(true, {});
    if (caller_runs) group.let_caller_run();
    group.submit_with(&signals);
  }
  void write(Aio& aio, int fd, const char* text, long offset) {
    strncpy(aio.buffer, text, sizeof aio.buffer - 1);
    aio.block.aio_fildes = fd;
    aio.block.aio_buf = aio.buffer;
    aio.block.aio_nbytes = strlen(text);
    aio.block.aio_offset = offset;
    atomrt::chain::Request request = atomrt::chain::build(&aio.block, atomrt::chain::Operation::WRITE);
    request.group = &group;
    group.add();
    aio.submitted = submit(request, budget);
    assert_int_equal(aio.submitted, 0);
  }
  void end() {
    signals.end();
    group.submit_with(nullptr);
    close_group(the_engine(), group);
    assert_int_equal(wait_for_group(the_engine(), group), 0);
  }
};

void quick_writes_are_done_at_once(void**) {
  const QuickFile file;
  List list;
  Aio aio[3];
  const char* const texts[] = {"aaaa", "bbbb", "cccc"};
  close_gate();  // no worker would get through
  for (int i = 0; i < 3; ++i) {
    make_quick(file.fd);  // where this thread lost its processor the last one was slow
    list.write(aio[i], file.fd, texts[i], 4L * i);
    aio[i].ends_with(0, 4);
    assert_null(aio[i].chain());
    assert_true(was_blocked);
  }
  assert_int_equal(writes_of_the_test, 3);
  assert_int_equal(flags_asked, 1);
  assert_true(file.text() == "aaaabbbbcccc");
  list.end();
  assert_false(are_blocked());
}

// It is in no list: a thread that waited for it, or synced the file, would miss it.
void no_other_thread_sees_it_in_progress(void**) {
  const QuickFile file;
  List list;
  Aio aio;
  atomrt::aiocb::store_result(&aio.block, -ENOTTY);
  watched = &aio;
  list.write(aio, file.fd, "aaaa", 0);
  watched = nullptr;
  assert_int_equal(writes_of_the_test, 1);
  assert_int_equal(error_seen, ENOTTY);
  aio.ends_with(0, 4);
  list.end();
}

// A handler may have changed its flags, or given the number to another file.
void where_handlers_may_run_it_is_asked_again(void**) {
  const QuickFile file;
  List list;
  Aio aio[2];
  list.write(aio[0], file.fd, "aaaa", 0);
  list.signals.end();
  list.budget.know(-1);
  assert_int_equal(fcntl(file.fd, F_SETFL, O_APPEND), 0);
  list.write(aio[1], file.fd, "bbbb", 0);
  list.end();
  for (const Aio& each : aio) each.ends_with(0, 4);
  assert_int_equal(writes_of_the_test, 1);
  assert_true(file.text() == "aaaaefghbbbb");
}

void what_waits_or_keeps_an_order_goes_the_usual_way(void**) {
  for (const int flags : {O_APPEND, O_DSYNC, O_DIRECT}) {
    const QuickFile file;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file.fd);
    const int other = open(path, O_RDWR | O_CLOEXEC | flags);
    if (other < 0) continue;  // O_DIRECT on older kernels' tmpfs
    make_quick(other);
    List list;
    Aio aio;
    writes_of_the_test = 0;
    list.write(aio, other, "zzzz", 0);
    list.end();
    assert_int_equal(writes_of_the_test, 0);
    assert_true(aio.is_over());
    close(other);
  }
}

void a_pipe_of_that_number_is_written_as_a_pipe(void**) {
  const QuickFile file;
  Pipe pipe;
  make_quick(pipe.in);
  List list;
  Aio aio;
  list.write(aio, pipe.in, "pipe", 100);
  list.end();
  aio.ends_with(0, 4);
  char bytes[8];
  assert_int_equal(read(pipe.out, bytes, sizeof bytes), 4);
}

// Known in this call, but the number has come to mean a pipe unseen: the write itself tells.
void a_number_that_becomes_a_pipe_meanwhile_is_seen(void**) {
  const QuickFile file;
  Pipe pipe;
  List list;
  Aio aio[2];
  list.write(aio[0], file.fd, "aaaa", 0);
  assert_int_equal(syscall(SYS_dup3, pipe.in, file.fd, O_CLOEXEC), file.fd);
  list.write(aio[1], file.fd, "pipe", 4);
  list.end();
  aio[1].ends_with(0, 4);
  char bytes[8];
  assert_int_equal(read(pipe.out, bytes, sizeof bytes), 4);
}

void an_error_is_that_of_the_usual_way(void**) {
  const QuickFile file;
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file.fd);
  const int other = open(path, O_RDONLY | O_CLOEXEC);
  make_quick(other);
  List list;
  Aio aio;
  list.write(aio, other, "zzzz", 0);
  list.signals.end();
  list.group.submit_with(nullptr);
  close_group(the_engine(), list.group);
  assert_int_equal(wait_for_group(the_engine(), list.group), EIO);
  aio.ends_with(EBADF, -1);
  close(other);
}

void without_experience_or_a_waiting_caller_it_is_left_to_others(void**) {
  const MemoryFile unknown;
  const QuickFile file;
  the_engine().hints.put(unknown.fd, Hint::DRAINED, true);
  the_engine().hints.reset(unknown.fd, Score::QUICK);
  Aio aio[2];
  List list, other(false);
  list.write(aio[0], unknown.fd, "aaaa", 0);
  other.write(aio[1], file.fd, "bbbb", 0);
  list.end();
  other.end();
  assert_int_equal(writes_of_the_test, 0);
  for (const Aio& each : aio) each.ends_with(0, 4);
}

}  // namespace

extern "C" atomrt::base::Expected<int> real_status_flags(int fd) __asm__("__real__ZN6atomrt2os12status_flagsEi");
extern "C" atomrt::base::Expected<int> counted_status_flags(int fd) __asm__("__wrap__ZN6atomrt2os12status_flagsEi");
extern "C" atomrt::base::Expected<int> counted_status_flags(int fd) {
  ++flags_asked;
  return real_status_flags(fd);
}

extern "C" long real_write_at(int fd, const void* bytes, std::size_t length, std::int64_t offset)
    __asm__("__real__ZN6atomrt2os8write_atEiPKvml");
extern "C" long seen_write_at(int fd, const void* bytes, std::size_t length, std::int64_t offset)
    __asm__("__wrap__ZN6atomrt2os8write_atEiPKvml");
extern "C" long seen_write_at(int fd, const void* bytes, std::size_t length, std::int64_t offset) {
  if (gettid() == getpid()) {
    ++writes_of_the_test;
    was_blocked = are_blocked();
    error_seen = watched != nullptr ? watched->error() : 0;
  }
  return real_write_at(fd, bytes, length, offset);
}

#define LIST_TEST(name) cmocka_unit_test_setup_teardown(name, begin, settle)
UNIT_TESTS(LIST_TEST(quick_writes_are_done_at_once), LIST_TEST(no_other_thread_sees_it_in_progress),
           LIST_TEST(where_handlers_may_run_it_is_asked_again),
           LIST_TEST(what_waits_or_keeps_an_order_goes_the_usual_way),
           LIST_TEST(a_pipe_of_that_number_is_written_as_a_pipe),
           LIST_TEST(a_number_that_becomes_a_pipe_meanwhile_is_seen), LIST_TEST(an_error_is_that_of_the_usual_way),
           LIST_TEST(without_experience_or_a_waiting_caller_it_is_left_to_others))
