// SPDX-License-Identifier: MIT
// head: what it takes, what it declines and what it never tries; the kernel's answers are scripted.
#include "exec/head.h"

#include "exec/attempts.h"
#include "exec/fake_file.h"
#include "os/signals.h"
#include "os/system_call.h"

namespace {

using namespace atomrt::exec;
using namespace atomrt::unit;
using atomrt::chain::Operation;
using atomrt::chain::Request;
using atomrt::os::FileIdentity;
using atomrt::os::FileKind;

char buffer[1000];

int start_over(void**) {
  fake_file.start_over();
  return 0;
}

Request request_of(Operation operation) {
  Request request{};
  request.fd = 3;
  request.operation = operation;
  request.buffer = buffer;
  request.length = 1000;
  request.offset = 5000;
  return request;
}

// Of a length that a budget counts.
Request large_request_of(Operation operation) {
  Request request = request_of(operation);
  request.length = 2 * Budget::SMALL;
  return request;
}

void a_cached_read_is_one_call(void**) {
  fake_file.will_give({1000});
  Request request = request_of(Operation::READ);
  Budget budget(Budget::ONE_CALL);
  assert_done(read_in_head(request, budget), 1000);
  assert_call(0, "read_at_now", 3, buffer, 1000, 5000);
  assert_int_equal(fake_file.call_count, 1);
  assert_int_equal(budget.left(), Budget::ONE_CALL);  // it is small
  fake_file.will_give({8192});
  Request large = large_request_of(Operation::READ);
  assert_done(read_in_head(large, budget), 8192);
  assert_int_equal(budget.left(), Budget::ONE_CALL - 8192);
}

void an_unexamined_read_is_one_call_that_o_direct_refuses(void**) {
  fake_file.will_give({400, 600, -EINVAL, 300, -EAGAIN});
  Budget budget(Budget::ONE_CALL);
  Request request = request_of(Operation::READ);
  assert_done(read_unexamined_in_head(request, budget), 1000);
  assert_call(0, "read_memory_at_now", 3, buffer, 1000, 5000);
  assert_call(1, "read_memory_at_now", 3, buffer + 400, 600, 5400);
  Request direct = request_of(Operation::READ);
  assert_outcome(read_unexamined_in_head(direct, budget), UNEXAMINED);
  assert_int_equal(direct.moved, 0);
  Request missing = request_of(Operation::READ);
  assert_outcome(read_unexamined_in_head(missing, budget), DECLINED);
  assert_int_equal(missing.moved, 300);
  Request before = request_of(Operation::READ);
  before.offset = -1;
  assert_outcome(read_unexamined_in_head(before, budget), UNEXAMINED);
  assert_int_equal(fake_file.call_count, 5);
}

void a_short_read_is_asked_again_until_the_end_of_the_file(void**) {
  fake_file.will_give({300, 400, 0});
  Request request = request_of(Operation::READ);
  Budget budget(Budget::ONE_CALL);
  assert_done(read_in_head(request, budget), 700);
  assert_call(1, "read_at_now", 3, buffer + 300, 700, 5300);
  assert_call(2, "read_at_now", 3, buffer + 700, 300, 5700);
}

// A packet from a TUN, which takes reads at an offset that do not wait.
void a_short_read_of_a_device_is_its_result(void**) {
  fake_file.will_give({300, 400});
  fake_file.is_device = true;
  Request request = request_of(Operation::READ);
  Budget budget(Budget::ONE_CALL);
  assert_done(read_unexamined_in_head(request, budget), 300);
  assert_int_equal(fake_file.call_count, 1);
}

void a_read_that_the_budget_would_cut_is_examined_first(void**) {
  Request request = request_of(Operation::READ);
  request.notification.by = atomrt::chain::NotifyBy::THREAD;
  Budget budget(600);
  assert_outcome(read_unexamined_in_head(request, budget), UNEXAMINED);
}

void a_page_that_is_missing_leaves_the_rest_to_others(void**) {
  fake_file.will_give({300, -EAGAIN});
  Request request = request_of(Operation::READ);
  Budget budget(Budget::ONE_CALL);
  assert_outcome(read_in_head(request, budget), DECLINED);
  assert_int_equal(request.moved, 300);
  assert_int_equal(fake_file.call_count, 2);
}

// Whatever the error: a slower context finds the true one.
void errors_of_a_read_decline(void**) {
  for (const int error : {EAGAIN, EOPNOTSUPP, EIO, EFAULT, EISDIR}) {
    fake_file.start_over();
    fake_file.will_give({-error});
    Request request = request_of(Operation::READ);
    Budget budget(Budget::ONE_CALL);
    assert_outcome(read_in_head(request, budget), DECLINED);
    assert_int_equal(request.moved, 0);
  }
}

void a_stream_shows_itself_by_espipe(void**) {
  fake_file.will_give({-ESPIPE});
  Request request = request_of(Operation::READ);
  Budget budget(Budget::ONE_CALL);
  assert_outcome(read_in_head(request, budget), IS_STREAM);
}

void a_read_of_nothing_is_for_the_plain_call(void**) {
  Request request = request_of(Operation::READ);
  request.length = 0;
  Budget budget(Budget::ONE_CALL);
  assert_outcome(read_unexamined_in_head(request, budget), UNEXAMINED);
  assert_outcome(read_in_head(request, budget), DECLINED);
  assert_outcome(stream_in_head(request, budget), DECLINED);
  assert_int_equal(fake_file.call_count, 0);
}

void the_budget_ends_a_read(void**) {
  fake_file.will_give({600});
  Request request = large_request_of(Operation::READ);
  Budget budget(600);
  assert_outcome(read_in_head(request, budget), DECLINED);
  assert_int_equal(fake_file.call_count, 1);
  assert_call(0, "read_at_now", 3, buffer, 600, 5000);
  assert_int_equal(request.moved, 600);
  assert_int_equal(budget.left(), 0);
  Request next = large_request_of(Operation::READ);  // of the same call, which has used it up
  assert_outcome(read_in_head(next, budget), DECLINED);
  assert_int_equal(fake_file.call_count, 1);
  assert_int_equal(next.moved, 0);
  fake_file.will_give({400, 600});
  Request small = request_of(Operation::READ);  // hardly dearer than to hand it over
  assert_done(read_in_head(small, budget), 1000);
  Request notifying = request_of(Operation::READ);
  notifying.notification.by = atomrt::chain::NotifyBy::THREAD;
  assert_outcome(read_in_head(notifying, budget), DECLINED);
}

// Data that is in memory: the rest is likely to be, too.
void a_read_that_only_the_budget_ends_is_modest(void**) {
  fake_file.will_give({600, -EAGAIN});
  Budget budget(600);
  Request first = large_request_of(Operation::READ), next = first, elsewhere = first;
  assert_outcome(read_in_head(first, budget), DECLINED);
  assert_true(first.is_modest);
  assert_outcome(read_in_head(next, budget), DECLINED);
  assert_true(next.is_modest);
  elsewhere.fd = 4;  // of which nothing is known
  assert_outcome(read_in_head(elsewhere, budget), DECLINED);
  assert_false(elsewhere.is_modest);
  Budget enough(Budget::ONE_CALL);
  Request missing = request_of(Operation::READ);
  assert_outcome(read_in_head(missing, enough), DECLINED);
  assert_false(missing.is_modest);
}

void what_waits_for_the_disk_is_never_tried(void**) {
  Budget budget(Budget::UNLIMITED);
  Request direct = request_of(Operation::READ);
  direct.direct = true;
  assert_outcome(read_in_head(direct, budget), DECLINED);
  Devices& refusing = zeroed<Devices>();
  Descriptor descriptor{};
  Request write = request_of(Operation::WRITE);
  write.direct = true;
  assert_outcome(write_in_head(write, descriptor, budget, refusing), DECLINED);
  write = request_of(Operation::WRITE);
  for (const int flags : {O_SYNC, O_DSYNC, O_SYNC | O_RDWR}) {
    descriptor.flags = flags;
    assert_outcome(write_in_head(write, descriptor, budget, refusing), DECLINED);
  }
  assert_int_equal(fake_file.call_count, 0);
}

void negative_offsets_are_left_to_the_slower_contexts(void**) {
  Budget budget(Budget::UNLIMITED);
  Request read = request_of(Operation::READ);
  read.offset = -1;  // would mean the file position to preadv2
  assert_outcome(read_in_head(read, budget), DECLINED);
  Request write = request_of(Operation::WRITE);
  write.offset = -1;
  assert_outcome(write_in_head(write, {}, budget, zeroed<Devices>()), DECLINED);
  assert_int_equal(fake_file.call_count, 0);
}

void an_append_is_left_to_its_lane(void**) {
  Budget budget(Budget::UNLIMITED);
  Request write = request_of(Operation::WRITE);
  write.append = true;
  assert_outcome(write_in_head(write, {}, budget, zeroed<Devices>()), DECLINED);
  assert_int_equal(fake_file.call_count, 0);
}

void a_write_is_taken_where_the_file_system_takes_it(void**) {
  fake_file.will_give({8192, 400});
  Budget budget(Budget::ONE_CALL);
  Request write = large_request_of(Operation::WRITE);
  assert_done(write_in_head(write, {}, budget, zeroed<Devices>()), 8192);
  assert_call(0, "write_at_now", 3, buffer, 8192, 5000);
  Request partial = large_request_of(Operation::WRITE);
  assert_outcome(write_in_head(partial, {}, budget, zeroed<Devices>()), DECLINED);
  assert_int_equal(partial.moved, 400);
  assert_int_equal(fake_file.call_count, 2);
  assert_int_equal(budget.left(), Budget::ONE_CALL - 8592);
}

void a_file_system_that_refuses_is_asked_once(void**) {
  fake_file.will_give({-EOPNOTSUPP, 1000});
  Devices& refusing = zeroed<Devices>();
  Budget budget(Budget::ONE_CALL);
  Descriptor descriptor{};
  descriptor.identity.device = 77;
  for (int i = 0; i < 3; ++i) {
    Request write = request_of(Operation::WRITE);
    assert_outcome(write_in_head(write, descriptor, budget, refusing), DECLINED);
  }
  assert_int_equal(fake_file.call_count, 1);
  descriptor.identity.device = 78;
  Request other = request_of(Operation::WRITE);
  assert_done(write_in_head(other, descriptor, budget, refusing), 1000);
}

void a_file_system_that_would_wait_this_time_is_asked_again(void**) {
  fake_file.will_give({-EAGAIN, 1000});
  Devices& refusing = zeroed<Devices>();
  Budget budget(Budget::ONE_CALL);
  Request write = request_of(Operation::WRITE);
  assert_outcome(write_in_head(write, {}, budget, refusing), DECLINED);
  assert_done(write_in_head(write, {}, budget, refusing), 1000);
}

void a_write_leaves_no_signal_behind(void**) {
  signal(SIGXFSZ, SIG_DFL);
  fake_file.will_give({-EFBIG});
  Budget budget(Budget::ONE_CALL);
  Request write = request_of(Operation::WRITE);
  const auto before = atomrt::os::block_signals(0);
  assert_outcome(write_in_head(write, {}, budget, zeroed<Devices>()), DECLINED);
  assert_int_equal(atomrt::os::block_signals(0), before);
}

void a_stream_that_is_ready_is_served(void**) {
  fake_file.will_give({10, 1000, 0});
  Budget budget(Budget::ONE_CALL);
  Request read = request_of(Operation::READ);
  assert_done(stream_in_head(read, budget), 10);
  assert_call(0, "read_next_now", 3, buffer, 1000, false);
  Request write = request_of(Operation::WRITE);
  assert_done(stream_in_head(write, budget), 1000);
  assert_call(1, "write_next_now", 3, buffer, 1000, false);
  Request socket = request_of(Operation::READ);
  socket.is_socket = true;
  assert_done(stream_in_head(socket, budget), 0);
  assert_call(2, "read_next_now", 3, buffer, 1000, true);
}

void a_stream_that_is_not_ready_declines(void**) {
  fake_file.will_give({-EAGAIN, 600, -EOPNOTSUPP});
  Budget budget(Budget::ONE_CALL);
  Request read = request_of(Operation::READ);
  assert_outcome(stream_in_head(read, budget), DECLINED);
  Request write = request_of(Operation::WRITE);
  assert_outcome(stream_in_head(write, budget), DECLINED);  // never short on a blocking stream
  assert_int_equal(write.moved, 600);
  assert_true(read.was_not_ready && write.was_not_ready);
  Request terminal = request_of(Operation::READ);
  assert_outcome(stream_in_head(terminal, budget), DECLINED);
  assert_false(terminal.was_not_ready);  // it could not be asked
}

void a_nonblocking_stream_has_its_result_at_once(void**) {
  fake_file.will_give({-EAGAIN, 600});
  Budget budget(Budget::ONE_CALL);
  Request read = request_of(Operation::READ);
  read.nonblocking = true;
  assert_done(stream_in_head(read, budget), -EAGAIN);
  Request write = request_of(Operation::WRITE);
  write.nonblocking = true;
  assert_done(stream_in_head(write, budget), 600);
}

// A shorter transfer would be a result of its own.
void a_stream_transfer_beyond_the_budget_is_left_whole(void**) {
  Budget budget(8191);
  Request read = large_request_of(Operation::READ);
  assert_outcome(stream_in_head(read, budget), DECLINED);
  assert_int_equal(fake_file.call_count, 0);
  assert_int_equal(budget.left(), 8191);
}

void a_descriptor_is_examined(void**) {
  fake_file.flags = O_DIRECT | O_APPEND;
  Request request = request_of(Operation::READ);
  Descriptor descriptor{};
  assert_int_equal(examine(request, descriptor), 0);
  assert_true(request.direct && request.append && !request.nonblocking);
  assert_int_equal(descriptor.flags, O_DIRECT | O_APPEND);
  fake_file.flags = O_NONBLOCK;
  assert_int_equal(examine(request, descriptor), 0);
  assert_true(!request.direct && !request.append && request.nonblocking);
  fake_file.flags = atomrt::base::Error{EBADF};
  assert_int_equal(examine(request, descriptor), EBADF);
}

// A read that does not wait may wait for the disk with O_DIRECT, and EAGAIN may or may not be a result.
void a_descriptor_of_unknown_flags_is_left_to_others(void**) {
  fake_file.flags = atomrt::os::UNKNOWN_FLAGS;
  Request request = request_of(Operation::READ);
  Descriptor descriptor{};
  Budget budget(Budget::ONE_CALL);
  assert_int_equal(examine(request, descriptor), 0);
  assert_true(request.flags_unknown && request.nonblocking && request.append);
  assert_outcome(read_in_head(request, budget), DECLINED);
  assert_outcome(stream_in_head(request, budget), DECLINED);
  assert_int_equal(fake_file.call_count, 0);
}

void a_file_is_identified_once(void**) {
  FileIdentity identity{};
  identity.kind = FileKind::STREAM;
  identity.is_socket = true;
  fake_file.identity = identity;
  Request request = request_of(Operation::READ);
  Descriptor descriptor{};
  assert_int_equal(identify(request, descriptor), 0);
  assert_int_equal(identify(request, descriptor), 0);
  assert_int_equal(fake_file.call_count, 1);
  assert_true(request.kind == FileKind::STREAM && request.is_socket);
  fake_file.identity = atomrt::base::Error{EBADF};
  Descriptor closed{};
  assert_int_equal(identify(request, closed), EBADF);
  assert_false(closed.is_identified);
}

void a_budget_never_goes_below_nothing(void**) {
  Budget budget(10);
  budget.spend(4, 3);
  assert_int_equal(budget.left(), 6);
  budget.spend(7, 3);
  assert_int_equal(budget.left(), 0);
  budget.spend(SIZE_MAX, 3);
  assert_int_equal(budget.left(), 0);
}

void devices_are_told_apart_or_forgotten(void**) {
  Devices& devices = zeroed<Devices>();
  for (std::uint64_t device = 0; device < 100; ++device) assert_false(devices.contains(device));
  devices.add(0);
  devices.add(5);
  assert_true(devices.contains(0) && devices.contains(5));
  assert_false(devices.contains(16) || devices.contains(21));
  devices.add(21);  // may push out another, never claims one that was not added
  assert_true(devices.contains(21));
  assert_false(devices.contains(37));
}

}  // namespace

#define TEST(name) cmocka_unit_test_setup(name, start_over)
UNIT_TESTS(TEST(a_cached_read_is_one_call), TEST(an_unexamined_read_is_one_call_that_o_direct_refuses),
           TEST(a_short_read_is_asked_again_until_the_end_of_the_file),
           TEST(a_short_read_of_a_device_is_its_result), TEST(a_read_that_the_budget_would_cut_is_examined_first),
           TEST(a_page_that_is_missing_leaves_the_rest_to_others), TEST(errors_of_a_read_decline),
           TEST(a_stream_shows_itself_by_espipe), TEST(a_read_of_nothing_is_for_the_plain_call),
           TEST(the_budget_ends_a_read), TEST(a_read_that_only_the_budget_ends_is_modest),
           TEST(what_waits_for_the_disk_is_never_tried),
           TEST(negative_offsets_are_left_to_the_slower_contexts), TEST(an_append_is_left_to_its_lane),
           TEST(a_write_is_taken_where_the_file_system_takes_it), TEST(a_file_system_that_refuses_is_asked_once),
           TEST(a_file_system_that_would_wait_this_time_is_asked_again), TEST(a_write_leaves_no_signal_behind),
           TEST(a_stream_that_is_ready_is_served), TEST(a_stream_that_is_not_ready_declines),
           TEST(a_nonblocking_stream_has_its_result_at_once),
           TEST(a_stream_transfer_beyond_the_budget_is_left_whole), TEST(a_descriptor_is_examined), TEST(a_descriptor_of_unknown_flags_is_left_to_others),
           TEST(a_file_is_identified_once), TEST(a_budget_never_goes_below_nothing),
           TEST(devices_are_told_apart_or_forgotten))
