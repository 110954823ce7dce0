// SPDX-License-Identifier: MIT
// AddressTable: what is remembered of an address. Runs use the same addresses again and again, so entries stay and are
// only renewed: one that is older than the memory at its address counts as new.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace schedule {

// When the memory at that address began to be what it is: with this run, or with its last mapping.
std::uint64_t birth_of(const void* memory);

template <typename Entry>
class AddressTable {
 public:
  // The entry of the address; is_new: it holds what an earlier life of the memory has left.
  Entry& at(std::uintptr_t address, const void* memory, bool& is_new) {
    Named* named = find(address);
    if (named == nullptr) named = &add(address);
    const std::uint64_t birth = birth_of(memory);
    is_new = named->birth < birth;
    named->birth = is_new ? birth : named->birth;
    return named->entry;
  }
  // Null: nothing is remembered of this life of the memory.
  Entry* present(std::uintptr_t address, const void* memory) {
    Named* named = find(address);
    return named == nullptr || named->birth < birth_of(memory) ? nullptr : &named->entry;
  }
  void forget(std::uintptr_t address) {
    if (Named* named = find(address)) named->birth = 0;
  }

 private:
  struct Named {
    std::uintptr_t address;
    std::uint64_t birth = 0;
    Entry entry;
  };

  static std::size_t place(std::uintptr_t address, std::size_t places) {
    return static_cast<std::size_t>((address * 0x9E3779B97F4A7C15ULL) >> 20) & (places - 1);
  }
  Named* find(std::uintptr_t address) {
    if (places_.empty()) return nullptr;
    for (std::size_t i = place(address, places_.size()); places_[i] != nullptr; i = (i + 1) & (places_.size() - 1)) {
      if (places_[i]->address == address) return places_[i];
    }
    return nullptr;
  }
  void put(Named* named) {
    std::size_t i = place(named->address, places_.size());
    while (places_[i] != nullptr) i = (i + 1) & (places_.size() - 1);
    places_[i] = named;
  }
  Named& add(std::uintptr_t address) {
    Named& named = entries_.emplace_back();
    named.address = address;
    if (entries_.size() * 2 > places_.size()) {
      places_.assign(places_.empty() ? 4096 : places_.size() * 2, nullptr);
      for (Named& each : entries_) put(&each);
    } else {
      put(&named);
    }
    return named;
  }

  std::deque<Named> entries_;
  std::vector<Named*> places_;
};

}  // namespace schedule
