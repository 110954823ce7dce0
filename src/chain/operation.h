// SPDX-License-Identifier: MIT
// Operation: what a request does; and a runner that is no thread. The launcher reads these numbers in other processes:
// see pending.h.
#pragma once

#include <cstdint>

namespace atomrt::chain {

enum class Operation : std::uint8_t { READ, WRITE, FSYNC, FDATASYNC };

[[nodiscard]] inline bool is_sync(Operation operation) { return operation >= Operation::FSYNC; }

// What a chain has in place of the number of the thread that runs it, while the ring polls for it.
constexpr std::uint32_t RING_POLLS = UINT32_MAX;

}  // namespace atomrt::chain
