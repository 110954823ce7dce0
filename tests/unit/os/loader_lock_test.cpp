// SPDX-License-Identifier: MIT
// loader_lock: it is found, tried, and known to be lost in a child whose parent's thread had it.
#include "os/loader_lock.h"

#include <link.h>

#include <functional>

#include "unit.h"

namespace {

using namespace atomrt::os;
using namespace atomrt::unit;

// In a callback of dl_iterate_phdr, once.
void with_objects(std::function<void()> work) {
  dl_iterate_phdr(
      [](dl_phdr_info*, std::size_t, void* argument) {
        (*static_cast<std::function<void()>*>(argument))();
        return 1;
      },
      &work);
}

LoaderLock seen() {
  const LoaderLock lock = try_loader_lock();
  if (lock == LoaderLock::OURS) release_loader_lock();
  return lock;
}

template <typename Work>
int in_child(Work work) {
  const pid_t child = fork();
  if (child == 0) {
    watch_for(PATIENCE_S);
    _exit(work());
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void it_is_found_and_free(void**) {
  assert_true(is_loader_lock_known());
  assert_true(seen() == LoaderLock::OURS);
  assert_int_equal(in_child([] { return seen() != LoaderLock::OURS; }), 0);
}

void who_has_it_may_go_through_the_objects_and_have_it_again(void**) {
  LoaderLock within = LoaderLock::LOST, behind = LoaderLock::LOST;
  assert_true(try_loader_lock() == LoaderLock::OURS);
  with_objects([&] { within = seen(); });
  behind = seen();
  release_loader_lock();
  assert_true(within == LoaderLock::OURS);
  assert_true(behind == LoaderLock::OURS);
}

// The other thread is in a callback meanwhile.
template <typename Work>
void beside_a_callback(Work work) {
  std::atomic<bool> is_in{false}, may_go{false};
  Thread other([&] {
    with_objects([&] {
      is_in.store(true);
      if (!eventually([&] { return may_go.load(); })) abort();
    });
  });
  assert_true(eventually([&] { return is_in.load(); }));
  work();
  may_go.store(true);
  other.join();
}

void another_thread_that_has_it_will_give_it_back(void**) {
  LoaderLock beside = LoaderLock::LOST;
  beside_a_callback([&] { beside = seen(); });
  assert_true(beside == LoaderLock::TAKEN);
  assert_true(seen() == LoaderLock::OURS);
}

void a_child_never_gets_what_a_thread_of_its_parent_had(void**) {
  int status = -1;
  beside_a_callback([&] { status = in_child([] { return seen() != LoaderLock::LOST; }); });
  assert_int_equal(status, 0);
}

void nor_what_its_own_parent_had_in_a_frame_below(void**) {
  int status = -1;
  with_objects([&] { status = in_child([] { return seen() != LoaderLock::LOST; }); });
  assert_int_equal(status, 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(it_is_found_and_free),
           cmocka_unit_test(who_has_it_may_go_through_the_objects_and_have_it_again),
           cmocka_unit_test(another_thread_that_has_it_will_give_it_back),
           cmocka_unit_test(a_child_never_gets_what_a_thread_of_its_parent_had),
           cmocka_unit_test(nor_what_its_own_parent_had_in_a_frame_below))
