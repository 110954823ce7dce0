// SPDX-License-Identifier: MIT
#include "kernel/device.h"

#include <fcntl.h>

#include <cerrno>
#include <vector>

#include "machine/ordering.h"
#include "machine/report.h"
#include "machine/scheduler.h"

namespace schedule {
namespace {

std::vector<Operation> operations, parents_operations;

bool can_end(const Operation& operation) {
  return operation.kind != Operation::READY || is_ready(*operation.file, operation.for_writing);
}

long perform(const Operation& operation) {
  Inode& inode = *operation.file->inode;
  const bool appends = (operation.file->flags & O_APPEND) != 0;
  iovec part = operation.part;
  if (operation.may_be_cut && part.iov_len > 512 && perhaps(8)) part.iov_len = 512;
  const Parts parts{&part, 1};
  switch (operation.kind) {
    case Operation::READ:
      return read_regular(inode, parts, operation.offset);
    case Operation::WRITE:
      return write_regular(inode, parts, operation.offset, appends);
    case Operation::SYNC:
      inode.synced_writes = operation.writes_before;
      return 0;
    case Operation::READY:
      return 1;
  }
  return -EINVAL;
}

struct Wait {
  bool is_over = false;
  long result = 0;
};

}  // namespace

void reset_device() { operations.clear(); }
void enter_child_device() { parents_operations.swap(operations); }
void leave_child_device() {
  operations.swap(parents_operations);
  parents_operations.clear();
}

void begin_operation(const Operation& operation) {
  hold_file(*operation.file);
  operations.push_back(operation);
  tell(operations.back().past);
  if (operation.kind == Operation::SYNC) operations.back().writes_before = operation.file->inode->writes;
}

bool cancel_operation(const void* owner, const void* object, Operation& taken) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].owner != owner || (object != nullptr && operations[i].object != object)) continue;
    taken = operations[i];
    operations.erase(operations.begin() + static_cast<std::ptrdiff_t>(i));
    let_file_go(*taken.file);
    return true;
  }
  return false;
}

unsigned operations_of(const void* owner) {
  unsigned count = 0;
  for (const Operation& operation : operations) count += operation.owner == owner;
  return count;
}

bool has_transfers_of(const void* owner) {
  for (const Operation& operation : operations) {
    if (operation.owner == owner && operation.kind != Operation::READY) return true;
  }
  return false;
}

bool has_device_work() {
  for (const Operation& operation : operations) {
    if (can_end(operation)) return true;
  }
  return false;
}

void complete_one_operation() {
  const std::size_t count = operations.size();
  const std::size_t first = perhaps(2) ? random().below(static_cast<std::uint32_t>(count)) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = (first + i) % count;
    if (!can_end(operations[at])) continue;
    const Operation operation = operations[at];
    operations.erase(operations.begin() + static_cast<std::ptrdiff_t>(at));
    const DeviceActs acts(operation.past);
    const long result = perform(operation);
    static constexpr const char* NAMES[] = {"read", "write", "sync", "poll"};
    trace("the device ends a %s: %ld", NAMES[operation.kind], result);
    operation.done(operation, result);
    let_file_go(*operation.file);
    return;
  }
}

long wait_for_device(Operation operation) {
  Wait wait;
  operation.owner = &wait;
  operation.done = [](const Operation& ended, long result) {
    Wait& waiting = *static_cast<Wait*>(ended.owner);
    waiting.is_over = true;
    waiting.result = result;
    wake(&waiting, 1);
  };
  begin_operation(operation);
  while (!wait.is_over) sleep_on("the device", &wait, NEVER, false);
  return wait.result;
}

}  // namespace schedule
