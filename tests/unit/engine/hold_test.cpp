// SPDX-License-Identifier: MIT
// hold: requests keep their file when its number is closed or given to another, by a duplicate that is made only then and
// closed in the end. close and its like are called from another object, as a program would (os/hooked_object.c).
#include "engine/hold.h"

#include <link.h>

#include "engine/cancel.h"
#include "engine/complete.h"
#include "engine/direct_requests.h"
#include "engine/kept_files.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Place;

// In front of the loader's list of objects.
std::atomic<Gate*> loaders_gate{nullptr};

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

void without_requests_nothing_is_duplicated(void**) {
  const int fd = file_with("mine");
  Aio read;
  read.read(fd).ends_with(0, 4);
  assert_true(eventually([] { return is_idle(); }));
  const int before = open_descriptors();
  before_close(fd);
  before_close(-1);
  before_close(1'000'000);
  assert_int_equal(open_descriptors(), before);
  assert_int_equal(hooked_close(fd), 0);
  assert_false(is_open(fd));
}

void queued_requests_keep_their_file(void**) {
  Busy busy;
  const int before = open_descriptors();
  const int fd = file_with("mine");
  Aio reads[3];
  for (Aio& read : reads) read.read(fd);
  give_number_to(fd, "your");
  assert_int_equal(open_descriptors(), before + 2);  // the other file and one duplicate
  open_gate();
  for (const Aio& read : reads) {
    read.ends_with(0, 4);
    assert_memory_equal(read.buffer, "mine", 4);
  }
  assert_true(eventually([&] { return open_descriptors() == before + 1; }));  // the duplicate has gone
  close(fd);
}

void held_writes_and_syncs_keep_their_file(void**) {
  Busy busy;
  MemoryFile mine("----");
  const int fd = dup(mine.fd);
  Aio first, second, sync;
  first.write(fd, "1111");
  second.write(fd, "2222");
  sync.sync(fd);
  assert_int_equal(second.place(), Place::HELD);
  assert_int_equal(sync.place(), Place::HELD);
  give_number_to(fd, "your");
  open_gate();
  for (const Aio* write : {&first, &second}) write->ends_with(0, 4);
  sync.ends_with(0, 0);
  char text[5] = {};
  assert_int_equal(pread(fd, text, 4, 0), 4);
  assert_string_equal(text, "your");
  assert_int_equal(pread(mine.fd, text, 4, 0), 4);
  assert_string_equal(text, "2222");
  close(fd);
}

void a_blocked_read_keeps_its_stream(void**) {
  Pipe pipe, other;
  const int fd = dup(pipe.out);
  Aio read;
  read.read(fd);
  assert_true(eventually([&] { return waits_for_peer(read.place()); }));
  assert_int_equal(hooked_dup2(other.out, fd), fd);
  assert_int_equal(write(other.in, "your", 4), 4);
  assert_int_equal(write(pipe.in, "mine", 4), 4);
  read.ends_with(0, 4);
  assert_memory_equal(read.buffer, "mine", 4);
  assert_int_equal(hooked_close(fd), 0);
}

void two_files_one_after_the_other_under_one_number_are_kept_apart(void**) {
  Busy busy;
  const int fd = file_with("1st.");
  Aio first, second;
  first.read(fd);
  give_number_to(fd, "2nd.");
  second.read(fd);
  give_number_to(fd, "3rd.");
  open_gate();
  first.ends_with(0, 4);
  second.ends_with(0, 4);
  assert_memory_equal(first.buffer, "1st.", 4);
  assert_memory_equal(second.buffer, "2nd.", 4);
  close(fd);
}

void a_cancelled_request_lets_the_duplicate_go(void**) {
  Busy busy;
  const int before = open_descriptors();
  const int fd = file_with("mine");
  Aio read;
  read.read(fd);
  assert_int_equal(hooked_close(fd), 0);
  assert_int_equal(open_descriptors(), before + 1);
  assert_int_equal(cancel_one(fd, &read.block), AIO_CANCELED);
  assert_int_equal(open_descriptors(), before);
}

// The duplicate stands out of the way of the numbers that programs count on.
void the_lowest_free_number_stays_the_programs(void**) {
  Busy busy;
  const int fd = file_with("mine");
  Aio read;
  read.read(fd);
  assert_int_equal(hooked_close(fd), 0);
  const int next = dup(0);
  assert_int_equal(next, fd);
  close(next);
  assert_true(fcntl(read.chain()->io_fd.load(), F_GETFD) == FD_CLOEXEC);
}

void replacing_a_number_by_itself_changes_nothing(void**) {
  Busy busy;
  const int fd = file_with("mine");
  Aio read;
  read.read(fd);
  const int before = open_descriptors();
  assert_int_equal(hooked_dup2(fd, fd), fd);
  assert_int_equal(open_descriptors(), before);
  assert_int_equal(read.chain()->hold, 0);
  close(fd);
}

void a_stream_of_stdio_that_is_closed_keeps_its_file(void**) {
  Busy busy;
  FILE* stream = fdopen(file_with("mine"), "r+");
  const int fd = fileno(stream);
  Aio read;
  read.read(fd);
  assert_int_equal(hooked_fclose(stream), 0);
  const int other = file_with("your");
  assert_int_equal(other, fd);
  open_gate();
  read.ends_with(0, 4);
  assert_memory_equal(read.buffer, "mine", 4);
  close(other);
}

// A program that closes all it does not know (daemons, before exec) does not know the duplicates.
void a_duplicate_is_not_the_programs_to_close(void**) {
  for (int way = 0; way < 3; ++way) {
    Busy busy;
    const int fd = file_with("mine");
    Aio read;
    read.read(fd);
    assert_int_equal(hooked_close(fd), 0);
    const int duplicate = read.chain()->io_fd.load();
    assert_true(duplicate != fd && is_open(duplicate));
    const unsigned first = static_cast<unsigned>(duplicate) - 3;
    const int bystander = fcntl(0, F_DUPFD, duplicate + 1);
    if (way == 0) {
      assert_int_equal(hooked_close(duplicate), -1);
      assert_int_equal(errno, EBADF);
      close(bystander);
    } else if (way == 1) {
      assert_int_equal(hooked_close_range(first, first + 100, 0), 0);
    } else {
      hooked_closefrom(static_cast<int>(first));
    }
    assert_false(is_open(bystander));
    assert_true(is_open(duplicate));
    open_gate();
    read.ends_with(0, 4);
    assert_memory_equal(read.buffer, "mine", 4);
    assert_true(eventually([&] { return !is_open(duplicate); }));
  }
}

void requests_keep_their_files_when_a_range_is_closed(void**) {
  Busy busy;
  const int low = file_with("mine");
  const int fd = fcntl(low, F_DUPFD_CLOEXEC, 700);
  close(low);
  Aio read;
  read.read(fd);
  for (const auto& [first, last] : {std::pair{600U, 650U}, {~0U - 5, ~0U}}) {  // of others
    assert_int_equal(hooked_close_range(first, last, 0), 0);
  }
  assert_int_equal(hooked_close_range(700, 700, CLOSE_RANGE_CLOEXEC), 0);  // closes nothing
  assert_int_equal(hooked_close_range(800, 700, 0), -1);
  assert_true(is_open(fd) && read.chain()->io_fd == fd);
  assert_int_equal(hooked_close_range(700, 800, 0), 0);
  assert_false(is_open(fd));
  open_gate();
  read.ends_with(0, 4);
  assert_memory_equal(read.buffer, "mine", 4);
}

// The duplicate is the first of the range, the last, or all of it; and an error is the program's to see.
void a_duplicate_at_the_edge_of_a_range_stays_open(void**) {
  Busy busy;
  const int fd = file_with("mine");
  Aio read;
  read.read(fd);
  assert_int_equal(hooked_close(fd), 0);
  const int duplicate = read.chain()->io_fd.load();
  const auto number = static_cast<unsigned>(duplicate);
  assert_int_equal(hooked_close_range(number, number, 0), 0);
  assert_int_equal(hooked_close_range(number - 1, number, 0), 0);
  const int bystander = fcntl(0, F_DUPFD, duplicate + 1);
  assert_int_equal(hooked_close_range(number, number + 100, 0), 0);
  assert_false(is_open(bystander));
  constexpr int NO_SUCH_FLAG = 1 << 20;
  assert_int_equal(hooked_close_range(number - 1, number + 1, NO_SUCH_FLAG), -1);
  assert_int_equal(errno, EINVAL);
  assert_true(is_open(duplicate));
  open_gate();
  read.ends_with(0, 4);
  assert_memory_equal(read.buffer, "mine", 4);
}

void a_child_has_no_duplicates(void**) {
  Busy busy;
  const int fd = file_with("mine");
  Aio read;
  read.read(fd);
  assert_int_equal(hooked_close(fd), 0);
  const int duplicate = read.chain()->io_fd.load();
  assert_int_equal(in_child([&] { return is_open(duplicate) ? 1 : 0; }), 0);
  assert_true(is_open(duplicate));
}

// It has its parent's memory, requests and all, but descriptors of its own.
void a_vfork_child_that_closes_leaves_its_parents_requests_alone(void**) {
  Busy busy;
  const int fd = file_with("mine");
  Aio read;
  read.read(fd);
  const int before = open_descriptors();
  assert_int_equal(hooked_close_in_vfork(fd), 0);
  assert_int_equal(read.chain()->hold, 0);
  assert_int_equal(read.chain()->io_fd, fd);
  assert_int_equal(open_descriptors(), before);
  open_gate();
  read.ends_with(0, 4);
  close(fd);
}

// The kernel has it, and the file; what it would have to wait for is done elsewhere, to the same file.
void a_direct_request_keeps_its_file_for_what_is_left(void**) {
  const int before = open_descriptors();
  {
    SlowFile file;
    const int opened = open_descriptors();
    SlowRequest request;
    request.start(file);
    assert_int_equal(request.place(), Place::IN_AIO);
    give_number_to(file.fd, "your");
    assert_int_equal(open_descriptors(), opened + 1);
    assert_int_equal(request.place(), Place::IN_AIO);
    file.let_go(512);
    request.ends_with(0, DIRECT_LENGTH);
    assert_int_equal(request.data[511], 0);
    assert_int_equal(request.data[512], 'b');
    assert_int_equal(request.data[DIRECT_LENGTH - 1], 'd');
    assert_true(eventually([&] { return open_descriptors() == opened; }));
  }
  assert_int_equal(open_descriptors(), before);
}

// The program may never look at it again, and the duplicate must not stay open for that (a file system can't be unmounted
// under it): the reaper finishes it.
void the_duplicate_of_a_direct_request_goes_though_nobody_looks(void**) {
  SlowFile file;
  SlowRequest requests[2];
  for (SlowRequest& request : requests) request.start(file);
  const int before = open_descriptors();
  assert_int_equal(hooked_close(file.fd), 0);
  assert_int_equal(open_descriptors(), before);
  assert_true(reaper_sleeps_in_kernel());
  file.let_go();
  assert_true(eventually([&] { return open_descriptors() == before - 1; }));
  for (const SlowRequest& request : requests) request.ends_with(0, DIRECT_LENGTH);
  assert_true(file.settled_by == atomrt::exec::By::LIBRARY);
  assert_true(eventually([] { return is_lead_free(); }));
}

void a_direct_request_that_has_completed_needs_no_duplicate(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  file.let_go();
  assert_true(eventually([] { return the_engine().direct.has_events(); }));
  const int before = open_descriptors();
  assert_int_equal(hooked_close(file.fd), 0);
  request.ends_with(0, DIRECT_LENGTH);  // closing looks first
  assert_int_equal(open_descriptors(), before - 1);
}

// io_uring holds the file, so closing does not wait; the duplicate is for what is left behind the kernel's part.
void a_request_in_the_ring_keeps_its_file_for_what_is_left(void**) {
  Busy busy;
  const int fd = file_with("mine");
  Aio read;
  read.read(fd);
  atomrt::chain::Chain& chain = *read.chain();
  assert_true(the_engine().workers.take(chain));
  atomrt::unit::stand(chain, Place::IN_RING);
  const int before = open_descriptors();
  give_number_to(fd, "your");
  assert_int_equal(open_descriptors(), before + 1);
  assert_int_equal(read.place(), Place::IN_RING);
  assert_int_not_equal(chain.io_fd, fd);
  atomrt::unit::stand(chain, Place::MOVING);  // the ring gives it to the next context
  assert_true(offer(the_engine(), chain, atomrt::exec::ContextId::RING) == atomrt::exec::Verdict::ACCEPTED);
  open_gate();
  read.ends_with(0, 4);
  assert_memory_equal(read.buffer, "mine", 4);
  assert_true(eventually([&] { return open_descriptors() == before; }));
  close(fd);
}

// It may not have entered the kernel yet: closing waits a moment, and what is left of it goes to the same file.
void closing_under_a_running_request_is_no_harm(void**) {
  set_threads(1, 1);
  const int fd = file_with("mine");
  Aio read;
  close_gate();
  read.read(fd);
  assert_true(eventually([] { return perform_gate.arrived() == 1; }));
  give_number_to(fd, "your");
  open_gate();
  read.ends_with(0, 4);
  assert_memory_equal(read.buffer, "mine", 4);
  close(fd);
}

// Who forks may hold the loader's lock, that the look waits for. In its child that lock stays locked.
void a_fork_beside_a_look_at_the_objects_goes_on(void**) {
  SKIP_UNDER_TSAN();
  static Gate gate;
  gate.close();
  loaders_gate.store(&gate);
  Thread looker([] { while (gate.arrived() == 0) watch_closing(); });
  assert_true(eventually([] { return gate.arrived() == 1; }));
  const pid_t child = fork();
  if (child == 0) {
    watch_for(20);
    for (int i = 0; i < 200; ++i) watch_closing();
    _exit(0);
  }
  assert_true(child > 0);
  loaders_gate.store(nullptr);
  gate.open();
  looker.join();
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

}  // namespace

extern "C" int real_iterate(int (*)(dl_phdr_info*, size_t, void*), void*) __asm__("__real_dl_iterate_phdr");
extern "C" int gated_iterate(int (*)(dl_phdr_info*, size_t, void*), void*) __asm__("__wrap_dl_iterate_phdr");
extern "C" int gated_iterate(int (*visit)(dl_phdr_info*, size_t, void*), void* argument) {
  if (Gate* gate = loaders_gate.load()) gate->pass();
  return real_iterate(visit, argument);
}

UNIT_TESTS(ENGINE_TEST(without_requests_nothing_is_duplicated), ENGINE_TEST(queued_requests_keep_their_file),
           ENGINE_TEST(held_writes_and_syncs_keep_their_file), ENGINE_TEST(a_blocked_read_keeps_its_stream),
           ENGINE_TEST(two_files_one_after_the_other_under_one_number_are_kept_apart),
           ENGINE_TEST(a_cancelled_request_lets_the_duplicate_go),
           ENGINE_TEST(the_lowest_free_number_stays_the_programs),
           ENGINE_TEST(replacing_a_number_by_itself_changes_nothing),
           ENGINE_TEST(a_stream_of_stdio_that_is_closed_keeps_its_file),
           ENGINE_TEST(a_duplicate_is_not_the_programs_to_close),
           ENGINE_TEST(requests_keep_their_files_when_a_range_is_closed),
           ENGINE_TEST(a_duplicate_at_the_edge_of_a_range_stays_open), ENGINE_TEST(a_child_has_no_duplicates),
           ENGINE_TEST(a_vfork_child_that_closes_leaves_its_parents_requests_alone),
           DIRECT_TEST(a_direct_request_keeps_its_file_for_what_is_left),
           DIRECT_TEST(the_duplicate_of_a_direct_request_goes_though_nobody_looks),
           DIRECT_TEST(a_direct_request_that_has_completed_needs_no_duplicate),
           ENGINE_TEST(a_request_in_the_ring_keeps_its_file_for_what_is_left),
           ENGINE_TEST(closing_under_a_running_request_is_no_harm),
           ENGINE_TEST(a_fork_beside_a_look_at_the_objects_goes_on))
