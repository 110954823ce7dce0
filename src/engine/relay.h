// SPDX-License-Identifier: MIT
// relay: which notifications of what ends in its caller another thread sends.
//
// A signal that is sent within its own handler is delivered as the handler returns: where that makes the next request
// each time, the program below it would not get on by one instruction. So of the signals that have a handler which may
// be running, each EACH-th is the spawner's, which sends it a moment later. It is made while no handler runs, as far as
// that can be seen: the program below one may be in the middle of malloc.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// The kernel is asked for the handler at each EACH-th signal of the process. A prime: requests that notify by several
// signals in turn come to each of them.
constexpr std::uint32_t EACH = 127;

// Counts the notification. Signals need not be blocked.
[[nodiscard]] bool is_anothers_turn(Engine& engine, const chain::Notification& notification);

// Leaves the rest of a request that has been published to the spawner. False: there is nobody, it is the caller's.
[[nodiscard]] bool relay(Engine& engine, const chain::Request& request, chain::Tail tail);

}  // namespace atomrt::engine
