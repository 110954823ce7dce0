// SPDX-License-Identifier: MIT
// hold: a request keeps the file that its descriptor meant at submission, whatever becomes of the number.
//
// Once a system call has begun on a file, the kernel holds the file; before that, only the number names it. So the
// functions that close or replace a number (close, dup2, dup3, close_range, closefrom, fclose, freopen) are led through
// here, by the global offset tables of the loaded objects, from the first request on that can't be completed in its
// submitter. If chains that have not begun are in flight under the number, the file is duplicated once, inside that
// call, and the chains use the duplicate; it is closed when the last of them is over. Nothing is duplicated otherwise.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Leads the closing functions of objects loaded so far through this file. Cheap when there is nothing new to do.
void watch_closing();

// Before the application's descriptor goes away: gives each of its chains the duplicate. No wait for storage or a peer
// but for calls that are about to enter the kernel (at most about 20 ms).
void before_close(int fd);

void drop_hold(Engine& engine, chain::Hold& hold);

}  // namespace atomrt::engine
