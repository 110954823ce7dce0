// SPDX-License-Identifier: MIT
#include "kernel/files.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include "kernel/signals.h"
#include "machine/memory.h"
#include "machine/ordering.h"
#include "machine/report.h"

namespace schedule {
namespace {

std::deque<Inode> inodes;
std::deque<OpenFile> files;
std::vector<OpenFile*> descriptors, parents_descriptors;

Inode& make_inode(Kind kind) {
  Inode& inode = inodes.emplace_back();
  inode.kind = kind;
  inode.number = static_cast<unsigned>(inodes.size());
  return inode;
}

OpenFile& make_file(Inode& inode, int flags) {
  if (inode.kind == Kind::PIPE) ((flags & O_ACCMODE) == O_RDONLY ? inode.readers : inode.writers) += 1;
  return files.emplace_back(OpenFile{&inode, flags, 0});
}

void close_last(OpenFile& file) {
  Inode& inode = *file.inode;
  tell(inode.past);
  if (inode.kind == Kind::PIPE) ((file.flags & O_ACCMODE) == O_RDONLY ? inode.readers : inode.writers) -= 1;
  if (inode.kind == Kind::SOCKET && inode.peer != nullptr) {
    inode.peer->peer = nullptr;
    wake(inode.peer, MOST_THREADS);
  }
  wake(&inode, MOST_THREADS);
}

// The kernel's own accesses, which count as any other.
std::size_t scatter(const Parts& parts, const char* bytes, std::size_t length) {
  std::size_t done = 0;
  for (int i = 0; i < parts.count && done < length; ++i) {
    const std::size_t some = std::min(parts.parts[i].iov_len, length - done);
    if (some == 0) continue;
    note_access(parts.parts[i].iov_base, some, true);
    access_plainly(parts.parts[i].iov_base, some, true);
    std::memcpy(parts.parts[i].iov_base, bytes + done, some);
    done += some;
  }
  return done;
}

std::string gather(const Parts& parts, std::size_t most) {
  std::string bytes;
  for (int i = 0; i < parts.count && bytes.size() < most; ++i) {
    const std::size_t some = std::min(parts.parts[i].iov_len, most - bytes.size());
    if (some == 0) continue;
    note_access(parts.parts[i].iov_base, some, false);
    access_plainly(parts.parts[i].iov_base, some, false);
    bytes.append(static_cast<const char*>(parts.parts[i].iov_base), some);
  }
  return bytes;
}

}  // namespace

std::size_t Parts::length() const {
  std::size_t sum = 0;
  for (int i = 0; i < count; ++i) sum += parts[i].iov_len;
  return sum;
}

void reset_files() {
  inodes.clear();
  files.clear();
  descriptors.assign(3, nullptr);
}

int open_regular(int flags, const std::string& bytes, bool is_cached) {
  Inode& inode = make_inode(Kind::REGULAR);
  inode.bytes = bytes;
  inode.is_cached = is_cached;
  return install(make_file(inode, flags | O_LARGEFILE | 0100000), 3);
}

void open_pipe(int (&ends)[2], int flags) {
  Inode& inode = make_inode(Kind::PIPE);
  ends[0] = install(make_file(inode, O_RDONLY | flags), 3);
  ends[1] = install(make_file(inode, O_WRONLY | flags), 3);
}

void open_socket_pair(int (&ends)[2]) {
  Inode& left = make_inode(Kind::SOCKET);
  Inode& right = make_inode(Kind::SOCKET);
  left.peer = &right;
  right.peer = &left;
  ends[0] = install(make_file(left, O_RDWR), 3);
  ends[1] = install(make_file(right, O_RDWR), 3);
}

OpenFile* file_of(int fd) {
  return fd >= 0 && static_cast<std::size_t>(fd) < descriptors.size() ? descriptors[static_cast<std::size_t>(fd)]
                                                                      : nullptr;
}

int install(OpenFile& file, int lowest, int exactly) {
  std::size_t number = static_cast<std::size_t>(exactly >= 0 ? exactly : lowest);
  while (exactly < 0 && number < descriptors.size() && descriptors[number] != nullptr) ++number;
  if (number >= descriptors.size()) descriptors.resize(number + 1);
  descriptors[number] = &file;
  hold_file(file);
  return static_cast<int>(number);
}

int close_descriptor(int fd) {
  OpenFile* file = file_of(fd);
  if (file == nullptr) return EBADF;
  descriptors[static_cast<std::size_t>(fd)] = nullptr;
  let_file_go(*file);
  return 0;
}

void hold_file(OpenFile& file) { ++file.references; }
void let_file_go(OpenFile& file) {
  if (--file.references == 0) close_last(file);
}

unsigned open_descriptors() {
  return static_cast<unsigned>(std::count_if(descriptors.begin(), descriptors.end(), [](auto* file) { return file; }));
}
int highest_descriptor() { return static_cast<int>(descriptors.size()) - 1; }
Inode& inode_of(int fd) {
  OpenFile* file = file_of(fd);
  if (file == nullptr) fail("the scenario asks for a file that is not open");
  return *file->inode;
}

std::vector<OpenFile*> copy_descriptors() {
  for (OpenFile* file : descriptors) {
    if (file != nullptr) hold_file(*file);
  }
  return descriptors;
}
void enter_child_files(std::vector<OpenFile*> copied) {
  parents_descriptors = descriptors;
  descriptors = std::move(copied);
}
void leave_child_files() {
  for (OpenFile* file : descriptors) {
    if (file != nullptr) let_file_go(*file);
  }
  descriptors = parents_descriptors;
}

long read_regular(Inode& inode, const Parts& parts, std::int64_t offset) {
  if (offset < 0) return -EINVAL;
  const std::size_t start = static_cast<std::size_t>(offset);
  if (start >= inode.bytes.size()) return 0;
  const std::size_t length = std::min(parts.length(), inode.bytes.size() - start);
  return static_cast<long>(scatter(parts, inode.bytes.data() + start, length));
}

long write_regular(Inode& inode, const Parts& parts, std::int64_t offset, bool appends) {
  if (offset < 0 && !appends) return -EINVAL;
  const std::string bytes = gather(parts, parts.length());
  const std::size_t start = appends ? inode.bytes.size() : static_cast<std::size_t>(offset);
  if (inode.bytes.size() < start + bytes.size()) inode.bytes.resize(start + bytes.size());
  inode.bytes.replace(start, bytes.size(), bytes);
  ++inode.writes;
  return static_cast<long>(bytes.size());
}

bool is_ready(const OpenFile& file, bool for_writing) {
  const Inode& inode = *file.inode;
  if (inode.kind == Kind::REGULAR) return true;
  if (for_writing) {
    const Inode* to = inode.kind == Kind::PIPE ? &inode : inode.peer;
    return to == nullptr || (inode.kind == Kind::PIPE && inode.readers == 0) || to->bytes.size() < to->capacity;
  }
  return !inode.bytes.empty() || (inode.kind == Kind::PIPE ? inode.writers == 0 : inode.peer == nullptr);
}

long read_stream(OpenFile& file, const Parts& parts) {
  Inode& inode = *file.inode;
  if (parts.length() == 0) return 0;
  learn(inode.past);
  if (inode.bytes.empty()) return is_ready(file, false) ? 0 : -EAGAIN;
  const std::size_t length = std::min(parts.length(), inode.bytes.size());
  scatter(parts, inode.bytes.data(), length);
  inode.bytes.erase(0, length);
  wake(&inode, MOST_THREADS);
  return static_cast<long>(length);
}

long write_stream(OpenFile& file, const Parts& parts) {
  Inode* to = file.inode->kind == Kind::PIPE ? file.inode : file.inode->peer;
  if (to == nullptr || (file.inode->kind == Kind::PIPE && to->readers == 0)) return -EPIPE;
  if (parts.length() == 0) return 0;
  if (to->bytes.size() >= to->capacity) return -EAGAIN;
  const std::string bytes = gather(parts, to->capacity - to->bytes.size());
  to->bytes += bytes;
  tell(to->past);
  wake(to, MOST_THREADS);
  return static_cast<long>(bytes.size());
}

}  // namespace schedule
