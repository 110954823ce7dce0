// SPDX-License-Identifier: MIT
// submit: hands a validated request to a context. In the head if possible, without lock or allocation, and for a cached
// read without a system call beyond the transfer; else as a chain, with signals blocked.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// 0: the request was taken, and its outcome comes through the aiocb (it may be there already). EAGAIN: it was not
// taken, nothing is half done, and the aiocb says EAGAIN.
[[nodiscard]] int submit(chain::Request& request, exec::Budget& budget);
// The same for a transfer of more bytes than one call moves: the request is cut already, and the whole is checked
// first.
[[nodiscard]] int submit_long(chain::Request& request, std::size_t bytes, exec::Budget& budget);

}  // namespace atomrt::engine
