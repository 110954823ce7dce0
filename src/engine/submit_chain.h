// SPDX-License-Identifier: MIT
// submit_chain: the part of a submission that makes a request a chain, and hands that to a context. What the functions
// return is as for submit.
#pragma once

#include "engine/engine.h"
#include "engine/sent.h"

namespace atomrt::engine {

// Not taken, nothing is half done: the aiocb says EAGAIN, and so does this.
int refuse(const chain::Request& request);

// Of a request whose descriptor was examined, or is left to be looked up later (place LATE).
[[nodiscard]] int submit_chain(const chain::Request& request, const exec::Descriptor& descriptor);
// For a chain that kernel AIO has not taken, unless this is a child that a handler has forked.
[[nodiscard]] int take_back_sent(Engine& engine, const chain::Request& request, const Sending& sending);

}  // namespace atomrt::engine
