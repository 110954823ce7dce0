// SPDX-License-Identifier: MIT
// perform: which call is made for which request, where a continuation begins, and how its results add up.
#include "exec/perform.h"

#include "exec/attempts.h"
#include "exec/fake_file.h"

namespace {

using namespace atomrt::exec;
using namespace atomrt::unit;
namespace base = atomrt::base;
namespace os = atomrt::os;
using atomrt::chain::Chain;
using atomrt::chain::Operation;
using atomrt::chain::Request;
using atomrt::os::FileKind;

char buffer[100];

int start_over(void**) {
  fake_file.start_over();
  return 0;
}

Request request_of(Operation operation, FileKind kind = FileKind::STREAM) {
  Request request{};
  request.fd = 3;
  request.operation = operation;
  request.kind = kind;
  request.buffer = buffer;
  request.length = sizeof buffer;
  request.offset = 1000;
  return request;
}

long perform_one(const Request& request) {
  Chain& chain = zeroed<Chain>();
  static_cast<Request&>(chain) = request;
  chain.io_fd.store(17);  // the descriptor's duplicate
  return perform(chain);
}

void reads_and_writes_go_to_their_offset(void**) {
  fake_file.will_give({100, 60});
  assert_int_equal(perform_one(request_of(Operation::READ)), 100);
  assert_int_equal(perform_one(request_of(Operation::WRITE)), 60);
  assert_call(0, "read_at", 17, buffer, 100, 1000);
  assert_call(1, "write_at", 17, buffer, 100, 1000);
  assert_int_equal(fake_file.call_count, 2);
}

void what_was_moved_before_counts(void**) {
  fake_file.will_give({30, 0, -EIO, -EIO});
  Request request = request_of(Operation::READ);
  request.moved = 40;
  assert_int_equal(perform_one(request), 70);
  assert_call(0, "read_at", 17, buffer + 40, 60, 1040);
  assert_int_equal(perform_one(request), 40);  // the end of the file
  assert_int_equal(perform_one(request), 40);  // as read(2) reports an error behind bytes
  request.moved = 0;
  assert_int_equal(perform_one(request), -EIO);
}

void each_sync_is_its_own_call(void**) {
  fake_file.will_give({0, -EROFS});
  assert_int_equal(perform_one(request_of(Operation::FSYNC)), 0);
  assert_int_equal(perform_one(request_of(Operation::FDATASYNC)), -EROFS);
  assert_call(0, "fsync", 17, nullptr, 0);
  assert_call(1, "fdatasync", 17, nullptr, 0);
}

void a_short_read_is_a_result(void**) {
  Request request = request_of(Operation::READ);
  assert_done(settle(request, 5), 5);
  assert_int_equal(request.moved, 5);
  request.moved = 0;
  assert_done(settle(request, 0), 0);  // the peer has gone
}

void a_write_on_a_blocking_stream_goes_on_until_it_is_whole(void**) {
  Request request = request_of(Operation::WRITE);
  assert_outcome(settle(request, 60), NOT_READY);
  assert_int_equal(request.moved, 60);
  assert_outcome(settle(request, -EAGAIN), NOT_READY);
  assert_done(settle(request, 40), 100);
}

void a_write_that_breaks_off_reports_what_was_moved(void**) {
  Request request = request_of(Operation::WRITE);
  assert_outcome(settle(request, 60), NOT_READY);
  assert_done(settle(request, -EPIPE), 60);
  request.moved = 0;
  assert_done(settle(request, -EPIPE), -EPIPE);
}

void a_nonblocking_stream_behaves_as_read_and_write_do(void**) {
  Request request = request_of(Operation::WRITE);
  request.nonblocking = true;
  assert_done(settle(request, -EAGAIN), -EAGAIN);
  assert_done(settle(request, 60), 60);
  request = request_of(Operation::READ);
  request.nonblocking = true;
  assert_done(settle(request, -EAGAIN), -EAGAIN);
}

void a_blocking_stream_that_is_not_ready_is_not_over(void**) {
  Request request = request_of(Operation::READ);
  assert_outcome(settle(request, -EAGAIN), NOT_READY);
  assert_int_equal(request.moved, 0);
}

void a_write_of_nothing_is_whole(void**) {
  Request request = request_of(Operation::WRITE);
  request.length = 0;
  assert_done(settle(request, 0), 0);
}

void an_attempt_does_not_wait_and_goes_on_behind_what_was_moved(void**) {
  fake_file.will_give({5, 25, -EAGAIN});
  Request read = request_of(Operation::READ);
  assert_done(attempt(read, 17), 5);
  assert_call(0, "read_next_now", 17, buffer, 100, false);
  Request write = request_of(Operation::WRITE);
  write.is_socket = true;
  write.moved = 30;
  assert_outcome(attempt(write, 17), NOT_READY);
  assert_call(1, "write_next_now", 17, buffer + 30, 70, true);
  assert_int_equal(write.moved, 55);
  assert_outcome(attempt(write, 17), NOT_READY);
  assert_call(2, "write_next_now", 17, buffer + 55, 45, true);
}

void a_descriptor_that_cannot_be_asked_is_told(void**) {
  fake_file.will_give({-EOPNOTSUPP, -EOPNOTSUPP});
  Request read = request_of(Operation::READ);
  assert_outcome(attempt(read, 17), CANNOT_ASK);
  Request write = request_of(Operation::WRITE);
  assert_outcome(attempt(write, 17), CANNOT_ASK);
  fake_file.will_give({-ENOSYS, -EPERM, -EACCES});  // an old kernel, a seccomp filter
  assert_outcome(attempt(read, 17), CANNOT_ASK);
  assert_outcome(attempt(write, 17), CANNOT_ASK);
  fake_file.will_give({-EACCES, -EPERM});
  read.is_socket = true;  // where the socket itself says so, the plain call does, too
  assert_outcome(attempt(read, 17), CANNOT_ASK);
  assert_outcome(attempt(read, 17), CANNOT_ASK);
}

void a_descriptor_of_unknown_flags_is_not_asked(void**) {
  for (const Operation operation : {Operation::READ, Operation::WRITE}) {
    Request request = request_of(operation);
    request.flags_unknown = request.nonblocking = true;
    assert_outcome(attempt(request, 17), CANNOT_ASK);
    assert_true(needs_no_peer(request, 17));
  }
  assert_int_equal(fake_file.call_count, 0);
}

// But of a socket, whose own calls look at it.
void of_no_bytes_only_the_plain_call_is_asked(void**) {
  fake_file.will_give({-EINVAL, 0});
  Request read = request_of(Operation::READ), write = request_of(Operation::WRITE);
  read.length = write.length = 0;
  assert_outcome(attempt(read, 17), CANNOT_ASK);
  assert_outcome(attempt(write, 17), CANNOT_ASK);
  assert_int_equal(fake_file.call_count, 0);
  assert_done(perform_stream(read, 17), -EINVAL);
  assert_done(perform_stream(write, 17), 0);
}

void a_call_that_may_wait_is_the_plain_one(void**) {
  fake_file.will_give({7, 30, -EPIPE});
  Request read = request_of(Operation::READ);
  assert_done(perform_stream(read, 17), 7);
  assert_call(0, "read_next", 17, buffer, 100);
  Request write = request_of(Operation::WRITE);
  assert_outcome(perform_stream(write, 17), NOT_READY);
  assert_done(perform_stream(write, 17), 30);
  assert_call(2, "write_next", 17, buffer + 30, 70);
}

// A device, or a file of /proc: it is asked at the offset, and its short transfers are whole.
void a_stream_with_offsets_is_called_at_them(void**) {
  fake_file.will_give({30, 40, 50, 60, -EAGAIN});
  Request read = request_of(Operation::READ), write = request_of(Operation::WRITE);
  read.is_at_offset = write.is_at_offset = true;
  assert_done(attempt(read, 17), 30);
  assert_done(attempt(write, 17), 40);
  assert_call(0, "read_at_now", 17, buffer, 100, 1000);
  assert_call(1, "write_at_now", 17, buffer, 100, 1000);
  read.moved = write.moved = 0;
  assert_done(perform_stream(read, 17), 50);
  assert_done(perform_stream(write, 17), 60);
  assert_call(2, "read_at", 17, buffer, 100, 1000);
  assert_call(3, "write_at", 17, buffer, 100, 1000);
  assert_done(perform_stream(write, 17), -EAGAIN);  // an error as any other
  read.offset = -1;
  assert_done(attempt(read, 17), -EINVAL);
  assert_int_equal(fake_file.call_count, 5);
}

// It can be read at any offset, but is written in sequence only.
void a_file_that_takes_no_offset_is_written_in_sequence(void**) {
  os::FileIdentity identity{};
  identity.is_regular = true;
  fake_file.identity = identity;
  fake_file.will_give({-ESPIPE, 0, 70, -ESPIPE, -ESPIPE, 0, -ESPIPE, 0});  // 0: identify, whose answer is above
  Request write = request_of(Operation::WRITE);
  assert_int_equal(perform_one(write), 70);
  assert_call(0, "write_at", 17, buffer, 100, 1000);
  assert_call(1, "identify", 17, nullptr, 0);
  assert_call(2, "write_next", 17, buffer, 100);
  write.moved = 40;
  assert_int_equal(perform_one(write), 40);
  write.moved = 0;
  fake_file.identity = os::FileIdentity{};  // a pipe that has got the number
  assert_int_equal(perform_one(write), -ESPIPE);
  fake_file.identity = base::Error{EBADF};
  assert_int_equal(perform_one(write), -ESPIPE);
  assert_int_equal(fake_file.call_count, 8);
}

// Its own calls look at a message without bytes.
void a_socket_is_asked_for_no_bytes_too(void**) {
  fake_file.will_give({0});
  Request read = request_of(Operation::READ);
  read.length = 0;
  read.is_socket = read.nonblocking = true;
  assert_done(attempt(read, 17), 0);
  assert_call(0, "read_next_now", 17, buffer, 0, true);
}

void some_calls_need_no_peer(void**) {
  Request read = request_of(Operation::READ), write = request_of(Operation::WRITE);
  fake_file.flags = O_RDWR;
  assert_false(needs_no_peer(read, 17) || needs_no_peer(write, 17));
  fake_file.flags = O_RDONLY | O_APPEND;
  assert_true(!needs_no_peer(read, 17) && needs_no_peer(write, 17));
  fake_file.flags = O_WRONLY | O_APPEND;
  assert_true(needs_no_peer(read, 17) && !needs_no_peer(write, 17));
  fake_file.flags = O_RDWR;
  read.length = 0;
  write.nonblocking = true;
  assert_true(needs_no_peer(read, 17) && needs_no_peer(write, 17));
  read.length = sizeof buffer;
  write.nonblocking = false;
  fake_file.flags = base::Error{EBADF};
  assert_false(needs_no_peer(read, 17) || needs_no_peer(write, 17));
  read.is_by_call = write.is_at_offset = true;  // poll may be useless for writes
  assert_true(!needs_no_peer(read, 17) && needs_no_peer(write, 17));
}

}  // namespace

#define TEST(name) cmocka_unit_test_setup(name, start_over)
UNIT_TESTS(TEST(reads_and_writes_go_to_their_offset), TEST(what_was_moved_before_counts),
           TEST(each_sync_is_its_own_call), TEST(a_short_read_is_a_result),
           TEST(a_write_on_a_blocking_stream_goes_on_until_it_is_whole),
           TEST(a_write_that_breaks_off_reports_what_was_moved),
           TEST(a_nonblocking_stream_behaves_as_read_and_write_do),
           TEST(a_blocking_stream_that_is_not_ready_is_not_over), TEST(a_write_of_nothing_is_whole),
           TEST(an_attempt_does_not_wait_and_goes_on_behind_what_was_moved),
           TEST(a_descriptor_that_cannot_be_asked_is_told), TEST(a_descriptor_of_unknown_flags_is_not_asked),
           TEST(of_no_bytes_only_the_plain_call_is_asked), TEST(a_call_that_may_wait_is_the_plain_one),
           TEST(a_stream_with_offsets_is_called_at_them), TEST(a_file_that_takes_no_offset_is_written_in_sequence),
           TEST(a_socket_is_asked_for_no_bytes_too), TEST(some_calls_need_no_peer))
