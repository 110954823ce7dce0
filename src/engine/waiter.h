// SPDX-License-Identifier: MIT
// waiter: a thread that is about to sleep for a file request that nobody has begun runs it itself.
//
// Only files on storage of this machine, never a request that waits for a peer, which may never come. A read only if
// nothing else is waited for, as it could keep the thread from seeing another entry complete, or if by experience it
// only copies. Signals are blocked from claim to publish: otherwise a handler of this thread could wait for ever for
// the chain that the frame below it holds.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Runs one of the entries of an aio_suspend without timeout. True: an entry is complete.
[[nodiscard]] bool work_for_one(Engine& engine, const struct aiocb* const list[], int entries);

// Runs what it can of a list that is waited for as a whole.
template <typename Block>
void work_for_all(Engine& engine, Block* const list[], int entries);

// Runs the chain of one aiocb if it can be taken.
bool work_for(Engine& engine, const struct aiocb* block, bool reads_too);

template <typename Block>
void work_for_all(Engine& engine, Block* const list[], int entries) {
  for (int i = 0; i < entries; ++i) {
    if (list[i] == nullptr) continue;
    const auto* block = reinterpret_cast<const struct aiocb*>(list[i]);
    if (aiocb::load_error(block) == EINPROGRESS) work_for(engine, block, true);
  }
}

}  // namespace atomrt::engine
