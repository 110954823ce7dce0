// SPDX-License-Identifier: MIT
// A new file whose bytes are this process's memory, so that they outlive it. Only where no store can wait for a disk or
// find none of its room: on tmpfs (/dev/shm, /run), with all of its pages allocated. No descriptor is kept.
// Async-signal-safe.
#pragma once

#include <cstddef>

#include "base/expected.h"

namespace atomrt::os {

// Zeroed memory of that size, shared with the file. Errors: EEXIST where the name is taken; EMEDIUMTYPE where the file
// would not be in memory; ENOSPC, EFBIG and others of open(2), fallocate(2) and mmap(2): then there is no file.
[[nodiscard]] base::Expected<void*> map_new_file(const char* path, std::size_t size);

// Removes a regular file that begins with these bytes. False: it does not, or cannot be removed.
[[nodiscard]] bool remove_file_that_begins(const char* path, const char* bytes, std::size_t size);

}  // namespace atomrt::os
