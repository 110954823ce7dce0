// SPDX-License-Identifier: MIT
#include "engine/placing.h"

#include "engine/complete.h"
#include "engine/lone.h"

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::LaneTable;
using chain::Request;

// The kernel's O_LARGEFILE: open(2) adds it to every file's flags, pipe2(2) to no pipe's, which may have O_DIRECT too.
// 0: not known for this architecture.
#if defined(__x86_64__) || defined(__i386__) || defined(__riscv) || defined(__s390__) || defined(__loongarch__)
constexpr int OPENED_LARGE = 0100000;
#elif defined(__aarch64__) || defined(__arm__)
constexpr int OPENED_LARGE = 0400000;
#elif defined(__powerpc__)
constexpr int OPENED_LARGE = 0200000;
#else
constexpr int OPENED_LARGE = 0;
#endif

// Asked again if the descriptor was replaced meanwhile: engine/hold.cpp does that before the number is closed.
base::Expected<os::FileIdentity> identify_file_of(const Chain& chain) {
  for (;;) {
    const int fd = chain.io_fd.load(std::memory_order_acquire);
    const auto identity = os::identify(fd);
    if (chain.io_fd.load(std::memory_order_acquire) == fd) return identity;
  }
}

void place_latecomers(Engine& engine) {
  engine.registry.latecomers.place_all(engine.registry.lanes, [](const Chain& late, chain::FileKey& key) {
    if (late.kind != os::FileKind::POSITIONAL) return false;  // no sync waits for it
    const auto identity = identify_file_of(late);
    if (!identity || (*identity).kind != late.kind) return false;
    key = chain::file_key(*identity, late.fd);
    return true;
  });
}

// The chain is in no lane, so it releases no other; but with ATOMRT_ORDER=calls those whose turn comes then may.
bool fail(Engine& engine, Chain& chain, int error) {
  exec::Direct& context = engine.direct.of(chain);
  const chain::Released released =
      complete(engine, chain, total(chain, -error), exec::ContextId::DIRECT, Workers::MayStart::NO);
  for (Chain* next : released.chains) {
    if (next != nullptr && !context.leave_to_reaper(*next)) offer_or_fail(engine, *next);
  }
  return false;
}

}  // namespace

bool is_local(Engine& engine, int fd, const os::FileIdentity& identity) {
  if (!identity.is_regular) return false;
  if (identity.mount == 0 || config().is_under_valgrind) {
    os::FileIdentity of_no_mount = identity;
    of_no_mount.mount = 0;  // then statfs is called, which valgrind knows; it would warn of statmount
    return os::is_on_local_storage(fd, of_no_mount);
  }
  if (engine.local.contains(identity.mount)) return true;
  if (engine.remote.contains(identity.mount)) return false;
  const bool is_local = os::is_on_local_storage(fd, identity);
  (is_local ? engine.local : engine.remote).add(identity.mount);
  return is_local;
}

bool has_file_on_storage(Engine& engine, const Chain& chain) {
  if (is_on_storage(chain)) return true;
  const auto identity = identify_file_of(chain);
  if (!identity) return true;  // as when its number was noted
  return (*identity).is_disk || is_local(engine, chain.io_fd.load(std::memory_order_acquire), *identity);
}

void note_number(Engine& engine, const Request& request, const os::FileIdentity& identity) {
  const bool is_taken = request.direct && request.kind == os::FileKind::POSITIONAL && is_on_storage(request) &&
                        !engine.direct.is_avoided(chain::file_key(identity, request.fd).device);
  engine.hints.put(request.fd, exec::Hint::LATE, is_taken);
}

// Not if others are in flight under the number: then its file is known, or has to be. A pipe that was given O_DIRECT by
// F_SETFL may get this far, if its number meant a file before: the kernel refuses what it can't do at once, and nothing
// is in flight that could be overtaken.
bool may_come_late(const Engine& engine, const Request& request, int flags) {
  constexpr int NEEDED = O_DIRECT | OPENED_LARGE;
  return OPENED_LARGE != 0 && (flags & (NEEDED | O_APPEND)) == NEEDED && config().use_direct &&
         !is_sync(request.operation) && request.offset >= 0 && request.group == nullptr &&
         request.notification.by == chain::NotifyBy::NOTHING &&
         engine.hints.has(request.fd, exec::Hint::LATE) &&
         !may_have_streams(engine) && !engine.registry.in_flight.may_have(request.fd);
}

// A regular file may lack O_LARGEFILE if a program of 32 bits has opened it.
bool are_of_pipe(int flags) {
  constexpr int TELLING = O_ACCMODE | OPENED_LARGE | os::FLAGS_REFUSED;
  return OPENED_LARGE != 0 && sizeof(void*) == 8 && (flags & TELLING) == O_RDONLY;
}

// If its submitter has not entered it yet, it is not the earlier one. If its owner lets it into its lane meanwhile, it
// waits there for its turn.
void place_stream(Engine& engine) {
  chain::Registry& registry = engine.registry;
  const std::uint64_t name = registry.sent.stream(registry.chains);
  if (name == 0) return;
  registry.sent.move_out_named(registry.chains, name, enter_lists(registry));
  if (!registry.latecomers.any()) return;
  registry.latecomers.place_all(registry.lanes, [name](const Chain& late, chain::FileKey& key) {
    if (chain::packed(generation_of(late), late.number) != name) return false;
    auto identity = identify_file_of(late);
    if (!identity) identity = identify_file_of(late);  // a passing shortage must let no read overtake it
    if (!identity || (*identity).kind != late.kind) return false;
    key = chain::file_key(*identity, late.fd);
    return true;
  });
}

void place_all(Engine& engine) {
  list_all_lone(engine);
  if (engine.registry.latecomers.any()) place_latecomers(engine);
}

LaneTable::Entry enter_lane(Engine& engine, Chain& chain, const os::FileIdentity& identity) {
  chain.order = chain::order_of(chain);
  if (chain.kind == os::FileKind::STREAM) {
    engine.streams.fetch_add(1, std::memory_order_relaxed);
    chain.is_stream_counted = true;
  }
  if (is_sync(chain.operation)) {
    place_all(engine);
    engine.direct.need_for_sync(chain);
  }
  return engine.registry.lanes.enter(chain, chain::file_key(identity, chain.fd));
}

bool find_lane(Engine& engine, Chain& chain) {
  if (chain.order != chain::Order::LATE) return true;
  const auto identity = identify_file_of(chain);
  // If a sync has let it into its lane meanwhile, it stays there, and the next context finds the error.
  if (!identity) return !engine.registry.latecomers.take(chain) || fail(engine, chain, identity.error());
  const bool has_local_file = is_local(engine, chain.io_fd.load(std::memory_order_acquire), *identity);
  // If the flags can't be read any more, the guess stays.
  const auto flags = chain.are_flags_guessed ? os::status_flags(chain.io_fd.load(std::memory_order_acquire))
                                             : base::Expected<int>(base::Error{0});
  auto entry = LaneTable::Entry::GO;
  const auto enter = [&] {
    engine.registry.in_flight.change(chain, [&] {
      chain.kind = (*identity).kind;
      chain.is_socket = (*identity).is_socket;
      chain.is_at_offset = (*identity).is_at_offset;
      chain.is_disk = (*identity).is_disk;
      chain.is_local = has_local_file;
      if (flags) exec::note_flags(chain, *flags);
    });
    entry = enter_lane(engine, chain, *identity);
  };
  if (!engine.registry.latecomers.move(chain, enter)) return true;
  switch (entry) {
    case LaneTable::Entry::GO:
      return true;
    case LaneTable::Entry::HELD:
    case LaneTable::Entry::HELD_IN_CROWD:
      return false;
    case LaneTable::Entry::NO_MEMORY:
      return fail(engine, chain, EAGAIN);
  }
  return false;
}

}  // namespace atomrt::engine
