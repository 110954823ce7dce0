// SPDX-License-Identifier: MIT
#include "exec/lookers.h"

namespace atomrt::exec {
namespace {

std::uintptr_t name_of(const Look& look) { return reinterpret_cast<std::uintptr_t>(&look); }

// Mixed: frames of one thread are close together, and stacks are aligned, so most bits are the same.
unsigned first_entry(std::uintptr_t name) {
  const auto mixed = static_cast<std::uint32_t>(name >> 4) * 0x9e3779b1U;
  return (mixed >> 24) % Lookers::MOST;
}

}  // namespace

bool Look::begin() {
  constexpr unsigned MOST_TRIES = 8;
  const std::uintptr_t name = name_of(*this);
  for (unsigned i = 0; i < MOST_TRIES; ++i) {
    std::atomic<std::uintptr_t>& entry = lookers_.names_[(first_entry(name) + i) % Lookers::MOST];
    // A frame of this thread that was left unseen (setcontext) may have left the same name.
    std::uintptr_t present = entry.load(std::memory_order_relaxed);
    if (present != 0 && present != name) continue;
    entry_.store(&entry, std::memory_order_relaxed);
    if (entry.compare_exchange_strong(present, name, std::memory_order_seq_cst, std::memory_order_relaxed)) return true;
  }
  return false;
}

// In a child that a handler has forked the entries have been wiped.
void Look::end() {
  std::atomic<std::uintptr_t>* const entry = entry_.load(std::memory_order_relaxed);
  if (entry == nullptr) return;
  std::uintptr_t present = name_of(*this);
  entry->compare_exchange_strong(present, 0, std::memory_order_release, std::memory_order_relaxed);
  entry_.store(nullptr, std::memory_order_relaxed);
}

bool Lookers::any() const {
  for (const auto& name : names_) {
    if (name.load(std::memory_order_seq_cst) != 0) return true;
  }
  return false;
}

}  // namespace atomrt::exec
