// SPDX-License-Identifier: MIT
// duplicates: the descriptors that hold keeps for requests whose own descriptor was closed. The application's calls
// leave them alone, and no child keeps one: it has inherited them, and none of their requests.
//
// Fork takes its picture of the descriptors before that of the memory, and neither stops the other threads. So what a
// duplicate is (device and inode) is noted before it is made, and one that is closed while a fork is under way stays
// noted until that is over. The child closes what is noted, under the number or where the number is not noted yet, and
// is that file. Nobody waits for anybody.
//
// One static table, as a child's engine is wiped. An entry belongs to who has taken it (compare-exchange of `state`).
#pragma once

#include <cstdint>

namespace atomrt::engine {

// At load; for those who come before that, before any lock is taken: pthread_atfork has one of its own. False: it has
// no memory, and no duplicate is made then.
bool heed_forks();

struct Duplicate {
  int fd;
  std::uint16_t entry;
};
// False: no room, or no descriptor to be had.
[[nodiscard]] bool make_duplicate(int fd, Duplicate& made);
void close_duplicate(const Duplicate& duplicate);

[[nodiscard]] bool is_duplicate(int fd);
// The lowest duplicate from first to last, or -1.
[[nodiscard]] int lowest_duplicate(unsigned first, unsigned last);

// Whether a fork is under way that has been told of (pthread_atfork).
[[nodiscard]] bool is_forking();

// For a thread that is about to ask the loader for its objects, with signals blocked. NOT_NOW: the process forks, or
// another thread has the loader's lock; NEVER: nobody will ever have it again (see os/loader_lock.h). Neither a fork
// nor a look waits long for the other.
enum class MayLook : std::uint8_t { YES, NOT_NOW, NEVER };
[[nodiscard]] MayLook begin_look();
void end_look();

}  // namespace atomrt::engine
