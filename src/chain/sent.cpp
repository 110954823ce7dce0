// SPDX-License-Identifier: MIT
#include "chain/sent.h"

namespace atomrt::chain {

bool SentTable::has_any(const Spot& spot) {
  std::uint64_t all = 0;
  for (const Name& place : spot.names) all |= place.load(std::memory_order_acquire);
  return all != 0;
}

// The generation is read after the way: a chain says SENT again only after its generation has risen.
bool SentTable::is_present(const Chain& chain, std::uint32_t generation) {
  return chain.way.load(std::memory_order_seq_cst) == Way::SENT &&
         generation_of(chain.state.load(std::memory_order_acquire)) == generation;
}

Chain* SentTable::present(const ChainPool& pool, std::uint64_t word) {
  Chain* const chain = pool.at(low_of(word));
  return chain != nullptr && is_present(*chain, generation_of(word)) ? chain : nullptr;
}

// The owner of a chain that is over by now may have looked for its name before it was here.
bool SentTable::replace(const ChainPool& pool, Name& place, std::uint64_t present_word, std::uint64_t word) {
  if (!place.compare_exchange_strong(present_word, word, std::memory_order_seq_cst)) return false;
  std::uint64_t mine = word;
  if (present(pool, word) == nullptr) place.compare_exchange_strong(mine, 0, std::memory_order_relaxed);
  return true;
}

bool SentTable::enter(const ChainPool& pool, int fd, aiocb::RequestName name) {
  Spot& spot = spot_of(fd);
  const std::uint64_t word = word_of(name);
  for (unsigned i = 0; i < ROOM; ++i) {
    Name& place = entry(spot, name.number, i);
    if (place.load(std::memory_order_relaxed) == 0 && replace(pool, place, 0, word)) return true;
  }
  for (unsigned i = 0; i < ROOM; ++i) {
    Name& place = entry(spot, name.number, i);
    const std::uint64_t found = place.load(std::memory_order_acquire);
    const bool is_stale = found == 0 || present(pool, found) == nullptr;
    if (is_stale && replace(pool, place, found, word)) return true;
  }
  return false;
}

bool SentTable::begin_stream(const ChainPool& pool, const Chain& chain) {
  assert(chain.kind == os::FileKind::STREAM);
  std::uint64_t found = stream_.load(std::memory_order_acquire);
  return !is_in_flight(pool, found) &&
         stream_.compare_exchange_strong(found, word_of(name_of(chain)), std::memory_order_acq_rel,
                                         std::memory_order_relaxed);
}

void SentTable::clear(Spot& spot, const Chain& chain) {
  const std::uint64_t word = word_of(name_of(chain));
  for (unsigned i = 0; i < ROOM; ++i) {
    Name& place = entry(spot, chain.number, i);
    std::uint64_t found = place.load(std::memory_order_seq_cst);
    if (found != word) continue;
    place.compare_exchange_strong(found, 0, std::memory_order_release, std::memory_order_relaxed);
    return;
  }
}

bool SentTable::leave(Chain& chain) {
  if (chain.way.load(std::memory_order_relaxed) != Way::SENT) return false;
  Spot& spot = spot_of(chain.fd);
  os::Locked locked(spot.mutex);
  chain.way.store(Way::LISTED, std::memory_order_seq_cst);
  clear(spot, chain);
  return chain.entered.load(std::memory_order_relaxed) == 0;
}

int SentTable::highest(const ChainPool& pool) {
  int highest = -1;
  for (Spot& spot : spots_) {
    if (!has_any(spot)) continue;
    os::Locked locked(spot.mutex);
    for (const Name& place : spot.names) {
      const std::uint64_t word = place.load(std::memory_order_acquire);
      const Chain* const chain = word != 0 ? present(pool, word) : nullptr;
      if (chain != nullptr && chain->fd > highest) highest = chain->fd;
    }
  }
  return highest;
}

}  // namespace atomrt::chain
