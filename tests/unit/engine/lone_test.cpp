// SPDX-License-Identifier: MIT
// lone: transfers that are left to the thread that waits for them, with real threads beside it. The worker that keeps watch
// is held up in its look (list_old_lone, wrapped): so a request stays where the test has put it, until the watch goes on.
#include "engine/lone.h"

#include <thread>

#include "engine/hold.h"
#include "engine/requests.h"
#include "engine/suspend.h"
#include "engine/waiter.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Operation;
using atomrt::chain::Place;

// Which hold the worker that keeps watch is to stand at, 0 for none; and at which it stood last. One that has ended its
// watch stands at none.
std::atomic<int> present_hold{0}, reached_hold{0};

std::atomic<int> flags_asked{0};

int settle_watched(void** state) {
  present_hold = 0;
  return settle(state);
}

// A file whose writes, or reads, have been waited for until they are left to waiters.
struct WaitedFor : MemoryFile {
  const Operation operation;
  explicit WaitedFor(Operation wanted = Operation::WRITE) : operation(wanted) {
    assert_true(eventually([this] { return learn(); }));
  }
  Aio& submit(Aio& aio, const char* text) const {
    return operation == Operation::WRITE ? aio.write(fd, text) : aio.read(fd);
  }
  bool learn() const {
    Aio aio;
    submit(aio, "1111");
    const struct aiocb* const list[] = {&aio.block};
    while (!aio.is_over()) assert_int_equal(suspend(list, 1, nullptr), 0);
    assert_int_equal(aio.error(), 0);
    const auto& present = the_engine();
    return present.hints.is_enough(fd, atomrt::exec::Score::TAKEN) && present.workers.keeps_watch();
  }
  // From here on a request is left to its waiter, and no worker looks for it before watch_goes_on.
  void hold_watch() const {
    static int holds = 0;
    present_hold = ++holds;
    assert_true(eventually([this] { return learn() && reached_hold == holds; }));
  }
  static void watch_goes_on() { present_hold = 0; }
  Aio& leave(Aio& aio) const {
    hold_watch();
    submit(aio, "2222");
    assert_int_equal(aio.place(), Place::LONE);
    return aio;
  }
  [[nodiscard]] std::string text() const {
    char bytes[5] = {};
    return std::string(bytes, static_cast<std::size_t>(pread(fd, bytes, 4, 0)));
  }
};

void a_lone_write_is_run_by_its_waiter(void**) {
  const WaitedFor file;
  Aio write;
  file.leave(write);
  performed_by_the_test = 0;
  assert_true(work_for(the_engine(), &write.block, false));
  assert_int_equal(performed_by_the_test, 1);
  write.ends_with(0, 4);
  assert_true(file.text() == "2222");
}

// It bears the name of a request that is another aiocb's.
void a_copied_aiocb_takes_nothing(void**) {
  const WaitedFor file;
  Aio write;
  file.leave(write);
  const struct aiocb copy = write.block;
  {
    const atomrt::os::SignalBlock blocked;
    assert_null(take_lone(the_engine(), &copy));
  }
  assert_int_equal(write.place(), Place::LONE);
  assert_true(work_for(the_engine(), &write.block, false));
  write.ends_with(0, 4);
  assert_true(file.text() == "2222");
}

void a_lone_write_that_nobody_waits_for_is_run(void**) {
  const WaitedFor file;
  Aio write;
  file.leave(write);
  file.watch_goes_on();
  write.ends_with(0, 4);
}

void a_lone_write_is_cancelled(void**) {
  const WaitedFor file;
  for (const bool by_number : {false, true}) {
    Aio write;
    file.leave(write);
    assert_int_equal(by_number ? cancel_all(file.fd) : cancel_one(file.fd, &write.block), AIO_CANCELED);
    write.ends_with(ECANCELED, -1);
    file.watch_goes_on();
  }
}

void a_lone_write_goes_to_the_file_that_its_number_meant(void**) {
  const WaitedFor file;
  const MemoryFile other;
  const int kept = dup(file.fd);
  Aio write;
  file.leave(write);
  file.watch_goes_on();  // there may be no other worker
  before_close(file.fd);
  assert_int_equal(dup2(other.fd, file.fd), file.fd);
  write.ends_with(0, 4);
  char byte;
  assert_int_equal(pread(other.fd, &byte, 1, 0), 1);
  assert_int_equal(byte, 'a');
  before_close(file.fd);
  assert_int_equal(dup2(kept, file.fd), file.fd);
  assert_int_equal(close(kept), 0);
  assert_true(file.text() == "2222");
}

void a_sync_waits_for_a_lone_write(void**) {
  const WaitedFor file;
  Aio write, sync;
  file.leave(write);
  sync.sync(file.fd);
  file.watch_goes_on();
  sync.ends_with(0, 0);
  assert_true(write.is_over());
  write.ends_with(0, 4);
}

// Unseen by the library the number means a pipe: what was known of it is wrong.
void a_number_that_means_a_pipe_by_now_is_served_as_one(void**) {
  const WaitedFor file;
  const Pipe pipe;
  const int kept = dup(file.fd);
  file.hold_watch();
  assert_int_equal(dup3(pipe.in, file.fd, 0), file.fd);
  Aio write;
  write.write(file.fd, "pipe");
  assert_int_equal(write.place(), Place::LONE);
  file.watch_goes_on();
  const struct aiocb* const list[] = {&write.block};
  while (!write.is_over()) assert_int_equal(suspend(list, 1, nullptr), 0);
  write.ends_with(0, 4);
  char bytes[4];
  assert_int_equal(read(pipe.out, bytes, 4), 4);
  assert_memory_equal(bytes, "pipe", 4);
  assert_int_equal(dup3(kept, file.fd, 0), file.fd);
  assert_int_equal(close(kept), 0);
}

void a_lone_read_is_run_by_its_waiter(void**) {
  const WaitedFor file(Operation::READ);
  Aio read;
  file.leave(read);
  performed_by_the_test = 0;
  assert_true(work_for(the_engine(), &read.block, true));
  assert_int_equal(performed_by_the_test, 1);
  read.ends_with(0, 4);
  assert_memory_equal(read.buffer, "abcd", 4);
}

// He would wait for storage with the first while another is over.
void who_waits_for_several_leaves_a_lone_read_alone(void**) {
  const WaitedFor file(Operation::READ);
  Aio read;
  file.leave(read);
  performed_by_the_test = 0;
  assert_false(work_for(the_engine(), &read.block, false));
  assert_int_equal(performed_by_the_test, 0);
  assert_int_equal(read.place(), Place::LONE);
  file.watch_goes_on();
  read.ends_with(0, 4);
}

void a_lone_read_is_cancelled(void**) {
  const WaitedFor file(Operation::READ);
  Aio read;
  file.leave(read);
  assert_int_equal(cancel_one(file.fd, &read.block), AIO_CANCELED);
  read.ends_with(ECANCELED, -1);
}

void a_lone_read_reads_the_file_that_its_number_meant(void**) {
  const WaitedFor file(Operation::READ);
  const MemoryFile other("other");
  const int kept = dup(file.fd);
  Aio read;
  file.leave(read);
  file.watch_goes_on();  // there may be no other worker
  before_close(file.fd);
  assert_int_equal(dup2(other.fd, file.fd), file.fd);
  read.ends_with(0, 4);
  assert_memory_equal(read.buffer, "abcd", 4);
  before_close(file.fd);
  assert_int_equal(dup2(kept, file.fd), file.fd);
  assert_int_equal(close(kept), 0);
}

void a_second_read_lets_a_lone_one_go_on(void**) {
  const WaitedFor file(Operation::READ);
  Aio read, second;
  file.leave(read);
  close_gate();
  second.read(file.fd);
  assert_true(read.place() != Place::LONE && second.place() != Place::LONE);
  open_gate();
  file.watch_goes_on();
  second.ends_with(0, 4);
  read.ends_with(0, 4);
}

void one_lone_write_asks_nothing_and_a_second_one_does(void**) {
  const WaitedFor file, other;
  Aio guess, asked, next;
  file.hold_watch();
  flags_asked = 0;
  guess.write(file.fd, "2222");
  assert_int_equal(guess.place(), Place::LONE);
  assert_int_equal(flags_asked, 0);
  asked.write(other.fd, "3333");
  assert_int_equal(asked.place(), Place::LONE);
  assert_int_equal(flags_asked, 1);
  assert_true(work_for(the_engine(), &guess.block, false));
  next.write(file.fd, "4444");
  assert_int_equal(next.place(), Place::LONE);
  assert_int_equal(flags_asked, 1);
  for (const Aio* write : {&asked, &next}) assert_true(work_for(the_engine(), &write->block, false));
  for (const Aio* write : {&guess, &asked, &next}) write->ends_with(0, 4);
}

// Two appends through two descriptors of a file. By experience, which is wrong by now, the first is left to its waiter.
struct TwoAppends : WaitedFor {
  const int duplicate = dup(fd);
  Aio first, second;
  TwoAppends() {
    hold_watch();
    assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
    close_gate();
    first.write(fd, "2222");
    assert_int_equal(first.place(), Place::LONE);
  }
  ~TwoAppends() { close(duplicate); }
  void second_is_held() {
    second.write(duplicate, "3333");
    assert_int_equal(second.place(), Place::HELD);
  }
  void both_end_in_order() const {
    watch_goes_on();
    open_gate();
    second.ends_with(0, 4);
    first.ends_with(0, 4);
    char bytes[17] = {};
    assert_int_equal(pread(fd, bytes, 16, 0), 16);
    assert_string_equal(bytes + 8, "22223333");
  }
};

void an_append_lets_a_lone_one_go_first(void**) {
  TwoAppends appends;
  appends.second_is_held();
  assert_true(appends.first.place() != Place::LONE);
  appends.both_end_in_order();
}

void an_append_waits_for_a_lone_one_that_has_begun(void**) {
  TwoAppends appends;
  std::thread waiter([&] { work_for(the_engine(), &appends.first.block, false); });
  assert_true(eventually([&] { return appends.first.place() == Place::RUNNING; }));
  appends.second_is_held();
  assert_int_equal(appends.first.place(), Place::RUNNING);
  appends.both_end_in_order();
  waiter.join();
}

void a_number_that_is_known_to_append_is_not_left(void**) {
  const WaitedFor file;
  assert_int_equal(fcntl(file.fd, F_SETFL, O_APPEND), 0);
  Aio first, write;
  first.write(file.fd, "3333").ends_with(0, 4);
  close_gate();
  Aio other;
  other.write(file.fd, "4444");
  write.write(file.fd, "5555");
  assert_true(write.place() != Place::LONE);
  open_gate();
  write.ends_with(0, 4);
  other.ends_with(0, 4);
  assert_int_equal(fcntl(file.fd, F_SETFL, 0), 0);
}

}  // namespace

extern "C" void real_look(Engine&, bool) __asm__("__real__ZN6atomrt6engine13list_old_loneERNS0_6EngineEb");
extern "C" void held_look(Engine&, bool) __asm__("__wrap__ZN6atomrt6engine13list_old_loneERNS0_6EngineEb");
extern "C" void held_look(Engine& engine, bool all) {
  for (int hold; !all && (hold = present_hold) != 0; pause_briefly()) reached_hold = hold;
  real_look(engine, all);
}

extern "C" atomrt::base::Expected<int> real_status_flags(int fd) __asm__("__real__ZN6atomrt2os12status_flagsEi");
extern "C" atomrt::base::Expected<int> counted_status_flags(int fd) __asm__("__wrap__ZN6atomrt2os12status_flagsEi");
extern "C" atomrt::base::Expected<int> counted_status_flags(int fd) {
  flags_asked.fetch_add(1);
  return real_status_flags(fd);
}

#define LONE_TEST(name) cmocka_unit_test_setup_teardown(name, prepare, settle_watched)

UNIT_TESTS(LONE_TEST(a_lone_write_is_run_by_its_waiter),
           LONE_TEST(a_copied_aiocb_takes_nothing), LONE_TEST(a_lone_write_that_nobody_waits_for_is_run),
           LONE_TEST(a_lone_write_is_cancelled),
           LONE_TEST(a_lone_write_goes_to_the_file_that_its_number_meant),
           LONE_TEST(a_sync_waits_for_a_lone_write),
           LONE_TEST(a_number_that_means_a_pipe_by_now_is_served_as_one),
           LONE_TEST(a_lone_read_is_run_by_its_waiter),
           LONE_TEST(who_waits_for_several_leaves_a_lone_read_alone),
           LONE_TEST(a_lone_read_is_cancelled),
           LONE_TEST(a_lone_read_reads_the_file_that_its_number_meant),
           LONE_TEST(a_second_read_lets_a_lone_one_go_on),
           LONE_TEST(one_lone_write_asks_nothing_and_a_second_one_does),
           LONE_TEST(an_append_lets_a_lone_one_go_first),
           LONE_TEST(an_append_waits_for_a_lone_one_that_has_begun),
           LONE_TEST(a_number_that_is_known_to_append_is_not_left))
