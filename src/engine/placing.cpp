// SPDX-License-Identifier: MIT
#include "engine/placing.h"

#include "engine/lone.h"

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::LaneTable;
using chain::Request;

// What open(2) adds to the flags of every file, and pipe2(2) to none, in the kernel's numbers: a pipe may have O_DIRECT
// too. 0: not known here.
#if defined(__x86_64__) || defined(__i386__) || defined(__riscv) || defined(__s390__) || defined(__loongarch__)
constexpr int OPENED_LARGE = 0100000;
#elif defined(__aarch64__) || defined(__arm__)
constexpr int OPENED_LARGE = 0400000;
#elif defined(__powerpc__)
constexpr int OPENED_LARGE = 0200000;
#else
constexpr int OPENED_LARGE = 0;
#endif

// A descriptor that is about to be closed is replaced before (engine/hold.cpp).
base::Expected<os::FileIdentity> identify_file_of(const Chain& chain) {
  for (;;) {
    const int fd = chain.io_fd.load(std::memory_order_acquire);
    const auto identity = os::identify(fd);
    if (chain.io_fd.load(std::memory_order_acquire) == fd) return identity;
  }
}

void place_latecomers(Engine& engine) {
  engine.registry.latecomers.place_all(engine.registry.lanes, [](const Chain& late, chain::FileKey& key) {
    const auto identity = identify_file_of(late);
    if (!identity || (*identity).kind != os::FileKind::POSITIONAL) return false;  // no sync waits for it
    key = chain::file_key(*identity, late.fd);
    return true;
  });
}

// In no lane, so that it releases nobody; but where the order of the calls is kept those whose turn it is then may.
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
    of_no_mount.mount = 0;  // valgrind knows statfs, and would warn of statmount
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
  if (!identity) return true;  // as it was, when its number was noted
  return (*identity).is_disk || is_local(engine, chain.io_fd.load(std::memory_order_acquire), *identity);
}

void note_number(Engine& engine, const Request& request, const os::FileIdentity& identity) {
  const bool is_taken = request.direct && request.kind == os::FileKind::POSITIONAL && is_on_storage(request) &&
                        !engine.direct.is_avoided(chain::file_key(identity, request.fd).device);
  engine.hints.put(request.fd, exec::Hint::LATE, is_taken);
}

// With others in flight under the number its file is known, or shall be. A pipe that has been given O_DIRECT by
// F_SETFL can come this far, under a number that meant a file before: what it can't do at once the kernel refuses, and
// nothing is in flight that it could overtake.
bool may_come_late(const Engine& engine, const Request& request, int flags) {
  constexpr int NEEDED = O_DIRECT | OPENED_LARGE;
  return OPENED_LARGE != 0 && (flags & (NEEDED | O_APPEND)) == NEEDED && config().use_direct &&
         !is_sync(request.operation) && request.offset >= 0 && request.group == nullptr &&
         request.notification.by == chain::NotifyBy::NOTHING &&
         engine.hints.has(request.fd, exec::Hint::LATE) &&
         engine.streams.load(std::memory_order_relaxed) == 0 && !engine.registry.in_flight.may_have(request.fd);
}

LaneTable::Entry enter_lane(Engine& engine, Chain& chain, const os::FileIdentity& identity) {
  chain.order = chain::order_of(chain);
  if (chain.kind == os::FileKind::STREAM) engine.streams.fetch_add(1, std::memory_order_relaxed);
  if (is_sync(chain.operation)) {
    list_all_lone(engine);
    if (engine.registry.latecomers.any()) place_latecomers(engine);
    engine.direct.need_for_sync(chain);
  }
  return engine.registry.lanes.enter(chain, chain::file_key(identity, chain.fd));
}

bool find_lane(Engine& engine, Chain& chain) {
  if (chain.order != chain::Order::LATE) return true;
  const auto identity = identify_file_of(chain);
  // Where a sync has let it in meanwhile, it is in that lane, and the next context finds what is wrong with it.
  if (!identity) return !engine.registry.latecomers.take(chain) || fail(engine, chain, identity.error());
  const bool has_local_file = is_local(engine, chain.io_fd.load(std::memory_order_acquire), *identity);
  // Where they can't be told any more, they are as they are for most.
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
