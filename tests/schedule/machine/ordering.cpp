// SPDX-License-Identifier: MIT
#include "machine/ordering.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "machine/address_table.h"
#include "machine/memory.h"
#include "machine/races.h"
#include "machine/report.h"
#include "machine/scheduler.h"

extern "C" char __executable_start[];

namespace schedule {

bool is_weak = false;

namespace {

constexpr unsigned HISTORY = 6;

struct Store {
  std::uint64_t value;
  std::uint32_t number;  // 0: it was there before anybody looked
  bool tells;
  Clock told;  // to whoever acquires it
  Clock seen;  // since which moment of each thread
};

// One atomic word: its last stores, the newest at `newest`.
struct Word {
  unsigned size = 0, newest = 0, count = 0;
  std::uint32_t in_turn = 0;  // the store up to which operations that are sequentially consistent have seen it
  Store stores[HISTORY];

  Store& back(unsigned steps) { return stores[(newest + HISTORY - steps) % HISTORY]; }
  Store& add() {
    newest = (newest + 1) % HISTORY;
    if (count < HISTORY) ++count;
    Store& store = stores[newest];
    store.tells = false;
    store.told.clear();
    store.seen.clear();
    return store;
  }
};

AddressTable<Word> words;
std::vector<const void*> left_out;
// Where this life of memory may have words: most plain writes are of none.
std::uint64_t has_words[1 << 14];
std::uint64_t& words_near(std::uintptr_t address) { return has_words[(address >> 3) & ((1 << 14) - 1)]; }
std::uint32_t last_store;
Random dice;
unsigned old_one_in;
Knowledge device;
bool device_acts;

bool acquires(std::memory_order order) {
  return order == std::memory_order_acquire || order == std::memory_order_consume || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}
bool releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}
bool is_in_turn(std::memory_order order) { return order == std::memory_order_seq_cst; }

std::uint64_t value_at(const void* word, unsigned size) {
  std::uint64_t value = 0;
  std::memcpy(&value, word, size);
  return value;
}

// A word whose value is not that of its last store was written by somebody who is not looked at (an initialiser that
// the compiler has left out): it begins anew.
Word& word_at(const void* address, unsigned size, std::uint64_t present) {
  bool is_new = false;
  Word& word = words.at(reinterpret_cast<std::uintptr_t>(address), address, is_new);
  if (is_new || word.size != size || word.back(0).value != present) {
    word.size = size;
    word.count = 0;
    word.in_turn = 0;
    words_near(reinterpret_cast<std::uintptr_t>(address)) = birth_of(address);
    Store& store = word.add();
    store.value = present;
    store.number = 0;
  }
  return word;
}

void see(Word& word, Store& store, std::memory_order order) {
  Knowledge& me = actor();
  if (store.seen.of(me.own) == 0) store.seen.set(me.own, me.moment());
  if (store.tells) (acquires(order) ? me.known : me.seen_relaxed).join(store.told);
  if (is_in_turn(order) && store.number > word.in_turn) word.in_turn = store.number;
}

// The moment ends: what comes is not known to whom it told.
void end_moment(Knowledge& me) { me.known.set(me.own, me.moment() + 1); }

// How many stores back a load may look.
unsigned oldest_visible(Word& word, std::memory_order order) {
  const Knowledge& me = actor();
  for (unsigned i = 0; i + 1 < word.count; ++i) {
    const Store& store = word.back(i);
    const bool is_known = store.number <= me.known.of(EVERYBODY) || me.known.knows_one_of(store.seen);
    if (is_known || (is_in_turn(order) && store.number <= word.in_turn)) return i;
  }
  return word.count - 1;
}

Store& choose_store(Word& word, const void* address, std::memory_order order) {
  if (word.count == 1) return word.back(0);
  const unsigned oldest = oldest_visible(word, order);
  if (oldest == 0 || device_acts || dice.below(old_one_in) != 0) return word.back(0);
  Store& chosen = word.back(1 + dice.below(oldest));
  trace("sees an older value of %p: %llx, not %llx", address, static_cast<unsigned long long>(chosen.value),
        static_cast<unsigned long long>(word.back(0).value));
  return chosen;
}

Store& add_store(Word& word, std::uint64_t value, std::memory_order order) {
  Knowledge& me = actor();
  Store& store = word.add();
  store.value = value;
  store.number = ++last_store;
  store.seen.set(me.own, me.moment());
  if (is_in_turn(order)) word.in_turn = store.number;
  const Clock& told = releases(order) ? me.known : me.before_a_fence;
  store.tells = told.count() != 0;
  store.told = told;
  return store;
}

}  // namespace

void begin_ordering(bool weak, std::uint64_t seed) {
  is_weak = weak;
  last_store = 0;
  device_acts = false;
  device = Knowledge{};
  device.own = DEVICE;
  dice = Random(seed * 2 + 0x5eed);
  static constexpr unsigned RATES[] = {2, 4, 16};
  old_one_in = RATES[dice.below(3)];
  forget_all_order();
}

void leave_out(std::uintptr_t place) { left_out.push_back(__executable_start + place); }
bool is_left_out(const void* place) { return std::find(left_out.begin(), left_out.end(), place) != left_out.end(); }

bool acts_as_device() { return device_acts; }
Knowledge& actor() { return device_acts ? device : self().knowledge; }

std::uint64_t load_ordered(const void* address, unsigned size, std::memory_order order) {
  const std::uint64_t present = value_at(address, size);
  if (!is_tracked(address)) return present;
  access_atomically(address, size, false);
  Word& word = word_at(address, size, present);
  Store& store = choose_store(word, address, order);
  see(word, store, order);
  return store.value;
}

std::uint64_t load_to_compare(const void* address, unsigned size, std::uint64_t expected, std::memory_order order) {
  const std::uint64_t present = value_at(address, size);
  if (!is_tracked(address)) return present;
  Word& word = word_at(address, size, present);
  Store* store = &choose_store(word, address, order);
  if (store->value == expected) store = &word.back(0);  // a success would be with the newest
  if (store->value == expected) return expected;
  access_atomically(address, size, false);
  see(word, *store, order);
  return store->value;
}

void store_ordered(const void* address, unsigned size, std::uint64_t value, std::memory_order order) {
  if (!is_tracked(address)) return;
  access_atomically(address, size, true);
  add_store(word_at(address, size, value_at(address, size)), value, order);
  if (releases(order)) end_moment(actor());
}

// Sees the newest store, and hands on what that one told (a release sequence).
void update_ordered(const void* address, unsigned size, std::uint64_t before, std::uint64_t after, std::memory_order order) {
  if (!is_tracked(address)) return;
  access_atomically(address, size, true);
  Word& word = word_at(address, size, before);
  Store& old = word.back(0);
  see(word, old, order);
  const bool told_before = old.tells;
  const Clock told = old.told;
  Store& store = add_store(word, after, order);
  if (told_before) {
    store.told.join(told);
    store.tells = true;
  }
  if (releases(order)) end_moment(actor());
}

void learn_of_newest(const void* address, unsigned size) {
  Word& word = word_at(address, size, value_at(address, size));
  see(word, word.back(0), std::memory_order_acquire);
}

void fence_ordered(std::memory_order order) {
  Knowledge& me = actor();
  if (acquires(order)) me.known.join(me.seen_relaxed);
  if (is_in_turn(order)) me.known.set(EVERYBODY, last_store);
  if (releases(order)) {
    me.before_a_fence = me.known;
    end_moment(me);
  }
}

// A plain write begins the word anew: who sees an older value has no order to it, which is a race.
void access_plainly(const void* memory, std::size_t size, bool writes) {
  if (!is_weak || !is_running() || !is_tracked(memory)) return;
  note_plain_access(memory, size, writes);
  if (!writes || size > PAGE) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  for (std::uintptr_t eight = begin & ~std::uintptr_t{7}; eight < begin + size; eight += 8) {
    if (words_near(eight) < birth_of(memory)) continue;
    for (std::uintptr_t at = eight < begin ? begin : eight; at < eight + 8 && at < begin + size; ++at) words.forget(at);
  }
}

void expect_order_to(const void* memory, std::size_t size) {
  if (is_weak && is_running()) check_plain_access(memory, size);
}

void access_atomically(const void* word, std::size_t size, bool writes) { note_atomic_access(word, size, writes); }

void tell(Clock& way) {
  if (!is_weak || !is_running()) return;
  Knowledge& me = actor();
  way.join(me.known);
  end_moment(me);
}
void learn(const Clock& way) {
  if (is_weak && is_running()) actor().known.join(way);
}
void tell_thread(Knowledge& other) {
  if (!is_weak || !is_running() || &other == &actor()) return;
  other.known.join(actor().known);
  end_moment(actor());
}
void begin_knowledge(Knowledge& other, unsigned whose_past) {
  other.own = whose_past;
  if (!is_weak) return;
  if (is_running()) tell_thread(other);
  other.known.set(whose_past, 1);
}

DeviceActs::DeviceActs(const Clock& beginners) {
  if (!is_weak) return;
  device_acts = true;
  const std::uint32_t moment = device.moment() + 1;
  device.known = beginners;
  device.known.set(DEVICE, moment);
  device.seen_relaxed.clear();
  device.before_a_fence.clear();
}
DeviceActs::~DeviceActs() { device_acts = false; }

}  // namespace schedule
