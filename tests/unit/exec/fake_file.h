// SPDX-License-Identifier: MIT
// fake_file.h: os/file.h as the test has scripted it: each call takes the next result and is logged. For one file of a
// test program that wraps `file_functions` (meson.build).
#pragma once

#include "unit.h"

#include "os/file.h"

namespace atomrt::unit {

struct FileCall {
  const char* function;
  int fd;
  const void* buffer;
  std::size_t length;
  std::int64_t offset;
};

// The script: results to come, and calls that were made.
struct FakeFile {
  long results[16];
  int result_count, call_count;
  bool is_device;  // whose short reads are whole
  FileCall calls[16];
  base::Expected<int> flags = 0;
  base::Expected<os::FileIdentity> identity = os::FileIdentity{};

  void start_over() { *this = FakeFile{}; }
  void will_give(std::initializer_list<long> all) {
    for (const long result : all) results[result_count++] = result;
  }
  long take(const char* function, int fd, const void* buffer, std::size_t length, std::int64_t offset) {
    if (call_count == 16) return -EIO;
    calls[call_count] = {function, fd, buffer, length, offset};
    // More calls than the script has results: the test sees the count.
    return call_count < result_count ? results[call_count++] : (++call_count, -EIO);
  }
};
inline FakeFile fake_file;

inline void assert_call(int at, const char* function, int fd, const void* buffer, std::size_t length,
                        std::int64_t offset = 0) {
  assert_true(at < fake_file.call_count);
  const FileCall& call = fake_file.calls[at];
  assert_string_equal(call.function, function);
  assert_int_equal(call.fd, fd);
  assert_ptr_equal(call.buffer, buffer);
  assert_int_equal(call.length, length);
  assert_int_equal(call.offset, offset);
}

}  // namespace atomrt::unit

#define FAKE(result, name, symbol, parameters)                        \
  extern "C" result fake_##name parameters __asm__("__wrap_" symbol); \
  extern "C" result fake_##name parameters
#define FAKE_AT(name, symbol, Pointer)                                                               \
  FAKE(long, name, symbol, (int fd, Pointer buffer, std::size_t length, std::int64_t offset)) {      \
    return atomrt::unit::fake_file.take(#name, fd, buffer, length, offset);                          \
  }

FAKE_AT(read_at, "_ZN6atomrt2os7read_atEiPvml", void*)
FAKE_AT(write_at, "_ZN6atomrt2os8write_atEiPKvml", const void*)
FAKE_AT(read_at_now, "_ZN6atomrt2os11read_at_nowEiPvml", void*)
FAKE_AT(read_memory_at_now, "_ZN6atomrt2os18read_memory_at_nowEiPvml", void*)
FAKE_AT(write_at_now, "_ZN6atomrt2os12write_at_nowEiPKvml", const void*)

FAKE(bool, is_short_read_whole, "_ZN6atomrt2os19is_short_read_wholeEil", (int, std::int64_t)) {
  return atomrt::unit::fake_file.is_device;
}

FAKE(long, read_next, "_ZN6atomrt2os9read_nextEiPvm", (int fd, void* buffer, std::size_t length)) {
  return atomrt::unit::fake_file.take("read_next", fd, buffer, length, 0);
}
FAKE(long, write_next, "_ZN6atomrt2os10write_nextEiPKvm", (int fd, const void* buffer, std::size_t length)) {
  return atomrt::unit::fake_file.take("write_next", fd, buffer, length, 0);
}
FAKE(long, read_next_now, "_ZN6atomrt2os13read_next_nowEiPvmb",
     (int fd, void* buffer, std::size_t length, bool is_socket)) {
  return atomrt::unit::fake_file.take("read_next_now", fd, buffer, length, is_socket);
}
FAKE(long, write_next_now, "_ZN6atomrt2os14write_next_nowEiPKvmb",
     (int fd, const void* buffer, std::size_t length, bool is_socket)) {
  return atomrt::unit::fake_file.take("write_next_now", fd, buffer, length, is_socket);
}
FAKE(long, sync_file, "_ZN6atomrt2os9sync_fileEib", (int fd, bool data_only)) {
  return atomrt::unit::fake_file.take(data_only ? "fdatasync" : "fsync", fd, nullptr, 0, 0);
}
FAKE(atomrt::base::Expected<int>, status_flags, "_ZN6atomrt2os12status_flagsEi", (int)) {
  return atomrt::unit::fake_file.flags;
}
FAKE(atomrt::base::Expected<atomrt::os::FileIdentity>, identify, "_ZN6atomrt2os8identifyEi", (int fd)) {
  atomrt::unit::fake_file.take("identify", fd, nullptr, 0, 0);
  return atomrt::unit::fake_file.identity;
}
