// SPDX-License-Identifier: MIT
// take: takes a chain that nobody has begun from wherever it stands, by one claim. Used by aio_cancel, and by a waiter
// that would rather work than sleep.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

enum class TakeFor : std::uint8_t {
  CANCEL,  // any chain that has moved no bytes
  RUN,     // file requests that no order holds back, that wait for no peer, and that make no thread at their end
};

enum class Take : std::uint8_t {
  TAKEN,      // the caller owns it, place RUNNING
  LEFT,       // it has begun, or is over
  IS_MOVING,  // ask again when it has arrived, with the bucket unlocked meanwhile
};

// The chain is in flight and can't be recycled meanwhile (its bucket is locked, signals are blocked).
[[nodiscard]] Take take(Engine& engine, chain::Chain& chain, TakeFor purpose);

// The chain of the aiocb, if it could be taken; null otherwise. Signals are blocked by the caller.
[[nodiscard]] chain::Chain* take_for_waiter(Engine& engine, const struct aiocb* block, bool reads_too);

}  // namespace atomrt::engine
