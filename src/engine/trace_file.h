// SPDX-License-Identifier: MIT
// trace_file: the events of this process's requests in a file (ATOMRT_TRACE), as JSON (exec/trace.h). A thread writes
// them several times a second, so that a signal that kills the process costs only the last moment; the rest is written
// at exit. The file is open only for one round of writing: a program may close any descriptor.
//
// A process never writes into a file that it has not created: if the name exists, it appends its process ID, and where
// the name is another file's since, it writes no more. So a child leaves its parent's file alone.
//
// The file is a whole JSON array after each write, and no larger than ATOMRT_TRACE_LIMIT: beyond that events are
// counted.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Called by the thread that starts the engine, with its lock held and signals blocked: makes the file, if ATOMRT_TRACE
// is set. From then on events are noted.
void start_tracing();
// Called by the submitter of a request, before any other thread knows of it: notes that, and makes the thread if there
// is none.
[[gnu::cold, gnu::noinline]] void trace_submitted(Engine& engine, chain::Request& request);
// The process is about to end: the file gets the rest, and its end.
void end_tracing();

}  // namespace atomrt::engine
