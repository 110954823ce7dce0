// SPDX-License-Identifier: MIT
// trace_file: the events of this process's requests in a file (ATOMRT_TRACE), as JSON (exec/trace.h). A thread writes
// what has come, some times a second, so that a signal that ends the process leaves all but the last moment; the end of
// the process writes the rest. The file is open for one round of writing, not longer: a program may close whatever
// descriptors there are.
//
// A process never writes into a file that it has not made: of two that would have the same name the second one adds its
// number. So a child leaves its parent's alone.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// By who starts the engine, with its lock held and signals blocked: makes the file, if that is asked for. From now on
// events are noted.
void start_tracing();
// By the submitter of a request, before anybody else knows of it: notes that, and makes the thread where there is none.
[[gnu::cold, gnu::noinline]] void trace_submitted(Engine& engine, chain::Request& request);
// The process is about to end: the file gets the rest, and its end.
void end_tracing();

}  // namespace atomrt::engine
