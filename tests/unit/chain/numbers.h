// SPDX-License-Identifier: MIT
// numbers.h: chains in flight under descriptor numbers.
#pragma once

#include "chain/chains.h"
#include "chain/in_flight.h"

namespace atomrt::unit {

struct Numbers {
  chain::ChainPool& pool = zeroed<chain::ChainPool>();
  chain::InFlight& in_flight = zeroed<chain::InFlight>();

  chain::Chain& enter(int fd, struct aiocb* block = nullptr) {
    chain::Chain& chain = adopted(pool, request_of(Kind::READ, block, fd));
    in_flight.enter(chain);
    stand(chain, chain::Place::QUEUED);
    return chain;
  }
  void leave(chain::Chain& chain) {
    in_flight.leave(chain);
    free_chain(pool, chain);
  }
  int count(int fd) {
    int visits = 0;
    in_flight.for_each(fd, [&](chain::Chain& chain) {
      ++visits;
      if (chain.fd != fd) visits += 1000;
      return chain::Visit::DONE;
    });
    return visits;
  }
  bool finds(aiocb::RequestName name, const struct aiocb* block, int fd) {
    int visits = 0;
    const bool found = in_flight.with(pool, name, block, fd, [&](chain::Chain&) {
      ++visits;
      return chain::Visit::DONE;
    });
    if (visits != static_cast<int>(found)) abort();
    return found;
  }
};

// Two numbers of one bucket, whatever the number of buckets up to this.
constexpr int FD = 5, SAME_BUCKET = FD + (1 << 20);

}  // namespace atomrt::unit
