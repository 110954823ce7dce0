// SPDX-License-Identifier: MIT
// message: one line, one write, errno untouched.
#include "engine/message.h"

#include <fcntl.h>

#include "unit.h"

namespace {

using atomrt::engine::say;

// What `speak` writes to stderr.
template <typename Speak>
const char* heard(Speak speak) {
  static char text[4096];
  int ends[2];
  assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
  const int saved = dup(2);
  dup2(ends[1], 2);
  speak();
  dup2(saved, 2);
  close(saved);
  close(ends[1]);
  const ssize_t length = read(ends[0], text, sizeof text - 1);
  close(ends[0]);
  assert_true(length >= 0);
  text[length] = '\0';
  return text;
}

void a_message_is_one_line_with_the_librarys_name(void**) {
  assert_string_equal(heard([] { say("no %s for %d", "thread", 42); }), "atomrt: no thread for 42\n");
  assert_string_equal(heard([] { say("plain"); }), "atomrt: plain\n");
}

void errno_stays(void**) {
  errno = 1234;
  heard([] {
    errno = 1234;
    say("%s", "text");
    assert_int_equal(errno, 1234);
  });
  const int saved = dup(2);
  close(2);
  errno = 1234;
  say("nobody listens");
  const int after = errno;
  dup2(saved, 2);
  close(saved);
  assert_int_equal(after, 1234);
}

void a_long_message_is_cut_and_still_ends_its_line(void**) {
  char text[2000];
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  const char* line = heard([&] { say("%s", text); });
  const size_t length = strlen(line);
  assert_in_range(length, 400, 512);
  assert_int_equal(line[length - 1], '\n');
  assert_int_equal(line[length - 2], 'x');
  assert_ptr_equal(strchr(line, '\n'), line + length - 1);
}

// Just below, at and above what fits.
void no_length_is_off_by_one(void**) {
  for (int length = 490; length < 520; ++length) {
    char text[600];
    memset(text, 'x', sizeof text);
    text[length] = '\0';
    const char* line = heard([&] { say("%s", text); });
    assert_true(strlen(line) <= 512);
    assert_int_equal(line[strlen(line) - 1], '\n');
    assert_int_equal(strspn(line + 8, "x"), strlen(line) - 9);
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_message_is_one_line_with_the_librarys_name), cmocka_unit_test(errno_stays),
           cmocka_unit_test(a_long_message_is_cut_and_still_ends_its_line), cmocka_unit_test(no_length_is_off_by_one))
