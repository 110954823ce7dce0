// SPDX-License-Identifier: MIT
// loader_lock: the lock that the dynamic loader holds while dl_iterate_phdr goes through the loaded objects.
//
// The loader has no function that tries it, and a wait for it may never end: in a child of fork it stays locked for
// good where another thread of the parent's, or a frame below the fork, was in dl_iterate_phdr; and a callback of the
// application's may wait for a request that another thread is about to make. So it is found once, at load: the
// recursive mutex in the loader's data that this thread holds once in a callback of dl_iterate_phdr, and twice in a
// callback of a callback. It is only tried and released, by the functions for mutexes.
#pragma once

#include <cstdint>

namespace atomrt::os {

enum class LoaderLock : std::uint8_t {
  OURS,   // to be released; dl_iterate_phdr takes it once more
  TAKEN,  // by another thread
  LOST,   // for good: by a thread that this process does not have
};

// OURS also where the lock was not found (a static program, a loader of another kind): then dl_iterate_phdr may wait.
[[nodiscard]] LoaderLock try_loader_lock();
void release_loader_lock();

[[nodiscard]] bool is_loader_lock_known();

}  // namespace atomrt::os
