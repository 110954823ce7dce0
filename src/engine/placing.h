// SPDX-License-Identifier: MIT
// placing: which lane a chain enters, and when. Lanes are kept by file, and to ask the kernel for the file takes a
// system call: an O_DIRECT transfer that is alone under its number goes without, as nothing can be ordered by it but a
// sync, which asks then (see chain/latecomers.h).
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Remembered by mount.
[[nodiscard]] bool is_local(Engine& engine, int fd, const os::FileIdentity& identity);
// is_on_storage of a chain that may have come late: a sync that lets it into its lane notes nothing of that in it.
[[nodiscard]] bool has_file_on_storage(Engine& engine, const chain::Chain& chain);

// A number that means a file or disk whose transfers kernel AIO takes: the next one may come late.
void note_number(Engine& engine, const chain::Request& request, const os::FileIdentity& identity);
// Whether the chain of that request may go without a lane. flags: those of F_GETFL, asked now.
[[nodiscard]] bool may_come_late(const Engine& engine, const chain::Request& request, int flags);

// For the chain's owner. HELD…: it is in the lane's hands.
[[nodiscard]] chain::LaneTable::Entry enter_lane(Engine& engine, chain::Chain& chain, const os::FileIdentity& identity);

// What the owner of a chain that came late (place RUNNING) does before it goes on elsewhere than in the kernel. False:
// its lane holds it, or it has failed, and is over.
[[nodiscard]] bool find_lane(Engine& engine, chain::Chain& chain);

}  // namespace atomrt::engine
