// SPDX-License-Identifier: MIT
// Pending: a request in flight, as seen without stopping it and without a lock: by its own process, or by the launcher,
// whose word size and version may be others.
//
// What a process shows of itself is its Layout (the symbol atomrt_pending_layout): where the engine is, and in it the
// pool of chains, and in a chain each field. Chains are type-stable, and the fields of one do not change their meaning
// within a generation. So Scanner reads a chain's word of state, then the fields, then the word again: if generation
// and place are the same, the fields belong to that generation. Of a field that its owner writes meanwhile it sees the
// old value or the new one.
//
// FORM rises when a field, a number of Place or one of Operation changes its meaning; new ones may be appended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/line.h"
#include "chain/operation.h"
#include "chain/place.h"

namespace atomrt::chain {

// In bytes from the chain's beginning.
struct Field {
  std::uint16_t offset, size;
};

struct Layout {
  static constexpr char MAGIC[8] = "atomrt!";
  static constexpr std::uint32_t FORM = 1;
  static constexpr std::uint32_t MOST_SLOT_BYTES = 512;
  static constexpr std::uint32_t MOST_CHUNK_BYTES = 1 << 20;

  char magic[8];
  std::uint32_t form;
  std::uint32_t bytes;  // of this structure
  char version[16];     // of the library
  std::uint32_t word_bytes;
  std::uint32_t slot_bytes, chunk_slots, most_chunks;
  std::uint32_t started, process, chunk_count, chunks;  // in the engine
  std::uint32_t counters;  // in the engine: a pointer to exec/counters.h; null: nothing is counted
  Field number, state, block, offset, length, moved, submitted_ns, fd, io_fd, operation, order, lane, submitter,
      runner;
  std::uint16_t lane_active_read, lane_active_write, lane_first;  // pointers to chains, in a lane
  std::uint8_t order_reads, order_sync;                            // numbers of Order
  union alignas(8) {
    const void* pointer;  // to the engine's address
    std::uint64_t address;
  } engine;

  [[nodiscard]] bool is_of_this_form() const {
    return std::memcmp(magic, MAGIC, sizeof magic) == 0 && form == FORM && bytes >= sizeof *this &&
           (word_bytes == 4 || word_bytes == 8) && slot_bytes <= MOST_SLOT_BYTES && slot_bytes > 0 &&
           chunk_slots <= MOST_CHUNK_BYTES / slot_bytes;
  }
};

struct Pending {
  std::uint32_t number;
  std::uint32_t behind;  // the number of the request that it is held behind; 0: it is not, or has just been let go
  Operation operation;
  Place place;
  bool is_polled;  // the ring waits for its peer
  int fd;
  int io_fd;  // another one where the program has closed fd since
  std::uint32_t submitter, runner;  // threads; 0: not known, not running
  std::uint64_t block;
  std::int64_t offset;
  std::int64_t submitted_ns;
  std::uint32_t length, moved;
};

// The oldest first.
[[nodiscard]] inline bool is_older(const Pending& a, const Pending& b) {
  return a.submitted_ns != b.submitted_ns ? a.submitted_ns < b.submitted_ns : a.number < b.number;
}

[[nodiscard]] const char* name_of(Operation operation);
[[nodiscard]] const char* name_of(Place place);

using PendingLine = base::Line<512>;
// "held behind request 17", "runs in thread 4711".
void describe_place(const Pending& request, PendingLine& line);
// The heading of the columns, and a request's line up to its file, which the caller adds.
constexpr std::string_view PENDING_HEADING =
    "     age s  request operation     fd           offset     length      moved   thread              aiocb  "
    "where; file\n";
void describe(const Pending& request, std::int64_t now_ns, PendingLine& line);

// The field's value; numbers are unsigned, and of this machine's byte order.
[[nodiscard]] std::uint64_t value_of(const unsigned char* slot, Field field);
// What a copy of a chain says. False: it is free.
[[nodiscard]] bool decode(const Layout& layout, const unsigned char* slot, Pending& request);

enum class Scan : std::uint8_t { DONE, FAILED };  // FAILED: the memory could not be read

// visit_all calls visit(const Pending&) for each request in flight, in no order. Memory: bool read(std::uint64_t
// address, void* to, std::size_t bytes), a word at once. chunk: room for Layout::MOST_CHUNK_BYTES.
template <typename Memory>
class Scanner {
 public:
  Scanner(Memory& memory, const Layout& layout) : memory_(memory), layout_(layout) {}

  // The engine's address; 0: none has been started.
  [[nodiscard]] std::uint64_t engine() {
    const std::uint64_t engine = word_at(layout_.engine.address);
    return engine == 0 || number_at(engine + layout_.started) == 0 ? 0 : engine;
  }

  // The counters' address; 0: nothing is counted.
  [[nodiscard]] std::uint64_t counters() {
    const std::uint64_t from = engine();
    return from != 0 ? word_at(from + layout_.counters) : 0;
  }

  template <typename Visit>
  Scan visit_all(unsigned char* chunk, Visit visit) {
    const std::uint64_t from = engine();
    const std::uint32_t chunks = from != 0 ? number_at(from + layout_.chunk_count) : 0;
    for (std::uint32_t index = 0; index < chunks && index < layout_.most_chunks; ++index) {
      const std::uint64_t address = word_at(from + layout_.chunks + std::uint64_t{index} * layout_.word_bytes);
      if (address == 0) continue;
      if (!memory_.read(address, chunk, std::size_t{layout_.slot_bytes} * layout_.chunk_slots)) return Scan::FAILED;
      for (std::uint32_t slot = 0; slot < layout_.chunk_slots; ++slot) {
        const unsigned char* const copy = chunk + std::size_t{slot} * layout_.slot_bytes;
        Pending request;
        if (decode(layout_, copy, request) && look(address + std::uint64_t{slot} * layout_.slot_bytes, request)) {
          visit(static_cast<const Pending&>(request));
        }
      }
    }
    return has_failed_ ? Scan::FAILED : Scan::DONE;
  }

 private:
  // The chain at that address, which was in flight a moment ago. False: it no longer is.
  bool look(std::uint64_t address, Pending& request) {
    constexpr int MOST_TRIES = 16;  // a chain that has moved each time is shown as it was last
    unsigned char slot[Layout::MOST_SLOT_BYTES];
    for (int tries = 0; tries < MOST_TRIES; ++tries) {
      const std::uint64_t before = state_at(address);
      if (!read(address, slot, layout_.slot_bytes) || !decode(layout_, slot, request)) return false;
      if (request.place == Place::HELD) request.behind = find_predecessor(slot, request);
      const std::uint64_t after = state_at(address);
      const std::uint64_t copied = value_of(slot, layout_.state);
      if (before == after && copied == after) return true;
      if (before >> 32 == after >> 32 && tries == MOST_TRIES - 1) return true;
    }
    return false;
  }

  // From the lane: the chain whose turn it is; for a sync, the oldest one of the file.
  std::uint32_t find_predecessor(const unsigned char* slot, const Pending& request) {
    const std::uint64_t lane = value_of(slot, layout_.lane);
    const std::uint64_t order = value_of(slot, layout_.order);
    if (lane == 0) return 0;
    const std::uint16_t member = order == layout_.order_sync    ? layout_.lane_first
                                 : order == layout_.order_reads ? layout_.lane_active_read
                                                                : layout_.lane_active_write;
    const std::uint64_t chain = word_at(lane + member);
    const std::uint32_t number = chain != 0 ? number_at(chain + layout_.number.offset) : 0;
    return number != request.number ? number : 0;
  }

  bool read(std::uint64_t address, void* to, std::size_t bytes) {
    if (memory_.read(address, to, bytes)) return true;
    has_failed_ = true;
    return false;
  }
  std::uint64_t word_at(std::uint64_t address) {
    if (layout_.word_bytes == 4) return number_at(address);
    std::uint64_t word = 0;
    return read(address, &word, sizeof word) ? word : 0;
  }
  std::uint32_t number_at(std::uint64_t address) {
    std::uint32_t number = 0;
    return read(address, &number, sizeof number) ? number : 0;
  }
  std::uint64_t state_at(std::uint64_t address) {
    std::uint64_t state = 0;
    return read(address + layout_.state.offset, &state, sizeof state) ? state : 0;
  }

  Memory& memory_;
  const Layout& layout_;
  bool has_failed_ = false;
};

}  // namespace atomrt::chain
