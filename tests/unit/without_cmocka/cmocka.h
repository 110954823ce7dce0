// SPDX-License-Identifier: MIT
/* The part of cmocka that the unit tests use, for ABIs that this machine has no cmocka for (meson.build). Included by
 * unit.h, as cmocka's own header is. An assertion that fails says where, and leaves the test by longjmp. */
#ifndef WITHOUT_CMOCKA_H
#define WITHOUT_CMOCKA_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    int (*setup_func)(void **state);
    int (*teardown_func)(void **state);
};

#define cmocka_unit_test(function) {#function, function, NULL, NULL}
#define cmocka_unit_test_setup(function, setup) {#function, function, setup, NULL}
#define cmocka_unit_test_setup_teardown(function, setup, teardown) {#function, function, setup, teardown}

enum { CMOCKA_FAILED = 1, CMOCKA_SKIPPED };

#define print_message(...) fprintf(stderr, __VA_ARGS__)

/* Of this test program; it is one source file. */
static jmp_buf cmocka_out;

[[noreturn]] static inline void _fail(const char *file, int line)
{
    fprintf(stderr, "%s:%d: error: Failure!\n", file, line);
    longjmp(cmocka_out, CMOCKA_FAILED);
}

[[noreturn]] static inline void _skip(const char *file, int line)
{
    fprintf(stderr, "%s:%d: skipped\n", file, line);
    longjmp(cmocka_out, CMOCKA_SKIPPED);
}

static inline void cmocka_check(bool holds, const char *expression, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", expression);
    _fail(file, line);
}

static inline void cmocka_compare(uintmax_t left, uintmax_t right, bool equal, const char *expression, const char *file,
                                  int line)
{
    if ((left == right) == equal)
        return;
    fprintf(stderr, "%#jx, %#jx: ", left, right);
    cmocka_check(false, expression, file, line);
}

static inline void cmocka_compare_strings(const char *left, const char *right, const char *expression, const char *file,
                                          int line)
{
    if (strcmp(left, right) == 0)
        return;
    fprintf(stderr, "\"%s\", \"%s\": ", left, right);
    cmocka_check(false, expression, file, line);
}

#define CMOCKA_CHECK(holds, expression) cmocka_check(holds, expression, __FILE__, __LINE__)
#define CMOCKA_COMPARE(left, right, equal, expression)                                                                 \
    cmocka_compare((uintmax_t)(left), (uintmax_t)(right), equal, expression, __FILE__, __LINE__)

#define assert_true(value) CMOCKA_CHECK(!!(value), "assert_true(" #value ")")
#define assert_false(value) CMOCKA_CHECK(!(value), "assert_false(" #value ")")
#define assert_null(value) CMOCKA_CHECK((value) == nullptr, "assert_null(" #value ")")
#define assert_non_null(value) CMOCKA_CHECK((value) != nullptr, "assert_non_null(" #value ")")
#define assert_int_equal(left, right) CMOCKA_COMPARE(left, right, true, "assert_int_equal(" #left ", " #right ")")
#define assert_int_not_equal(left, right) CMOCKA_COMPARE(left, right, false, "assert_int_not_equal(" #left ", " #right ")")
#define assert_ptr_equal(left, right)                                                                                  \
    CMOCKA_COMPARE((uintptr_t)(left), (uintptr_t)(right), true, "assert_ptr_equal(" #left ", " #right ")")
#define assert_ptr_not_equal(left, right)                                                                              \
    CMOCKA_COMPARE((uintptr_t)(left), (uintptr_t)(right), false, "assert_ptr_not_equal(" #left ", " #right ")")
#define assert_in_range(value, least, most)                                                                            \
    CMOCKA_CHECK((uintmax_t)(value) >= (uintmax_t)(least) && (uintmax_t)(value) <= (uintmax_t)(most),                  \
                 "assert_in_range(" #value ", " #least ", " #most ")")
#define assert_string_equal(left, right)                                                                               \
    cmocka_compare_strings(left, right, "assert_string_equal(" #left ", " #right ")", __FILE__, __LINE__)
#define assert_memory_equal(left, right, size)                                                                         \
    CMOCKA_CHECK(memcmp(left, right, size) == 0, "assert_memory_equal(" #left ", " #right ", " #size ")")

static inline bool cmocka_run(const struct CMUnitTest *test)
{
    void *state = NULL;
    const char *volatile verdict = "OK";
    fprintf(stderr, "[ RUN      ] %s\n", test->name);
    switch (setjmp(cmocka_out)) {
    case 0:
        if (test->setup_func != NULL && test->setup_func(&state) != 0)
            verdict = "FAILED";
        else
            test->test_func(&state);
        break;
    case CMOCKA_SKIPPED:
        verdict = "SKIPPED";
        break;
    default:
        verdict = "FAILED";
    }
    if (test->teardown_func != NULL && test->teardown_func(&state) != 0)
        verdict = "FAILED";
    fprintf(stderr, "[ %-8s ] %s\n", verdict, test->name);
    return strcmp(verdict, "FAILED") != 0;
}

/* How many failed. */
static inline int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
                                          int (*setup)(void **), int (*teardown)(void **))
{
    int failed = 0;
    (void)name, (void)setup, (void)teardown;
    for (size_t i = 0; i < count; ++i)
        failed += !cmocka_run(&tests[i]);
    fprintf(stderr, "%zu tests, %d failed\n", count, failed);
    return failed;
}

#endif
