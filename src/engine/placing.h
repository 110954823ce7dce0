// SPDX-License-Identifier: MIT
// placing: which lane a chain enters, and when. Lanes are kept by file, and asking the kernel for the file takes a
// system call. An O_DIRECT transfer that is alone under its number goes without a lane: only a sync has to be ordered
// after it, and the sync asks (see chain/latecomers.h).
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Whether the file is on storage of this machine. Remembered by mount.
[[nodiscard]] bool is_local(Engine& engine, int fd, const os::FileIdentity& identity);
// is_on_storage of a chain that may have come late: a sync that lets it into its lane does not set those fields.
[[nodiscard]] bool has_file_on_storage(Engine& engine, const chain::Chain& chain);

// Notes whether the number means a file or disk whose transfers kernel AIO takes: if so, the next one may come late.
void note_number(Engine& engine, const chain::Request& request, const os::FileIdentity& identity);
// Whether the chain of that request may go without a lane. flags: those of F_GETFL, asked now.
[[nodiscard]] bool may_come_late(const Engine& engine, const chain::Request& request, int flags);

// Whether these flags (F_GETFL) are a pipe's reading end's, or another stream's without offsets: open(2) gives no such.
[[nodiscard]] bool are_of_pipe(int flags);

// Lets a stream's read that was sent (engine/sent.h), if there is one, into its lane. Before another read enters its
// lane, or looks whether it may overtake. Signals are blocked.
void place_stream(Engine& engine);
// Lets all chains that are in no lane yet into theirs.
void place_all(Engine& engine);
// For the chain's owner. HELD…: the lane has the chain now.
[[nodiscard]] chain::LaneTable::Entry enter_lane(Engine& engine, chain::Chain& chain, const os::FileIdentity& identity);

// For the owner of a chain that came late (place RUNNING), before another context gets it. False: its lane holds it, or
// it has failed and is over.
[[nodiscard]] bool find_lane(Engine& engine, chain::Chain& chain);

}  // namespace atomrt::engine
