// SPDX-License-Identifier: MIT
// relay: which signals of requests that end in their caller are sent by another thread.
//
// A signal that is sent within its own handler is delivered as the handler returns: if each run of the handler makes
// the next request, the program below it would never advance by one instruction. So of the signals whose handler may be
// running, each EACH-th is left to the spawner, which sends it a moment later. The spawner is created while no handler
// seems to run: the program below one may be in the middle of malloc.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// The kernel is asked for the handler at each EACH-th signal of the process. A prime, so that each signal gets its turn
// where requests use several in rotation.
constexpr std::uint32_t EACH = 127;

// Counts the notification. Signals need not be blocked.
[[nodiscard]] bool is_anothers_turn(Engine& engine, const chain::Notification& notification);

// Leaves the rest of a published request to the spawner. False: there is none, and the caller does it.
[[nodiscard]] bool relay(Engine& engine, const chain::Request& request, chain::Tail tail);

}  // namespace atomrt::engine
