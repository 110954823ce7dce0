// SPDX-License-Identifier: MIT
// Whether a read or write can be told not to wait (RWF_NOWAIT), by kind of file: what the head context needs.
#pragma once

namespace atomrt::launcher {

struct NowaitResult {
  int open_error = 0;  // else the others are meaningless
  int read_error = 0;  // 0: done at once
  int write_error = 0;
  const char* kind = "";  // the file system, or "stream"
};

// Tries cached data of a file without a name in that folder.
[[nodiscard]] NowaitResult probe_nowait_folder(const char* folder);
// Tries the beginning of that file, which is read once before; nothing is written.
[[nodiscard]] NowaitResult probe_nowait_file(const char* file);
[[nodiscard]] NowaitResult probe_nowait_pipe();
[[nodiscard]] NowaitResult probe_nowait_socket();

}  // namespace atomrt::launcher
