// SPDX-License-Identifier: MIT
// chain/known_file.h in the program's memory, compiled like the library: through the public functions a torn read
// would seldom be seen.
#pragma once

#include <cstdint>

namespace schedule {

struct Recalled {
  bool is_known;
  int flags;
  std::uint64_t device, inode;
};

void* new_known_file();
void note_file(void* file, int version);  // everything that is noted is that number
Recalled recall_file(void* file);

}  // namespace schedule
