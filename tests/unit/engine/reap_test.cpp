// SPDX-License-Identifier: MIT
// reap: what becomes of a direct request when the kernel has said its result: it is finished, or goes on elsewhere; on a
// thread that makes no threads, which may be in a signal handler, and on the reaper.
#include "engine/reap.h"

#include <sys/wait.h>

#include "engine/direct_requests.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Operation;
using atomrt::chain::Order;
using atomrt::chain::Place;
using atomrt::exec::By;

constexpr int WHOLE_LENGTH = DIRECT_LENGTH;

// Counters of the statistics, which the test reads as a program's user would.
struct Counters {
  char text[8192] = {};
  Counters() {
    the_engine().statistics.enable();
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) abort();
    assert_int_equal(the_engine().statistics.write_to(ends[1], 0), 0);
    // Nothing is written where nothing was submitted.
    if (::read(ends[0], text, sizeof text - 1) < 0 && errno != EAGAIN) abort();
    close(ends[0]);
    close(ends[1]);
  }
  [[nodiscard]] int value(const char* name) const {
    char line[64];
    snprintf(line, sizeof line, "\n%s ", name);
    const char* found = strstr(text, line);
    if (text[0] == '\0') return 0;
    if (found == nullptr) return 0;  // of a context that did nothing
    return atoi(found + strlen(line));
  }
};
struct Change {
  const Counters before;
  int operator()(const char* name) const { return Counters().value(name) - before.value(name); }
};

// Byte i of the file where the rest was read, 0 where the kernel is said to have been.
void assert_read_from(const SlowRequest& request, std::size_t first) {
  for (std::size_t i = 0; i < DIRECT_LENGTH; ++i) {
    assert_int_equal(request.data[i], i < first ? 0 : 'a' + static_cast<int>(i / 512));
  }
}

void without_events_there_is_nothing_to_do(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  look();
  reap(the_engine());
  assert_int_equal(file.settled, 0);
  assert_int_equal(request.place(), Place::IN_AIO);
}

void what_has_completed_is_finished_by_who_looks(void**) {
  const Change change;
  SlowFile file;
  SlowRequest requests[3];
  for (SlowRequest& request : requests) request.start(file);
  assert_int_equal(file.submitted, 3);
  file.let_go();
  assert_true(eventually([&] {
    look();
    return file.settled == 3;
  }));
  for (const SlowRequest& request : requests) request.ends_with(0, WHOLE_LENGTH);
  assert_true(file.settled_by == By::APPLICATION);
  assert_int_equal(change("direct.requests"), 3);
  assert_int_equal(change("direct.bytes"), 3 * WHOLE_LENGTH);
  assert_int_equal(change("direct.fallbacks"), 0);
  assert_true(is_idle());
}

void signals_are_as_before_when_somebody_has_looked(void**) {
  const auto mask = atomrt::os::set_signal_mask(atomrt::os::signal_bit(SIGUSR2));
  SlowFile file;
  SlowRequest request;
  request.start(file);
  file.let_go();
  const bool is_over = request.ends_by_looking();
  assert_int_equal(atomrt::os::set_signal_mask(mask), atomrt::os::signal_bit(SIGUSR2));
  assert_true(is_over);
}

void an_error_is_the_requests_result(void**) {
  const Change change;
  SlowFile file;
  SlowRequest request;
  request.start(file);
  file.let_go(-EIO);
  request.ends_when_looked_at(EIO, -1);
  assert_int_equal(change("direct.errors"), 1);
}

// Its memory is the parent's, but not its requests.
void a_vfork_child_that_looks_does_nothing(void**) {
  SKIP_UNDER_TSAN();
  SlowFile file;
  SlowRequest request;
  request.start(file);
  file.let_go();
  assert_true(eventually([] { return the_engine().direct.has_events(); }));
  const pid_t child = vfork();
  if (child == 0) {
    reap(the_engine());
    _exit(0);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(file.settled, 0);
  assert_int_equal(request.place(), Place::IN_AIO);
  assert_int_equal(request.error(), EINPROGRESS);
  request.ends_when_looked_at(0, WHOLE_LENGTH);
}

// ---- what goes on elsewhere ----

void a_result_cut_between_two_sectors_goes_on_behind_it(void**) {
  const Change change;
  SlowFile file;
  SlowRequest request;
  request.start(file);
  file.let_go(512);
  request.ends_when_looked_at(0, WHOLE_LENGTH);
  assert_read_from(request, 512);
  assert_int_equal(file.submitted, 1);
  assert_int_equal(change("direct.fallbacks"), 1);
  assert_int_equal(change("direct.requests"), 0);
  assert_int_equal(change("threads.requests"), 1);
  assert_int_equal(change("threads.bytes"), WHOLE_LENGTH);
}

void a_result_cut_within_a_sector_is_the_end_of_the_file(void**) {
  const Change change;
  for (const int result : {1, 511, 513, WHOLE_LENGTH - 1}) {
    SlowFile file;
    SlowRequest request;
    request.start(file);
    file.let_go(result);
    request.ends_when_looked_at(0, result);
  }
  assert_int_equal(change("direct.fallbacks"), 0);
}

void nothing_at_all_is_the_end_of_the_file(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  file.let_go(0);
  request.ends_when_looked_at(0, 0);
}

// The sectors that the kernel had are all there are: the next context finds the end, and the number is theirs.
void a_cut_result_at_the_end_of_the_file_is_that_result(void**) {
  SlowFile file;
  SlowRequest request;
  assert_int_equal(ftruncate(file.fd, 1024), 0);
  request.start(file);
  file.let_go(1024);
  request.ends_when_looked_at(0, 1024);
}

void numbers_go_on_from_what_was_moved_before(void**) {
  constexpr struct {
    long answer, result;
  } CASES[] = {{WHOLE, WHOLE_LENGTH}, {100, 612}, {0, 512}, {-EIO, 512}};
  for (const auto& [answer, result] : CASES) {
    SlowFile file;
    SlowRequest request;
    request.start(file);
    add_moved(*request.chain(), 512);
    file.let_go(answer);
    request.ends_when_looked_at(0, result);
  }
}

void what_the_kernel_would_have_to_wait_for_goes_on_elsewhere(void**) {
  const Change change;
  SlowFile file;
  SlowRequest requests[2];
  for (SlowRequest& request : requests) {
    request.start(file);
    file.let_go(-EAGAIN);
    request.ends_when_looked_at(0, WHOLE_LENGTH);
    assert_read_from(request, 0);
  }
  assert_int_equal(file.submitted, 2);
  assert_int_equal(change("direct.fallbacks"), 2);
  assert_int_equal(change("threads.requests"), 2);
  assert_int_equal(change("errors"), 0);
}

// The reaper finishes what is announced; it may make threads, and offers it to the next context itself.
void the_reaper_passes_on_what_the_kernel_refuses(void**) {
  SKIP_UNDER_TSAN();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const Change change;
  SlowFile file;
  SlowRequest request;
  request.with_signal(SIGUSR2);
  request.start(file);
  file.let_go(-EAGAIN);
  request.ends_with(0, WHOLE_LENGTH);  // nobody looks
  const timespec patience{PATIENCE_S, 0};
  assert_int_equal(sigtimedwait(&set, nullptr, &patience), SIGUSR2);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  assert_true(file.settled_by == By::LIBRARY);
  assert_int_equal(change("direct.fallbacks"), 1);
  assert_int_equal(change("threads.requests"), 1);
}

void without_a_reaper_an_idle_worker_takes_it(void**) {
  const Change change;
  MemoryFile ordinary;
  set_threads(1, 1000);
  Aio first;
  first.write(ordinary.fd, "1234").ends_with(0, 4);
  thread_fault.refused.store(ALL);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  assert_int_equal(threads_named("atomrt-reaper"), 0);
  file.let_go(512);
  request.ends_when_looked_at(0, WHOLE_LENGTH);
  assert_read_from(request, 512);
  assert_int_equal(performed_by_the_test, 0);
  assert_int_equal(change("threads.requests"), 2);
}

// The last resort: no thread is there, and none can be made.
void without_any_thread_it_goes_on_where_it_was_seen(void**) {
  const Change change;
  thread_fault.refused.store(ALL);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  file.let_go(512);
  request.ends_when_looked_at(0, WHOLE_LENGTH);
  assert_read_from(request, 512);
  assert_int_equal(performed_by_the_test, 1);
  assert_int_equal(mask_when_performed | 1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1), atomrt::os::ALL_SIGNALS);
  assert_int_equal(change("waiter.requests"), 1);
  assert_int_equal(threads_named("atomrt-worker"), 0);
  assert_int_equal(threads_named("atomrt-reaper"), 0);
}

void what_was_held_behind_it_goes_on_there_too(void**) {
  thread_fault.refused.store(ALL);
  SlowFile file;
  SlowRequest request;
  Aio first, second;
  request.start(file, Operation::WRITE);
  first.sync(file.fd);
  second.sync(file.fd);
  assert_int_equal(first.place(), Place::HELD);
  assert_int_equal(second.place(), Place::HELD);
  file.let_go();
  request.ends_when_looked_at(0, WHOLE_LENGTH);
  first.ends_with(0, 0);
  second.ends_with(0, 0);
  assert_int_equal(performed_by_the_test, 2);
  assert_true(is_idle());
}

// A reaper, but no worker: the request's submitter has long gone, so its aiocb must tell.
void what_all_decline_fails_with_eagain(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  assert_true(eventually([] { return threads_named("atomrt-reaper") == 1; }));
  thread_fault.refused.store(ALL);
  file.let_go(-EAGAIN);
  request.ends_when_looked_at(EAGAIN, -1);
  assert_int_equal(performed_by_the_test, 0);
}

// By a way that the library does not see the number means a file whose server alone says how much a read gives.
void of_a_file_that_a_peer_holds_the_first_result_is_the_result(void**) {
  LateFile file;
  const int kept = dup(file.fd), of_a_peer = open("/proc/version", O_RDONLY | O_CLOEXEC);
  char text[DIRECT_LENGTH];
  const long length = read(of_a_peer, text, sizeof text);
  assert_true(length > 0 && length < WHOLE_LENGTH);
  for (const long result : {100L, -static_cast<long>(EIO), -static_cast<long>(EAGAIN)}) {
    SlowRequest request;
    request.start(file);
    assert_int_equal(request.chain()->order, Order::LATE);
    assert_int_equal(atomrt::os::system_call(SYS_dup3, of_a_peer, file.fd, 0), file.fd);
    file.let_go(result);
    // Kernel AIO's EIO may mean a short write: what one plain call gives is true.
    request.ends_when_looked_at(0, result > 0 ? result : length);
    assert_true(eventually([] { return is_idle(); }));
    file.hold_up();
    assert_int_equal(dup2(kept, file.fd), file.fd);
  }
  close(of_a_peer);
  close(kept);
}

void of_a_file_on_this_machines_storage_an_error_is_the_result(void**) {
  LateFile file;
  SlowRequest request;
  request.start(file);
  assert_int_equal(request.chain()->order, Order::LATE);
  file.let_go(-EIO);
  request.ends_when_looked_at(EIO, -1);
  assert_true(is_idle());
}

// The last test, as all of these files are on one device.
void a_file_system_that_knows_no_such_transfers_is_not_asked_again(void**) {
  const Change change;
  SlowFile file, other;
  SlowRequest request, later;
  request.start(file);
  file.let_go(-EOPNOTSUPP);
  request.ends_when_looked_at(0, WHOLE_LENGTH);
  assert_read_from(request, 0);
  assert_int_equal(change("direct.fallbacks"), 1);
  later.start(other);
  assert_int_equal(other.submitted, 0);
  later.ends_with(0, WHOLE_LENGTH);
  assert_int_equal(change("direct.fallbacks"), 2);
  assert_int_equal(change("threads.requests"), 2);
}

}  // namespace

UNIT_TESTS(LONE_DIRECT_TEST(without_events_there_is_nothing_to_do),
           LONE_DIRECT_TEST(what_has_completed_is_finished_by_who_looks),
           LONE_DIRECT_TEST(signals_are_as_before_when_somebody_has_looked),
           DIRECT_TEST(an_error_is_the_requests_result), LONE_DIRECT_TEST(a_vfork_child_that_looks_does_nothing),
           DIRECT_TEST(a_result_cut_between_two_sectors_goes_on_behind_it),
           DIRECT_TEST(a_result_cut_within_a_sector_is_the_end_of_the_file),
           DIRECT_TEST(nothing_at_all_is_the_end_of_the_file),
           DIRECT_TEST(a_cut_result_at_the_end_of_the_file_is_that_result),
           DIRECT_TEST(numbers_go_on_from_what_was_moved_before),
           DIRECT_TEST(what_the_kernel_would_have_to_wait_for_goes_on_elsewhere),
           DIRECT_TEST(the_reaper_passes_on_what_the_kernel_refuses),
           DIRECT_TEST(without_a_reaper_an_idle_worker_takes_it),
           DIRECT_TEST(without_any_thread_it_goes_on_where_it_was_seen),
           DIRECT_TEST(what_was_held_behind_it_goes_on_there_too), DIRECT_TEST(what_all_decline_fails_with_eagain),
           DIRECT_TEST(of_a_file_that_a_peer_holds_the_first_result_is_the_result),
           DIRECT_TEST(of_a_file_on_this_machines_storage_an_error_is_the_result),
           DIRECT_TEST(a_file_system_that_knows_no_such_transfers_is_not_asked_again))
