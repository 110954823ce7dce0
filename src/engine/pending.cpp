// SPDX-License-Identifier: MIT
#include "engine/pending.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "engine/engine.h"
#include "os/clock.h"
#include "os/memory.h"
#include "os/signals.h"

// Chain inherits fields from Slot and Request; compilers lay those out as if they were its own.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

using atomrt::chain::Chain;
using atomrt::chain::ChainPool;
using atomrt::chain::Lane;
using atomrt::chain::Layout;
using atomrt::chain::Order;
using atomrt::chain::Pending;
using atomrt::engine::Engine;
using atomrt::engine::Statistics;

namespace {

constexpr std::uint32_t POOL = offsetof(Engine, registry) + offsetof(atomrt::chain::Registry, chains);

#define FIELD(name) {offsetof(Chain, name), sizeof(Chain::name)}

}  // namespace

// The launcher, which is another process, finds it by its symbol.
extern "C" [[gnu::visibility("default"), gnu::used]] constinit const Layout atomrt_pending_layout{
    .magic = {'a', 't', 'o', 'm', 'r', 't', '!', '\0'},
    .form = Layout::FORM,
    .bytes = sizeof(Layout),
    .version = ATOMRT_VERSION,
    .word_bytes = sizeof(void*),
    .slot_bytes = sizeof(Chain),
    .chunk_slots = ChainPool::CHUNK_SLOTS,
    .most_chunks = ChainPool::CHUNKS,
    .started = offsetof(Engine, is_started),
    .process = offsetof(Engine, process),
    .chunk_count = POOL + static_cast<std::uint32_t>(ChainPool::place_of_count()),
    .chunks = POOL + static_cast<std::uint32_t>(ChainPool::place_of_chunks()),
    .counters = offsetof(Engine, statistics) + static_cast<std::uint32_t>(Statistics::place_of_present()),
    .number = FIELD(number),
    .state = FIELD(state),
    .block = FIELD(block),
    .offset = FIELD(offset),
    .length = FIELD(length),
    .moved = FIELD(moved),
    .submitted_ns = FIELD(submitted_ns),
    .fd = FIELD(fd),
    .io_fd = FIELD(io_fd),
    .operation = FIELD(operation),
    .order = FIELD(order),
    .lane = FIELD(lane),
    .submitter = FIELD(submitter),
    .runner = FIELD(runner),
    .lane_active_read = offsetof(Lane, active_read),
    .lane_active_write = offsetof(Lane, active_write),
    .lane_first = offsetof(Lane, members),
    .order_reads = static_cast<std::uint8_t>(Order::STREAM_READS),
    .order_sync = static_cast<std::uint8_t>(Order::SYNC),
    .engine = {&atomrt::engine::process_engine},
};

static_assert(sizeof(Chain) <= Layout::MOST_SLOT_BYTES);
static_assert(sizeof(Chain) * ChainPool::CHUNK_SLOTS <= Layout::MOST_CHUNK_BYTES);

namespace atomrt::engine {
namespace {

typedef unsigned long Word __attribute__((may_alias));
typedef std::uint32_t HalfWord __attribute__((may_alias));

// Owners write meanwhile, which the scanner allows for: not a race to report. Word by word, as owners write.
__attribute__((no_sanitize("thread"), noinline)) void copy_words(const volatile void* from, void* to,
                                                                 std::size_t bytes) {
  const auto* word = static_cast<const volatile Word*>(from);
  auto* copy = static_cast<Word*>(to);
  for (; bytes >= sizeof(Word); bytes -= sizeof(Word)) *copy++ = *word++;
  const auto* rest = reinterpret_cast<const volatile HalfWord*>(word);
  if (bytes != 0) *reinterpret_cast<HalfWord*>(copy) = *rest;
}

struct OwnMemory {
  // All that is read lies in memory that is never unmapped. The fences keep the reads in order.
  static bool read(std::uint64_t address, void* to, std::size_t bytes) {
    std::atomic_thread_fence(std::memory_order_acquire);
    copy_words(reinterpret_cast<const void*>(static_cast<std::uintptr_t>(address)), to, bytes);
    std::atomic_thread_fence(std::memory_order_acquire);
    return true;
  }
};

// Mapped for the duration of a call; pages that are not touched cost no memory.
struct Room {
  static constexpr std::size_t TEXT_BYTES = 65536;
  alignas(8) unsigned char chunk[Layout::MOST_CHUNK_BYTES];
  base::Line<TEXT_BYTES> text;
  std::uint32_t due, pending;
  Pending requests[1];  // as many as there are chains

  static std::size_t bytes_for(std::uint32_t chains) { return sizeof(Room) + chains * sizeof(Pending); }
};

class Writer {
 public:
  Writer(int fd, Room& room) : fd_(fd), room_(room) {}

  base::Line<Room::TEXT_BYTES>& text() { return room_.text; }
  // To be called before each line: makes room for the longest.
  void make_room() {
    if (room_.text.room() < sizeof(chain::PendingLine) + MOST_PATH) flush();
  }
  int flush() {
    const std::string_view text = room_.text.view();
    if (error_ == 0 && !text.empty()) error_ = os::write_quietly(fd_, text.data(), text.size());
    room_.text.clear();
    return error_;
  }
  void add_file(int fd) {
    base::Line<32> link{};
    char path[MOST_PATH];
    link.add("/proc/self/fd/").add_signed(fd).add(std::string_view("\0", 1));
    const long length = os::system_call(SYS_readlinkat, AT_FDCWD, link.view().data(), path, sizeof path - 1);
    text().add(length > 0 ? std::string_view(path, static_cast<std::size_t>(length)) : "?");
  }

 private:
  static constexpr std::size_t MOST_PATH = 1024;
  int fd_;
  int error_ = 0;
  Room& room_;
};

void write_heading(Writer& writer, const Due& due, std::uint32_t count) {
  auto& text = writer.text();
  text.add("# atomrt " ATOMRT_VERSION ": ").add(count).add(count == 1 ? " request" : " requests");
  if (due.least_ns == 0) {
    text.add(" in flight in ");
  } else {
    text.add(" in flight for ").add(static_cast<std::uint64_t>(due.least_ns / os::NANOSECONDS_PER_SECOND));
    text.add(" s or longer in ");
  }
  text.add(program_invocation_short_name).add(" (pid ");
  text.add_signed(os::system_call(SYS_getpid)).add(")\n");
  if (count != 0) text.add(chain::PENDING_HEADING);
}

int write_all(Writer& writer, const Room& room, const Due& due, std::int64_t now_ns) {
  write_heading(writer, due, room.due);
  for (std::uint32_t i = 0; i < room.due; ++i) {
    const Pending& request = room.requests[i];
    chain::PendingLine line{};
    chain::describe(request, now_ns, line);
    writer.make_room();
    writer.text().add(line.view());
    writer.add_file(request.io_fd);
    writer.text().add("\n");
  }
  return writer.flush();
}

}  // namespace

bool is_due(const Pending& request, const Due& due, std::int64_t now_ns) {
  const std::int64_t age = now_ns - request.submitted_ns;
  if (due.least_ns == 0) return true;
  std::int64_t step = due.least_ns;
  while (step <= age / 2) step *= 2;
  return age >= step && due.last_look_ns - request.submitted_ns < step;
}

const Layout& pending_layout() { return atomrt_pending_layout; }

Written write_pending(int fd, const Due& due) {
  const Engine* engine = running_engine();
  const std::uint32_t chains = engine != nullptr ? engine->registry.chains.made() : 0;
  const std::size_t bytes = Room::bytes_for(chains);
  const auto memory = os::map_memory(bytes);
  if (!memory) return {memory.error(), 0};
  Room& room = *static_cast<Room*>(*memory);
  const std::int64_t now_ns = os::now_ns();
  OwnMemory own;
  chain::Scanner scanner(own, atomrt_pending_layout);
  (void)scanner.visit_all(room.chunk, [&](const Pending& request) {
    ++room.pending;
    if (room.due < chains && is_due(request, due, now_ns)) room.requests[room.due++] = request;
  });
  std::sort(room.requests, room.requests + room.due, chain::is_older);
  Writer writer(fd, room);
  const bool is_silent = due.least_ns != 0 && room.due == 0;
  const Written written{is_silent ? 0 : write_all(writer, room, due, now_ns), room.pending};
  os::unmap_memory(*memory, bytes);
  return written;
}

}  // namespace atomrt::engine
