// SPDX-License-Identifier: MIT
// Files of the simulated kernel: descriptors, open files, inodes. A regular file's bytes come at once from the page
// cache or later from the device; a stream's come when its peer writes.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <string>
#include <vector>

#include "machine/clock.h"

namespace schedule {

enum class Kind : std::uint8_t { REGULAR, PIPE, SOCKET };

struct Inode {
  Kind kind;
  unsigned number;
  std::string bytes;       // of a stream: what waits to be read
  bool is_cached = true;   // of a regular file: reads need not wait
  unsigned readers = 0, writers = 0;  // open ends of a pipe
  Inode* peer = nullptr;              // where a socket's writes go
  unsigned writes = 0;                // that have reached the file
  unsigned synced_writes = 0;         // of those, before the last sync began
  std::size_t capacity = 4096;        // of a stream
  Clock past;                         // of a stream: what its writers knew
};

struct OpenFile {
  Inode* inode;
  int flags;
  unsigned references;  // descriptors, and operations in the device
};

void reset_files();
// The program's descriptors; flags of open(2). bytes: the file's contents.
int open_regular(int flags, const std::string& bytes, bool is_cached = true);
void open_pipe(int (&ends)[2], int flags = 0);
void open_socket_pair(int (&ends)[2]);

// Null: EBADF.
OpenFile* file_of(int fd);
int install(OpenFile& file, int lowest, int exactly = -1);
int close_descriptor(int fd);
void hold_file(OpenFile& file);
void let_file_go(OpenFile& file);
unsigned open_descriptors();
int highest_descriptor();
Inode& inode_of(int fd);

// What fork copies, before it copies the memory and while other threads go on; then the switch to the child, and back.
std::vector<OpenFile*> copy_descriptors();
void enter_child_files(std::vector<OpenFile*> copied);
void leave_child_files();

// ---- transfers: bytes or -errno ----

struct Parts {
  const iovec* parts;
  int count;
  [[nodiscard]] std::size_t length() const;
};

// At an offset, of a regular file, as if at once.
long read_regular(Inode& inode, const Parts& parts, std::int64_t offset);
long write_regular(Inode& inode, const Parts& parts, std::int64_t offset, bool appends);
// -EAGAIN where it would have to wait.
long read_stream(OpenFile& file, const Parts& parts);
long write_stream(OpenFile& file, const Parts& parts);
[[nodiscard]] bool is_ready(const OpenFile& file, bool for_writing);

}  // namespace schedule
