// SPDX-License-Identifier: MIT
// The device: operations on regular files that take a while. The scheduler chooses when, the seed which.
#pragma once

#include <cstdint>

#include "kernel/files.h"
#include "machine/clock.h"

namespace schedule {

struct Operation {
  enum Kind : std::uint8_t { READ, WRITE, SYNC, READY } kind;  // READY: a poll of a stream
  OpenFile* file;
  iovec part;
  std::int64_t offset;
  unsigned writes_before;  // SYNC: that the file had when it began
  bool for_writing;        // READY
  bool may_be_cut;         // between two sectors: kernel AIO that must not wait
  void (*done)(const Operation& operation, long result);
  void* owner;
  std::uint64_t data;
  Clock past;  // what the thread that began it knew
  const void* object;  // what it was submitted from, by which it is taken back
};

void reset_device();
void enter_child_device();  // a child has nothing in flight
void leave_child_device();
void begin_operation(const Operation& operation);
// Takes back an operation of that owner, and of that object if one is named, that has not ended. False: there is none.
bool cancel_operation(const void* owner, const void* object, Operation& taken);
[[nodiscard]] unsigned operations_of(const void* owner);
[[nodiscard]] bool has_transfers_of(const void* owner);
[[nodiscard]] bool has_device_work();
void complete_one_operation();
// The running thread waits for an operation of its own: bytes or -errno.
long wait_for_device(Operation operation);

}  // namespace schedule
