// SPDX-License-Identifier: MIT
// stand.h: puts a chain anywhere, as a test needs it and no move of place.h would.
#pragma once

#include "chain/chain.h"

namespace atomrt::unit {

inline void stand(chain::Chain& chain, chain::Place place) {
  chain.state.store(chain::packed(generation_of(chain), static_cast<std::uint32_t>(place)));
}

// Back to the pool, wherever it is.
inline void free_chain(chain::ChainPool& pool, chain::Chain& chain) {
  stand(chain, chain::Place::RUNNING);
  recycle(pool, chain);
}

}  // namespace atomrt::unit
