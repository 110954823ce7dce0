// SPDX-License-Identifier: MIT
// duplicates: the descriptors that hold keeps for requests whose own descriptor was closed. The application's closing
// calls spare them, and a child closes those that it inherits, as it has none of their requests.
//
// fork copies the descriptor table before the memory, and other threads run on during both. So a duplicate's file
// (device and inode) is noted before it is made, and one that is closed while a fork is under way stays noted until the
// fork is over. The child closes what is noted: by its number, if that is the noted file or is known to be inherited,
// or by a search for the file if the number is not noted yet. No thread waits for another.
//
// A static table, as the engine's memory is wiped in a child. An entry belongs to the thread that took it
// (compare-exchange of `state`).
#pragma once

#include <cstdint>

namespace atomrt::engine {

// Registers the fork handlers: at load, or by a caller that runs before that, while it holds no lock, as pthread_atfork
// takes one. False: no memory, and no duplicate is made then.
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

// Whether a fork is under way that called our handlers (pthread_atfork).
[[nodiscard]] bool is_forking();

// For a thread that is about to ask the loader for its objects, with signals blocked. NOT_NOW: the process forks, or
// another thread has the loader's lock; NEVER: nobody will ever have it again (see os/loader_lock.h). Neither a fork
// nor a look waits long for the other.
enum class MayLook : std::uint8_t { YES, NOT_NOW, NEVER };
[[nodiscard]] MayLook begin_look();
void end_look();

}  // namespace atomrt::engine
