// SPDX-License-Identifier: MIT
// build: what of an aiocb and its sigevent goes into a request, for both kinds of aiocb, and what is left out.
#include "chain/build.h"

#include "unit.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace {

using namespace atomrt::chain;

char buffer[64];

// Beyond 32 bits where there are more.
template <typename Block>
constexpr std::int64_t far_offset() {
  return sizeof(Block::aio_offset) == 8 ? 5'000'000'000 : 2'000'000'000;
}

template <typename Block>
Block filled_in() {
  Block block;
  memset(&block, 0xa5, sizeof block);  // malloc'ed, as some programs do
  block.aio_fildes = 7;
  block.aio_lio_opcode = LIO_WRITE;
  block.aio_reqprio = 20;
  block.aio_buf = buffer;
  block.aio_nbytes = sizeof buffer;
  block.aio_offset = static_cast<decltype(block.aio_offset)>(far_offset<Block>());
  memset(&block.aio_sigevent, 0, sizeof block.aio_sigevent);
  block.aio_sigevent.sigev_notify = SIGEV_NONE;
  return block;
}

template <typename Block>
void everything_is_copied() {
  Block block = filled_in<Block>();
  const Request request = build(&block, Operation::READ);
  assert_ptr_equal(request.block, &block);
  assert_int_equal(request.fd, 7);
  assert_int_equal(request.operation, Operation::READ);  // the function decides, not aio_lio_opcode
  assert_ptr_equal(request.buffer, buffer);
  assert_int_equal(request.length, sizeof buffer);
  assert_int_equal(request.offset, far_offset<Block>());
  assert_int_equal(request.priority_delta, 20);
  assert_int_equal(request.moved, 0);
  assert_null(request.group);
  assert_int_equal(request.submitted_ns, 0);
  assert_int_equal(request.notification.by, NotifyBy::NOTHING);
}

void an_aiocb_is_copied(void**) { everything_is_copied<struct aiocb>(); }
void an_aiocb64_is_copied(void**) { everything_is_copied<struct aiocb64>(); }

void a_later_change_of_the_aiocb_does_not_matter(void**) {
  auto block = filled_in<struct aiocb>();
  block.aio_sigevent.sigev_notify = SIGEV_SIGNAL;
  block.aio_sigevent.sigev_signo = SIGUSR1;
  const Request request = build(&block, Operation::WRITE);
  block.aio_fildes = 8;
  block.aio_nbytes = 1;
  block.aio_sigevent.sigev_signo = SIGUSR2;
  assert_int_equal(request.fd, 7);
  assert_int_equal(request.length, sizeof buffer);
  assert_int_equal(request.notification.signal, SIGUSR1);
}

void lengths_are_cut_as_read_and_write_do(void**) {
  auto block = filled_in<struct aiocb>();
  block.aio_nbytes = 0x7ffff000;
  assert_int_equal(build(&block, Operation::READ).length, 0x7ffff000);
  block.aio_nbytes = 0x7ffff001;
  assert_int_equal(build(&block, Operation::READ).length, 0x7ffff000);
  block.aio_nbytes = SIZE_MAX;
  assert_int_equal(build(&block, Operation::WRITE).length, 0x7ffff000);
  block.aio_nbytes = 0;
  assert_int_equal(build(&block, Operation::WRITE).length, 0);
}

void a_sync_has_no_data(void**) {
  auto block = filled_in<struct aiocb>();
  block.aio_reqprio = -1;
  block.aio_offset = -1;
  for (const Operation operation : {Operation::FSYNC, Operation::FDATASYNC}) {
    const Request request = build(&block, operation);
    assert_int_equal(request.operation, operation);
    assert_int_equal(request.fd, 7);
    assert_null(request.buffer);
    assert_int_equal(request.length, 0);
    assert_int_equal(request.offset, 0);
    assert_int_equal(request.priority_delta, 0);
  }
}

struct sigevent event_of(int kind) {
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = kind;
  event.sigev_value.sival_ptr = buffer;
  return event;
}

void a_signal_keeps_number_and_value(void**) {
  auto event = event_of(SIGEV_SIGNAL);
  event.sigev_signo = SIGRTMIN;
  const Notification notification = build_notification(event);
  assert_int_equal(notification.by, NotifyBy::SIGNAL);
  assert_int_equal(notification.signal, SIGRTMIN);
  assert_ptr_equal(notification.value.sival_ptr, buffer);
}

void signal_zero_is_no_notification(void**) {
  assert_int_equal(build_notification(event_of(SIGEV_SIGNAL)).by, NotifyBy::NOTHING);
  assert_int_equal(build_notification(event_of(SIGEV_THREAD_ID)).by, NotifyBy::NOTHING);
}

void none_is_no_notification_whatever_else_is_filled_in(void**) {
  auto event = event_of(SIGEV_NONE);
  event.sigev_signo = SIGUSR1;
  assert_int_equal(build_notification(event).by, NotifyBy::NOTHING);
}

void a_signal_to_a_thread_keeps_the_thread(void**) {
  auto event = event_of(SIGEV_THREAD_ID);
  event.sigev_signo = SIGUSR2;
  event.sigev_notify_thread_id = 4711;
  const Notification notification = build_notification(event);
  assert_int_equal(notification.by, NotifyBy::SIGNAL_TO_THREAD);
  assert_int_equal(notification.signal, SIGUSR2);
  assert_int_equal(notification.thread, 4711);
  assert_ptr_equal(notification.value.sival_ptr, buffer);
}

void a_thread_keeps_function_value_and_attributes(void**) {
  static pthread_attr_t attributes;
  static const auto function = [](sigval) {};
  auto event = event_of(SIGEV_THREAD);
  event.sigev_notify_function = function;
  event.sigev_notify_attributes = &attributes;
  const Notification notification = build_notification(event);
  assert_int_equal(notification.by, NotifyBy::THREAD);
  assert_true(notification.function == static_cast<void (*)(sigval)>(function));
  assert_ptr_equal(notification.attributes, &attributes);
  assert_ptr_equal(notification.value.sival_ptr, buffer);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(an_aiocb_is_copied), cmocka_unit_test(an_aiocb64_is_copied),
           cmocka_unit_test(a_later_change_of_the_aiocb_does_not_matter),
           cmocka_unit_test(lengths_are_cut_as_read_and_write_do), cmocka_unit_test(a_sync_has_no_data),
           cmocka_unit_test(a_signal_keeps_number_and_value), cmocka_unit_test(signal_zero_is_no_notification),
           cmocka_unit_test(none_is_no_notification_whatever_else_is_filled_in),
           cmocka_unit_test(a_signal_to_a_thread_keeps_the_thread),
           cmocka_unit_test(a_thread_keeps_function_value_and_attributes))
