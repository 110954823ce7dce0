// SPDX-License-Identifier: MIT
// got_hook: calls of other objects come to the replacement, the own ones don't, and memory is as protected as before.
// UNIT_HOOKED_…: hooked_object.c as built in three ways (meson.build).
#include "os/got_hook.h"

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstddef>

#include "os/futex.h"
#include "unit.h"

namespace {

using atomrt::os::hook_functions;
using atomrt::os::objects_loaded;
using atomrt::os::Replacement;

constexpr int REPLACED = -4711;
pid_t replaced_getpid() { return REPLACED; }

void* address(pid_t (*function)()) { return reinterpret_cast<void*>(function); }
const Replacement GETPID = {"getpid", address(getpid), address(replaced_getpid)};

using GetPid = int (*)();

struct Object {
  void* handle;
  GetPid get_pid;
};

Object load(const char* path, int flags) {
  Object object{};
  object.handle = dlopen(path, flags | RTLD_LOCAL);
  if (object.handle == nullptr) fprintf(stderr, "%s\n", dlerror());
  assert_non_null(object.handle);
  object.get_pid = reinterpret_cast<GetPid>(dlsym(object.handle, "hooked_getpid"));
  assert_non_null(object.get_pid);
  return object;
}

void* pointer_of(const Object& object, const char* name = "hooked_pointer") {
  void* const* const pointer = static_cast<void* const*>(dlsym(object.handle, name));
  assert_non_null(pointer);
  return *pointer;
}

// Permissions and places of all mappings, hashed.
unsigned long mappings() {
  FILE* file = fopen("/proc/self/maps", "re");
  unsigned long hash = 5381;
  char line[512];
  while (file != nullptr && fgets(line, sizeof line, file) != nullptr) {
    if (strstr(line, "[heap]") != nullptr) continue;
    for (const char* at = line; *at != '\0'; ++at) hash = hash * 33 + static_cast<unsigned char>(*at);
  }
  if (file != nullptr) fclose(file);
  return hash;
}

void calls_of_an_object_come_to_the_replacement(const char* path, int flags) {
  const Object object = load(path, flags);
  assert_int_equal(object.get_pid(), getpid());
  for (const char* name : {"hooked_pointer", "hooked_constant"}) assert_ptr_equal(pointer_of(object, name), GETPID.real);
  const unsigned long before = mappings();
  assert_true(hook_functions(&GETPID, 1));
  assert_int_equal(object.get_pid(), REPLACED);
  for (const char* name : {"hooked_pointer", "hooked_constant"}) assert_ptr_equal(pointer_of(object, name), GETPID.with);
  assert_int_equal(mappings(), before);
  assert_true(hook_functions(&GETPID, 1));
  assert_int_equal(object.get_pid(), REPLACED);
  dlclose(object.handle);
}

void slots_bound_late_are_patched(void**) {
  calls_of_an_object_come_to_the_replacement(UNIT_HOOKED_LAZY, RTLD_LAZY);
}
void slots_behind_relro_are_patched_and_stay_read_only(void**) {
  calls_of_an_object_come_to_the_replacement(UNIT_HOOKED_NOW, RTLD_NOW);
}
void slots_of_calls_without_a_table_are_patched(void**) {
  calls_of_an_object_come_to_the_replacement(UNIT_HOOKED_NO_PLT, RTLD_NOW);
}

bool refuse_futexes() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, atomrt::os::FUTEX_CALL, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Whether they may be written is asked by a futex.
void slots_are_left_alone_where_a_filter_refuses_the_question(void**) {
  constexpr int NO_FILTERS = 77;
  for (const char* path : {UNIT_HOOKED_NOW, UNIT_HOOKED_LAZY}) {
    const Object object = load(path, RTLD_NOW);
    const pid_t child = fork();
    if (child == 0) {
      if (!refuse_futexes()) _exit(NO_FILTERS);
      const bool is_done = hook_functions(&GETPID, 1);
      _exit(is_done && object.get_pid() == getpid() ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    dlclose(object.handle);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_FILTERS) SKIP("no filters here");
    assert_int_equal(WEXITSTATUS(status), 0);
  }
}

void a_slot_that_was_never_bound_is_patched(void**) {
  const Object object = load(UNIT_HOOKED_LAZY, RTLD_LAZY);
  assert_true(hook_functions(&GETPID, 1));
  assert_int_equal(object.get_pid(), REPLACED);
  dlclose(object.handle);
}

void own_calls_stay_as_they_are(void**) {
  const Object object = load(UNIT_HOOKED_LAZY, RTLD_LAZY);
  hook_functions(&GETPID, 1);
  assert_int_not_equal(getpid(), REPLACED);
  dlclose(object.handle);
}

void other_functions_stay_as_they_are(void**) {
  const Object object = load(UNIT_HOOKED_LAZY, RTLD_LAZY);
  const Replacement others[] = {
      {"getpi", GETPID.real, GETPID.with}, {"getpid_", GETPID.real, GETPID.with}, {"", GETPID.real, GETPID.with}};
  assert_true(hook_functions(others, 3));
  assert_true(hook_functions(nullptr, 0));
  assert_int_equal(object.get_pid(), getpid());
  dlclose(object.handle);
}

void an_object_loaded_later_is_told_by_the_count_and_needs_another_pass(void**) {
  const Object first = load(UNIT_HOOKED_LAZY, RTLD_LAZY);
  hook_functions(&GETPID, 1);
  const auto loaded = objects_loaded();
  assert_int_equal(objects_loaded(), loaded);
  const Object second = load(UNIT_HOOKED_NOW, RTLD_NOW);
  assert_true(objects_loaded() > loaded);
  assert_int_equal(second.get_pid(), getpid());
  assert_true(hook_functions(&GETPID, 1));
  assert_int_equal(second.get_pid(), REPLACED);
  dlclose(second.handle);
  dlclose(first.handle);
}

// As before glibc 2.34, which has no close_range: pointers that hold nothing are not those.
void what_is_not_there_is_not_replaced(void**) {
  const Object object = load(UNIT_HOOKED_NOW, RTLD_NOW);
  void** const pointer = static_cast<void**>(dlsym(object.handle, "hooked_pointer"));
  *pointer = nullptr;
  const Replacement none = {"getpid", nullptr, address(replaced_getpid)};
  assert_true(hook_functions(&none, 1));
  assert_null(*pointer);
  assert_int_equal(object.get_pid(), getpid());
  dlclose(object.handle);
}

// It may be that the loader has not come to it.
void a_pointer_that_holds_nothing_is_left_alone_for_now(void**) {
  const Object object = load(UNIT_HOOKED_NOW, RTLD_NOW);
  void** const pointer = static_cast<void**>(dlsym(object.handle, "hooked_pointer"));
  *pointer = nullptr;
  assert_false(hook_functions(&GETPID, 1));
  assert_null(*pointer);
  *pointer = GETPID.real;
  assert_true(hook_functions(&GETPID, 1));
  assert_ptr_equal(*pointer, GETPID.with);
  dlclose(object.handle);
}

// Bound or not, it is another function. (TSan's, in no version, would be taken for any.)
void an_objects_own_function_of_that_name_stays(void**) {
  SKIP_UNDER_TSAN();
  void* const handle = dlopen(UNIT_FOREIGN, RTLD_LAZY | RTLD_LOCAL);
  assert_non_null(handle);
  using Close = int (*)(int);
  const auto foreign_close = reinterpret_cast<Close>(dlsym(handle, "foreign_close"));
  const Replacement replacement = {"close", dlsym(RTLD_NEXT, "close"), address(replaced_getpid)};
  hook_functions(&replacement, 1);
  assert_int_equal(foreign_close(1), 1001);
  hook_functions(&replacement, 1);
  assert_int_equal(foreign_close(1), 1001);
  dlclose(handle);
}

void functions_are_found_where_they_are_defined(void**) {
  const char* const names[] = {"getpid", "no_such_function", "fclose"};
  void* found[3];
  atomrt::os::find_functions(names, found, 3);
  assert_ptr_equal(found[0], dlsym(RTLD_NEXT, "getpid"));
  assert_null(found[1]);
  assert_ptr_equal(found[2], dlsym(RTLD_NEXT, "fclose"));
}

// A slot that holds neither the function nor the object's own stub is not the loader's final word: somebody else's hook,
// or an object in the middle of its relocation.
void a_slot_that_holds_something_else_is_left_alone_for_now(void**) {
  const Object object = load(UNIT_HOOKED_NOW, RTLD_NOW);
  const Replacement unknown = {"getpid", address(getppid), address(replaced_getpid)};
  assert_false(hook_functions(&unknown, 1));
  assert_int_equal(object.get_pid(), getpid());
  assert_true(hook_functions(&GETPID, 1));
  assert_int_equal(object.get_pid(), REPLACED);
  dlclose(object.handle);
}

void a_pointer_that_the_program_has_changed_is_its_own(void**) {
  const Object object = load(UNIT_HOOKED_NOW, RTLD_NOW);
  void** const pointer = static_cast<void**>(dlsym(object.handle, "hooked_pointer"));
  assert_non_null(pointer);
  assert_ptr_equal(*pointer, GETPID.real);
  *pointer = address(getppid);
  assert_true(hook_functions(&GETPID, 1));
  assert_ptr_equal(*pointer, address(getppid));
  *pointer = GETPID.real;
  assert_true(hook_functions(&GETPID, 1));
  assert_ptr_equal(*pointer, GETPID.with);
  dlclose(object.handle);
}

// What a slot holds decides, and also pointers that are initialised with the function are found.
void addresses_are_exchanged_in_slots_and_initialised_pointers(void**) {
  for (const char* path : {UNIT_HOOKED_NOW, UNIT_HOOKED_NO_PLT}) {
    const Object object = load(path, RTLD_NOW);
    void* const real = pointer_of(object);
    const atomrt::os::Exchange there = {real, GETPID.with}, back = {GETPID.with, real};
    const atomrt::os::Exchange other = {address(getppid), GETPID.with};
    const unsigned long before = mappings();
    atomrt::os::exchange_addresses(&other, 1);
    assert_int_equal(object.get_pid(), getpid());
    atomrt::os::exchange_addresses(&there, 1);
    assert_int_equal(object.get_pid(), REPLACED);
    assert_ptr_equal(pointer_of(object), GETPID.with);
    atomrt::os::exchange_addresses(&back, 1);
    assert_int_equal(object.get_pid(), getpid());
    assert_ptr_equal(pointer_of(object), real);
    assert_int_equal(mappings(), before);
    dlclose(object.handle);
  }
}

// It may be the object's own stub until then: bound at its first call, it is what that finds.
void a_slot_that_was_never_bound_is_not_exchanged(void**) {
  const Object object = load(UNIT_HOOKED_LAZY, RTLD_LAZY);
  const atomrt::os::Exchange there = {pointer_of(object), GETPID.with};
  atomrt::os::exchange_addresses(&there, 1);
  assert_int_equal(object.get_pid(), getenv("LD_BIND_NOW") != nullptr ? REPLACED : getpid());
  dlclose(object.handle);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(slots_bound_late_are_patched),
           cmocka_unit_test(slots_behind_relro_are_patched_and_stay_read_only),
           cmocka_unit_test(slots_of_calls_without_a_table_are_patched),
           cmocka_unit_test(slots_are_left_alone_where_a_filter_refuses_the_question),
           cmocka_unit_test(a_slot_that_was_never_bound_is_patched), cmocka_unit_test(own_calls_stay_as_they_are),
           cmocka_unit_test(other_functions_stay_as_they_are),
           cmocka_unit_test(a_slot_that_holds_something_else_is_left_alone_for_now),
           cmocka_unit_test(a_pointer_that_the_program_has_changed_is_its_own),
           cmocka_unit_test(what_is_not_there_is_not_replaced),
           cmocka_unit_test(a_pointer_that_holds_nothing_is_left_alone_for_now),
           cmocka_unit_test(an_objects_own_function_of_that_name_stays),
           cmocka_unit_test(functions_are_found_where_they_are_defined),
           cmocka_unit_test(an_object_loaded_later_is_told_by_the_count_and_needs_another_pass),
           cmocka_unit_test(addresses_are_exchanged_in_slots_and_initialised_pointers),
           cmocka_unit_test(a_slot_that_was_never_bound_is_not_exchanged))
