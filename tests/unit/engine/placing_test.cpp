// SPDX-License-Identifier: MIT
// placing: a direct transfer alone under its number asks nobody for its file, until a sync or a context has to know it.
#include "engine/placing.h"

#include "engine/direct_requests.h"
#include "engine/hold.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Operation, atomrt::chain::Order, atomrt::chain::Place, atomrt::exec::Hint;

std::atomic<int> identified{0}, refusal{0};  // refusal: what asking fails with
// What happens once while somebody asks, before he has the answer.
void (*meanwhile)() = nullptr;

}  // namespace

WRAPPED(atomrt::base::Expected<atomrt::os::FileIdentity>, identify, "_ZN6atomrt2os8identifyEi", (int fd)) {
  identified.fetch_add(1);
  if (void (*act)() = meanwhile; act != nullptr) {
    meanwhile = nullptr;
    act();
  }
  if (refusal != 0) return atomrt::base::Error{refusal};
  return real_identify(fd);
}

namespace {

struct KnownFile : LateFile {
  KnownFile() { identified.store(0); }
};

void is_late(const SlowRequest& request) {
  assert_int_equal(request.place(), Place::IN_AIO);
  assert_int_equal(request.chain()->order, Order::LATE);
}

void the_next_transfer_of_a_known_number_asks_for_no_file(void**) {
  KnownFile file;
  for (const Operation operation : {Operation::READ, Operation::WRITE}) {
    SlowRequest request;
    request.start(file, operation);
    is_late(request);
    assert_true(the_engine().registry.latecomers.any());
    file.let_go();
    request.ends_when_looked_at(0, DIRECT_LENGTH);
    assert_false(the_engine().registry.latecomers.any());
    file.hold_up();
  }
  assert_int_equal(identified, 0);
  assert_true(is_idle());
}

void beside_others_the_file_is_known_once_and_for_all(void**) {
  KnownFile file;
  SlowRequest requests[4];
  for (SlowRequest& request : requests) request.start(file);
  is_late(requests[0]);
  for (int i = 1; i < 4; ++i) assert_int_equal(requests[i].chain()->order, Order::NONE);
  assert_int_equal(identified, 1);
  file.let_go();
  for (const SlowRequest& request : requests) request.ends_when_looked_at(0, DIRECT_LENGTH);
}

void only_what_has_no_order_and_tells_nobody_comes_late(void**) {
  KnownFile file;
  Engine& engine = the_engine();
  SlowRequest aio;
  aio.block.aio_fildes = file.fd;
  atomrt::chain::Request request = atomrt::chain::build(&aio.block, Operation::WRITE);
  const int flags = fcntl(file.fd, F_GETFL) | O_DIRECT;
  assert_true(may_come_late(engine, request, flags));
  assert_false(may_come_late(engine, request, flags & ~O_DIRECT));
  assert_false(may_come_late(engine, request, flags | O_APPEND));
  assert_false(may_come_late(engine, request, O_RDWR | O_DIRECT));  // as a pipe has them
  const auto refused = [&](auto change) {
    atomrt::chain::Request other = request;
    change(other);
    return !may_come_late(engine, other, flags);
  };
  assert_true(refused([](auto& other) { other.operation = Operation::FSYNC; }));
  assert_true(refused([](auto& other) { other.offset = -1; }));
  assert_true(refused([](auto& other) { other.notification.by = atomrt::chain::NotifyBy::SIGNAL; }));
  assert_true(refused([](auto& other) { other.group = &zeroed<atomrt::chain::Group>(); }));
  assert_true(refused([](auto& other) { other.fd += 1; }));
  engine.streams.fetch_add(1);
  assert_false(may_come_late(engine, request, flags));
  engine.streams.fetch_sub(1);
  SlowRequest first;
  first.start(file);
  assert_false(may_come_late(engine, request, flags));
  file.let_go();
  first.ends_when_looked_at(0, DIRECT_LENGTH);
}

// By the same number, and by another one of the file.
void a_sync_waits_for_what_came_late(void**) {
  KnownFile file;
  const int again = dup(file.fd);
  for (const int fd : {file.fd, again}) {
    SlowRequest write;
    Aio sync;
    write.start(file, Operation::WRITE);
    is_late(write);
    sync.sync(fd);
    assert_int_equal(sync.place(), Place::HELD);
    assert_false(the_engine().registry.latecomers.any());
    file.let_go();
    write.ends_when_looked_at(0, DIRECT_LENGTH);
    sync.ends_with(0, 0);
    assert_true(eventually([] { return is_idle(); }));
    file.hold_up();
  }
  close(again);
}

void another_files_sync_does_not_wait(void**) {
  KnownFile file;
  MemoryFile other;
  SlowRequest write;
  Aio sync;
  write.start(file, Operation::WRITE);
  sync.sync(other.fd).ends_with(0, 0);
  assert_int_equal(write.error(), EINPROGRESS);
  file.let_go();
  write.ends_when_looked_at(0, DIRECT_LENGTH);
}

// In its lane by a sync, and the kernel is out of memory when it is asked once more.
void what_is_cut_short_goes_on_though_its_file_cannot_be_told(void**) {
  KnownFile file;
  SlowRequest request;
  Aio sync;
  request.start(file);
  is_late(request);
  sync.sync(file.fd);
  assert_int_equal(sync.place(), Place::HELD);
  refusal.store(ENOMEM);
  file.let_go(512);
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  refusal.store(0);
  sync.ends_with(0, 0);
}

void what_the_kernel_would_wait_for_finds_its_lane(void**) {
  KnownFile file;
  for (const bool has_sync : {false, true}) {
    SlowRequest request;
    Aio sync;
    request.start(file);
    is_late(request);
    if (has_sync) sync.sync(file.fd);
    file.let_go(-EAGAIN);
    request.ends_when_looked_at(0, DIRECT_LENGTH);
    if (has_sync) sync.ends_with(0, 0);
    assert_int_equal(request.data[DIRECT_LENGTH - 1], 'a' + DIRECT_LENGTH / 512 - 1);
    assert_true(eventually([] { return is_idle(); }));
    file.hold_up();
  }
}

// While its owner asks for its file it is still found by a sync.
Aio* sync_meanwhile = nullptr;
int fd_meanwhile = -1;
void a_sync_that_comes_while_it_finds_its_lane_waits(void**) {
  KnownFile file;
  SlowRequest write;
  Aio sync;
  sync_meanwhile = &sync;
  fd_meanwhile = file.fd;
  write.start(file, Operation::WRITE);
  close_gate();
  file.let_go(-EAGAIN);
  assert_true(eventually([] { return the_engine().direct.has_events(); }));
  meanwhile = [] { sync_meanwhile->sync(fd_meanwhile); };
  look();
  assert_null(reinterpret_cast<void*>(meanwhile));
  assert_int_equal(sync.place(), Place::HELD);
  open_gate();
  write.ends_with(0, DIRECT_LENGTH);
  sync.ends_with(0, 0);
}

// While a sync asks for its file the number may be closed, and mean another one.
void a_sync_that_comes_while_its_number_is_closed_waits(void**) {
  KnownFile file;
  MemoryFile other;
  const int kept = dup(file.fd);
  static int others_fd;
  others_fd = other.fd;
  fd_meanwhile = file.fd;
  SlowRequest write;
  Aio sync;
  write.start(file, Operation::WRITE);
  const int before = identified;
  // The first question is the sync's own, of the number that it was given.
  meanwhile = [] {
    meanwhile = [] {
      before_close(fd_meanwhile);
      if (atomrt::os::system_call(SYS_dup3, others_fd, fd_meanwhile, 0) != fd_meanwhile) abort();
    };
  };
  sync.sync(kept);
  assert_int_equal(identified - before, 4);  // one of them for the lane whose number is closed
  assert_int_equal(sync.place(), Place::HELD);
  file.let_go();
  write.ends_when_looked_at(0, DIRECT_LENGTH);
  sync.ends_with(0, 0);
  assert_int_equal(dup2(kept, file.fd), file.fd);
  close(kept);
}

void the_rest_of_a_cut_transfer_finds_its_lane(void**) {
  KnownFile file;
  SlowRequest request;
  request.start(file);
  file.let_go(512);
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  assert_int_equal(request.data[0], 0);
  assert_int_equal(request.data[512], 'b');
}

void where_the_kernel_has_no_room_it_goes_elsewhere_at_once(void**) {
  KnownFile file;
  file.refusal.store(EAGAIN);
  SlowRequest request;
  request.start(file);
  request.ends_with(0, DIRECT_LENGTH);
  assert_int_equal(identified, 1);
  file.refusal.store(0);
  SlowRequest next;
  next.start(file);
  assert_int_equal(next.chain()->order, Order::NONE);
  file.let_go();
  next.ends_when_looked_at(0, DIRECT_LENGTH);
}

void where_nobody_takes_it_it_is_refused(void**) {
  KnownFile file;
  thread_fault.refused.store(ALL);
  file.refusal.store(EAGAIN);
  SlowRequest request;
  request.start(file);
  assert_int_equal(request.submitted, EAGAIN);
  assert_int_equal(request.error(), EAGAIN);
  assert_true(is_idle());
}

// The number is gone by a way that the library does not see.
void without_its_descriptor_it_fails(void**) {
  KnownFile file;
  const int kept = dup(file.fd);
  SlowRequest request;
  request.start(file);
  atomrt::os::system_call(SYS_close, file.fd);
  file.let_go(-EAGAIN);
  request.ends_when_looked_at(EBADF, -1);
  assert_true(is_idle());
  assert_int_equal(dup2(kept, file.fd), file.fd);
  close(kept);
}

// A sync waits in the lane that the sync has let it into.
void in_its_lane_it_goes_on_whatever_its_number_means(void**) {
  for (const bool is_pipe : {false, true}) {
    KnownFile file;
    Pipe pipe;
    const int kept = dup(file.fd);
    SlowRequest write;
    Aio sync;
    write.start(file, Operation::WRITE);
    sync.sync(kept);
    assert_int_equal(sync.place(), Place::HELD);
    if (is_pipe) {
      assert_int_equal(atomrt::os::system_call(SYS_dup3, pipe.in, file.fd, 0), file.fd);
    } else {
      atomrt::os::system_call(SYS_close, file.fd);
    }
    file.let_go(-EAGAIN);
    assert_true(write.ends_by_looking());
    assert_int_equal(write.error(), is_pipe ? ESPIPE : EBADF);
    sync.ends_with(0, 0);
    assert_true(eventually([] { return is_idle(); }));
    assert_int_equal(dup2(kept, file.fd), file.fd);
    close(kept);
  }
}

void it_keeps_its_file_where_the_number_is_closed(void**) {
  KnownFile file;
  const int kept = dup(file.fd);
  MemoryFile other("other");
  SlowRequest request;
  request.start(file);
  before_close(file.fd);
  assert_int_equal(atomrt::os::system_call(SYS_dup3, other.fd, file.fd, 0), file.fd);
  file.let_go(-EAGAIN);
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  assert_int_equal(request.data[0], 'a');
  assert_int_equal(request.data[DIRECT_LENGTH - 1], 'a' + DIRECT_LENGTH / 512 - 1);
  assert_int_equal(dup2(kept, file.fd), file.fd);
  close(kept);
}

// A pipe that has O_DIRECT, and was opened by its name: nothing tells it from a file.
void a_stream_that_came_late_is_in_order_before_the_next(void**) {
  KnownFile file;
  Pipe pipe;
  char name[32];
  snprintf(name, sizeof name, "/proc/self/fd/%d", pipe.out);
  const int named = open(name, O_RDWR | O_CLOEXEC);
  const int kept = dup(file.fd);
  assert_int_equal(dup2(named, file.fd), file.fd);
  SlowRequest first;
  Aio second;
  first.start(file);
  is_late(first);
  file.let_go(-EAGAIN);
  assert_true(eventually([] { return the_engine().direct.has_events(); }));
  second.read(pipe.out, 1);
  assert_int_equal(first.chain()->order, Order::STREAM_READS);
  assert_int_equal(second.place(), Place::HELD);
  assert_int_equal(the_engine().streams, 2);
  assert_int_equal(write(pipe.in, "1", 1), 1);
  first.ends_with(0, 1);
  assert_int_equal(write(pipe.in, "2", 1), 1);
  second.ends_with(0, 1);
  assert_int_equal(first.data[0], '1');
  assert_int_equal(second.buffer[0], '2');
  assert_true(eventually([] { return is_idle(); }));
  assert_int_equal(dup2(kept, file.fd), file.fd);
  close(kept);
  close(named);
}

// Only where kernel AIO is given its transfers.
void a_number_is_known_for_direct_transfers_of_this_machines_storage_alone(void**) {
  KnownFile file;
  Engine& engine = the_engine();
  SlowRequest aio;
  aio.block.aio_fildes = file.fd;
  atomrt::chain::Request request = atomrt::chain::build(&aio.block, Operation::READ);
  const auto identity = atomrt::os::identify(file.fd);
  const auto is_noted = [&](auto change) {
    request.direct = request.is_local = true;
    request.is_disk = false;
    request.kind = atomrt::os::FileKind::POSITIONAL;
    change(request);
    engine.hints.put(file.fd, Hint::LATE, false);
    note_number(engine, request, *identity);
    return engine.hints.has(file.fd, Hint::LATE);
  };
  assert_true(is_noted([](auto&) {}));
  assert_true(is_noted([](auto& disk) { disk.is_local = false, disk.is_disk = true; }));
  assert_false(is_noted([](auto& remote) { remote.is_local = false; }));
  assert_false(is_noted([](auto& buffered) { buffered.direct = false; }));
  assert_false(is_noted([](auto& stream) { stream.kind = atomrt::os::FileKind::STREAM; }));
  // What was noted of the number before is taken back.
  engine.hints.put(file.fd, Hint::LATE, true);
  request.is_local = request.is_disk = false;
  note_number(engine, request, *identity);
  assert_false(engine.hints.has(file.fd, Hint::LATE));
}

// The last test, as all of these files are on one device.
void where_the_file_system_knows_no_such_transfers_none_comes_late(void**) {
  KnownFile file;
  SlowRequest request;
  request.start(file);
  is_late(request);
  file.let_go(-EOPNOTSUPP);
  request.ends_when_looked_at(0, DIRECT_LENGTH);
  file.hold_up();
  const int asked = file.submitted;
  SlowRequest next;
  next.start(file).ends_with(0, DIRECT_LENGTH);
  assert_int_equal(file.submitted, asked);
  assert_false(the_engine().hints.has(file.fd, Hint::LATE));
}

}  // namespace

UNIT_TESTS(DIRECT_TEST(the_next_transfer_of_a_known_number_asks_for_no_file),
           DIRECT_TEST(beside_others_the_file_is_known_once_and_for_all),
           DIRECT_TEST(only_what_has_no_order_and_tells_nobody_comes_late),
           DIRECT_TEST(a_sync_waits_for_what_came_late), DIRECT_TEST(another_files_sync_does_not_wait),
           DIRECT_TEST(what_is_cut_short_goes_on_though_its_file_cannot_be_told),
           DIRECT_TEST(what_the_kernel_would_wait_for_finds_its_lane),
           DIRECT_TEST(a_sync_that_comes_while_it_finds_its_lane_waits),
           DIRECT_TEST(a_sync_that_comes_while_its_number_is_closed_waits),
           DIRECT_TEST(the_rest_of_a_cut_transfer_finds_its_lane),
           DIRECT_TEST(where_the_kernel_has_no_room_it_goes_elsewhere_at_once),
           DIRECT_TEST(where_nobody_takes_it_it_is_refused), DIRECT_TEST(without_its_descriptor_it_fails),
           DIRECT_TEST(in_its_lane_it_goes_on_whatever_its_number_means),
           DIRECT_TEST(it_keeps_its_file_where_the_number_is_closed),
           DIRECT_TEST(a_stream_that_came_late_is_in_order_before_the_next),
           DIRECT_TEST(a_number_is_known_for_direct_transfers_of_this_machines_storage_alone),
           DIRECT_TEST(where_the_file_system_knows_no_such_transfers_none_comes_late))
