// SPDX-License-Identifier: MIT
// hold: a request keeps the file that its descriptor referred to at submission, whatever the number refers to later.
//
// Once a system call has begun on a file, the kernel holds the file; before that, only the number names it. So the
// functions that close or replace a number (close, dup2, dup3, close_range, closefrom, fclose, freopen) are routed
// through here, by the global offset tables of the loaded objects, from the first request on that can't be completed in
// its submitter. If chains that have not begun are in flight under the number, the file is duplicated once, inside that
// call, and the chains use the duplicate; it is closed when the last of them is over. Nothing is duplicated otherwise.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Routes the closing functions of the objects loaded so far through this file. Cheap if there is nothing new.
void watch_closing();

// Before the application's descriptor goes away: gives each of its chains the duplicate. Does not wait for storage or a
// peer, only for threads that are about to enter the kernel (about 20 ms at most).
void before_close(int fd);

void drop_hold(Engine& engine, chain::Hold& hold);

}  // namespace atomrt::engine
