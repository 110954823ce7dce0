// SPDX-License-Identifier: MIT
// older_glibc: its functions do as the ones that they stand in front of. Built a second time WITHOUT_LIBPTHREAD, linked
// statically: there nothing has the versions that they ask for, as before glibc 2.34 in a program of one thread.
#include <dlfcn.h>
#include <pthread.h>

#include "os/cancellable_wait.h"
#include "unit.h"

using atomrt::os::Cleanup;

namespace {

#ifdef WITHOUT_LIBPTHREAD
constexpr bool HAS_LIBPTHREAD = false;
#else
constexpr bool HAS_LIBPTHREAD = true;
#endif

struct Visit {
  std::size_t stack_size = 0;
  bool was_cleaned_up = false;
};

void* visit(void* argument) {
  Visit& visit = *static_cast<Visit*>(argument);
  pthread_attr_t attributes;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstacksize(&attributes, &visit.stack_size);
  pthread_attr_destroy(&attributes);
  return argument;
}

void clean_up(void* argument) { static_cast<Visit*>(argument)->was_cleaned_up = true; }

void* be_cancelled(void* argument) {
  const Cleanup cleanup(clean_up, argument);
  pthread_cancel(pthread_self());
  pthread_testcancel();
  return argument;
}

void a_thread_is_started(void**) {
  constexpr std::size_t STACK_SIZE = 1 << 20;
  Visit seen;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  assert_int_equal(pthread_attr_setstacksize(&attributes, STACK_SIZE), 0);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, visit, &seen);
  pthread_attr_destroy(&attributes);
  assert_int_equal(error, HAS_LIBPTHREAD ? 0 : EAGAIN);
  if (!HAS_LIBPTHREAD) return;
  void* result = nullptr;
  pthread_join(thread, &result);
  assert_ptr_equal(result, &seen);
  assert_int_equal(seen.stack_size, STACK_SIZE);
}

void a_cancelled_thread_cleans_up(void**) {
  if (!HAS_LIBPTHREAD) return;
  Visit seen;
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, nullptr, be_cancelled, &seen), 0);
  void* result = nullptr;
  pthread_join(thread, &result);
  assert_ptr_equal(result, PTHREAD_CANCELED);
  assert_true(seen.was_cleaned_up);
}

void a_thread_that_is_not_cancelled_goes_on(void**) {
  Visit seen;
  {
    const Cleanup cleanup(clean_up, &seen);
    pthread_testcancel();
    assert_false(seen.was_cleaned_up);
  }
  assert_true(seen.was_cleaned_up);
}

void a_symbol_is_found(void**) {
  void* found = dlsym(RTLD_DEFAULT, "getpid");
  assert_true((found != nullptr) == HAS_LIBPTHREAD);
}

void the_size_of_a_stack_is_told(void**) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  std::size_t size = 0;
  const int error = pthread_attr_getstacksize(&attributes, &size);
  pthread_attr_destroy(&attributes);
  assert_int_equal(error, HAS_LIBPTHREAD ? 0 : ENOSYS);
  assert_true((size != 0) == HAS_LIBPTHREAD);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_thread_is_started), cmocka_unit_test(a_cancelled_thread_cleans_up),
           cmocka_unit_test(a_thread_that_is_not_cancelled_goes_on), cmocka_unit_test(a_symbol_is_found),
           cmocka_unit_test(the_size_of_a_stack_is_told))
