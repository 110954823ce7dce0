// SPDX-License-Identifier: MIT
// thread: what a library thread is born with, and what is left when it can't be (pthread_create is wrapped).
#include "os/thread.h"

#include <sched.h>

#include "os/signals.h"
#include "unit.h"

using Body = void* (*)(void*);

// Errors that the next creations give, one each; behind them the real function.
static int failures[4];
static int failure_count = 0, creations = 0;
static std::size_t last_stack_size = 0;

extern "C" int real_pthread_create(pthread_t*, const pthread_attr_t*, Body, void*) __asm__("__real_pthread_create");
extern "C" int wrapped_pthread_create(pthread_t*, const pthread_attr_t*, Body, void*) __asm__("__wrap_pthread_create");
extern "C" int wrapped_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, Body body, void* argument) {
  last_stack_size = 0;
  if (attributes != nullptr) pthread_attr_getstacksize(attributes, &last_stack_size);
  const int error = creations < failure_count ? failures[creations] : 0;
  ++creations;
  errno = ENOMEM;  // as what it calls may leave it
  return error != 0 ? error : real_pthread_create(thread, attributes, body, argument);
}

namespace {

using namespace atomrt::os;
using atomrt::unit::eventually;

struct Seen {
  std::atomic<bool> done{false};
  KernelSignalSet mask = 0;
  int detached = -1;
  std::size_t stack_size = 0;
  char name[16] = {};
};

void* look(void* argument) {
  Seen& seen = *static_cast<Seen*>(argument);
  seen.mask = block_signals(0);
  name_this_thread("atomrt-fifteen");
  pthread_attr_t attributes;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getdetachstate(&attributes, &seen.detached);
  pthread_attr_getstacksize(&attributes, &seen.stack_size);
  pthread_attr_destroy(&attributes);
  pthread_getname_np(pthread_self(), seen.name, sizeof seen.name);
  seen.done.store(true);
  return nullptr;
}

int start_blocked(const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  const SignalBlock blocked;
  return start_application_thread(attributes, body, argument);
}

void fail_with(std::initializer_list<int> errors) {
  creations = 0;
  failure_count = 0;
  for (const int error : errors) failures[failure_count++] = error;
}

constexpr KernelSignalSet bit(int number) { return signal_bit(number); }

void a_library_thread_blocks_signals_and_is_detached_named_and_small(void**) {
  fail_with({});
  set_signal_mask(bit(SIGUSR1));
  Seen seen;
  errno = 1234;
  assert_int_equal(start_library_thread(look, &seen), 0);
  assert_int_equal(errno, 1234);
  assert_int_equal(block_signals(0), bit(SIGUSR1));  // the creator's mask is as before
  set_signal_mask(0);
  assert_true(eventually([&] { return seen.done.load(); }));
  // glibc's own two stay open: setuid and its like need them.
  assert_int_equal(seen.mask, ~(bit(SIGKILL) | bit(SIGSTOP) | bit(32) | bit(33)));
  assert_int_equal(seen.detached, PTHREAD_CREATE_DETACHED);
  assert_string_equal(seen.name, "atomrt-fifteen");
  if (!UNIT_SANITIZED) assert_true(seen.stack_size <= 160 * 1024);
}

void a_library_thread_that_cannot_be_made_leaves_no_trace(void**) {
  fail_with({EAGAIN});
  errno = 1234;
  set_signal_mask(bit(SIGUSR1));
  assert_int_equal(start_library_thread(look, nullptr), EAGAIN);
  assert_int_equal(errno, 1234);
  assert_int_equal(set_signal_mask(0), bit(SIGUSR1));
  assert_int_equal(creations, 1);
}

// Thread-local storage comes out of the stack: a program with much of it, or a sanitizer, needs a larger one.
void a_stack_that_is_too_small_is_tried_again_with_a_larger_one(void**) {
  fail_with({EINVAL});
  Seen seen;
  assert_int_equal(start_library_thread(look, &seen), 0);
  assert_int_equal(creations, 2);
  assert_true(last_stack_size > 128 * 1024);
  assert_true(eventually([&] { return seen.done.load(); }));
  assert_int_equal(seen.detached, PTHREAD_CREATE_DETACHED);
  fail_with({EINVAL, EAGAIN});
  assert_int_equal(start_library_thread(look, nullptr), EAGAIN);
}

std::size_t room_below(const void* frame) {
  pthread_attr_t attributes;
  void* lowest = nullptr;
  std::size_t size = 0;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  return static_cast<std::size_t>(static_cast<const char*>(frame) - static_cast<const char*>(lowest));
}

struct Room {
  std::atomic<bool> done{false};
  std::size_t bytes = 0;
};

void* measure_room(void* argument) {
  Room& room = *static_cast<Room*>(argument);
  room.bytes = room_below(__builtin_frame_address(0));
  room.done.store(true);
  return nullptr;
}

// A program's static thread-local storage lies on the stack, too: this one's is as large as a stack alone was once.
thread_local volatile char storage[60 * 1024];

void thread_local_storage_takes_nothing_from_a_threads_room(void**) {
  fail_with({});
  storage[0] = 1;
  constexpr std::size_t LEAST = 48 * 1024;
  Room library;
  assert_int_equal(start_library_thread(measure_room, &library), 0);
  assert_true(eventually([&] { return library.done.load(); }));
  assert_true(library.bytes >= LEAST);

  pthread_attr_t before, small;
  assert_int_equal(pthread_getattr_default_np(&before), 0);
  pthread_attr_init(&small);
  assert_int_equal(pthread_attr_setstacksize(&small, 80 * 1024), 0);  // as RLIMIT_STACK may have it
  assert_int_equal(pthread_setattr_default_np(&small), 0);
  Room application;
  assert_int_equal(start_blocked(nullptr, measure_room, &application), 0);
  assert_true(eventually([&] { return application.done.load(); }));
  assert_int_equal(pthread_setattr_default_np(&before), 0);
  pthread_attr_destroy(&small);
  pthread_attr_destroy(&before);
  assert_true(application.bytes >= LEAST);
}

void an_applications_thread_has_its_attributes(void**) {
  fail_with({});
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 3 * 1024 * 1024);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  Seen seen;
  assert_int_equal(start_blocked(&attributes, look, &seen), 0);
  pthread_attr_destroy(&attributes);
  assert_true(eventually([&] { return seen.done.load(); }));
  assert_int_equal(last_stack_size, 3 * 1024 * 1024);
  assert_int_equal(creations, 1);
}

void an_applications_thread_without_attributes_is_detached(void**) {
  fail_with({});
  Seen seen;
  assert_int_equal(start_blocked(nullptr, look, &seen), 0);
  assert_true(eventually([&] { return seen.done.load(); }));
  assert_int_equal(seen.detached, PTHREAD_CREATE_DETACHED);
}

void an_applications_thread_begins_with_its_makers_mask(void**) {
  fail_with({});
  Seen seen;
  assert_int_equal(start_blocked(nullptr, look, &seen), 0);
  assert_true(eventually([&] { return seen.done.load(); }));
  assert_int_equal(seen.mask & ~bit(32), ALL_BLOCKED & ~bit(32));
}

void an_applications_thread_that_cannot_be_made_is_told(void**) {
  fail_with({EPERM});
  errno = 1234;
  assert_int_equal(start_blocked(nullptr, look, nullptr), EPERM);
  assert_int_equal(errno, 1234);
  assert_int_equal(creations, 1);
}

// As a container or taskset has left them to this thread.
void processors_are_those_that_this_thread_may_run_on(void**) {
  cpu_set_t before;
  assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
  assert_int_equal(processors(), CPU_COUNT(&before));
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
    if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
  }
  assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
  const unsigned alone = processors();
  assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
  assert_int_equal(alone, 1);
}

// As glibc's own descriptor of the thread has it: in each thread, and in a child.
void a_thread_knows_its_number_without_asking(void**) {
  assert_true(thread_number_offset.load() != 0);
  assert_int_equal(this_thread_number(), gettid());
  std::atomic<bool> is_right{false};
  atomrt::unit::Thread([&] { is_right = static_cast<pid_t>(this_thread_number()) == gettid(); }).join();
  assert_true(is_right.load());
  assert_int_equal(atomrt::unit::in_child([] { return static_cast<pid_t>(this_thread_number()) != getpid(); }), 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_thread_knows_its_number_without_asking),
           cmocka_unit_test(a_library_thread_blocks_signals_and_is_detached_named_and_small),
           cmocka_unit_test(a_library_thread_that_cannot_be_made_leaves_no_trace),
           cmocka_unit_test(a_stack_that_is_too_small_is_tried_again_with_a_larger_one),
           cmocka_unit_test(thread_local_storage_takes_nothing_from_a_threads_room),
           cmocka_unit_test(an_applications_thread_has_its_attributes),
           cmocka_unit_test(an_applications_thread_without_attributes_is_detached),
           cmocka_unit_test(an_applications_thread_begins_with_its_makers_mask),
           cmocka_unit_test(an_applications_thread_that_cannot_be_made_is_told),
           cmocka_unit_test(processors_are_those_that_this_thread_may_run_on))
