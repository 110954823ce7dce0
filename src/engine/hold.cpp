// SPDX-License-Identifier: MIT
#include "engine/hold.h"

#include <cerrno>
#include <cstdio>

#include "base/tuning.h"
#include "engine/complete.h"
#include "engine/duplicates.h"
#include "engine/lone.h"
#include "engine/placing.h"
#include "engine/reap.h"
#include "os/got_hook.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::Hold;
using chain::Place;
using chain::Visit;

// The loader's count of loaded objects at the last complete pass. Written under no lock, as passes may repeat without
// harm.
constinit std::atomic<unsigned long long> seen_objects{0};
constinit std::atomic<std::uint32_t> submissions{0};

Hold* make_hold(Engine& engine, int fd) {
  Hold* hold = engine.holds.take();
  if (hold == nullptr) return nullptr;
  Duplicate made;
  if (!make_duplicate(fd, made)) {
    engine.holds.give(*hold);
    return nullptr;
  }
  hold->fd = made.fd;
  hold->entry = made.entry;
  hold->holders.store(1, std::memory_order_relaxed);
  return hold;
}

void give(Chain& chain, Hold& hold) {
  hold.holders.fetch_add(1, std::memory_order_relaxed);
  chain.hold = hold.number & 0x7fff;
  chain.io_fd.store(hold.fd, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // see descriptor_of
}

// A claim after this one finds the duplicate. The chain does not leave its place even for a moment: a thread may sleep
// in the kernel for it.
void give_polled(Chain& chain, Hold& hold, std::uint32_t generation, Place place) {
  give(chain, hold);
  if (!claim(chain, generation, place, place)) chain.was_begun = 1;
}

// False: it has moved meanwhile.
bool give_waiting(Engine& engine, Chain& chain, Hold& hold, std::uint32_t generation, Place place) {
  const auto change = [&](Chain& waiting) { give(waiting, hold); };
  if (place == Place::HELD) return engine.registry.lanes.change_held(chain, change);
  if (place == Place::QUEUED) return engine.workers.change_queued(chain, change);
  if (!claim(chain, generation, place, Place::MOVING)) return false;
  give(chain, hold);
  put(chain, place);
  return true;
}

Visit replace_descriptor(Engine& engine, Chain& chain, Hold& hold) {
  const std::uint32_t generation = generation_of(chain);
  for (;;) {
    const Place place = place_of(chain);
    switch (place) {
      case Place::HELD:
      case Place::QUEUED:
      case Place::BLOCKED:
      case Place::MAILED:
        if (give_waiting(engine, chain, hold, generation, place)) return Visit::DONE;
        break;
      case Place::POLLED:
      case Place::POLLED_APART:
      case Place::POLLED_BEGUN:
        give_polled(chain, hold, generation, place);
        return Visit::DONE;
      case Place::RUNNING:
      case Place::IN_RING:
        give(chain, hold);  // for what is left after the present system call, or the kernel's part
        chain.was_begun = 1;
        return Visit::DONE;
      case Place::IN_AIO:
        give(chain, hold);
        engine.direct.need_for(chain);  // so that it is finished, and the duplicate closed, even if nobody looks
        if (place_of(chain) != Place::IN_AIO) chain.was_begun = 1;
        return Visit::DONE;
      case Place::MOVING:
      case Place::IN_SUBMIT:
      case Place::ASKING:
      case Place::READY:
        return Visit::AGAIN;
      case Place::PARKED:
        give(chain, hold);  // it also tells which file's order it belongs to
        return Visit::DONE;
      case Place::ENDING:
        if (engine.keeps_call_order) give(chain, hold);  // those after it are found by the hold
        return Visit::DONE;
      case Place::LONE:  // in no list
      case Place::SENDING:
      case Place::SENDING_POLL:
      case Place::FREE:
        return Visit::DONE;
    }
  }
}

// Whether the thread that has begun the chain may still be on its way into the kernel with the old number. Between two
// places it may, too: there a stream is tried again or polled for, or the rest of a transfer goes to kernel AIO, by a
// number that may have been loaded before.
bool is_underway(const Chain& chain) {
  const Place place = place_of(chain);
  // The kernel may still have to look up a sync's file: see policy.cpp.
  return is_between(place) || place == Place::RUNNING || (place == Place::IN_RING && is_sync(chain.operation));
}

// The threads of chains that had begun are about to enter the kernel, or are in it: nothing tells which, but only a few
// instructions precede the system call. Waits until the chains are over, or for far longer than those instructions can
// take: some 20 ms. Counts turns rather than time: if more threads want to run than there are processors, both take
// longer, and the others also get the processor meanwhile.
void let_enter_kernel(Engine& engine, int fd, const Hold& hold) {
  unsigned turns = 0;
  const auto is_awaited = [&](const Chain& chain) {
    return chain.hold == hold.number && chain.was_begun && is_underway(chain) && turns < tuning::CLOSING_TURNS;
  };
  engine.registry.in_flight.for_each(
      fd, [&](const Chain& chain) { return is_awaited(chain) ? Visit::AGAIN : Visit::DONE; },
      [&](const Chain&, std::uint64_t) {
        const os::FutexWord nobody_wakes{0};
        os::futex_wait_until(nobody_wakes, 0, os::now_ns() + tuning::CLOSING_TURN_NS);
        ++turns;
      });
}

void before_close_range(unsigned first, unsigned last) {
  Engine* engine = own_engine();
  if (engine == nullptr || first > INT32_MAX) return;
  int highest;
  {
    const os::SignalBlock blocked;
    list_all_lone(*engine);
    highest = engine->registry.in_flight.highest();
  }
  for (int fd = static_cast<int>(first); fd <= highest && static_cast<unsigned>(fd) <= last; ++fd) before_close(fd);
}

// The functions that the wrappers call, found before the first object is patched. close_range and closefrom are missing
// before glibc 2.34; then nothing leads to their wrappers.
enum Closing : unsigned { CLOSE, DUP2, DUP3, CLOSE_RANGE, CLOSEFROM, FCLOSE, FREOPEN, FREOPEN64, CLOSINGS };
constexpr const char* NAMES[CLOSINGS] = {"close",     "dup2",   "dup3",    "close_range",
                                         "closefrom", "fclose", "freopen", "freopen64"};
constinit std::atomic<void*> real[CLOSINGS];

// Stored before any slot was patched, but another processor may see the slot first.
template <typename Function>
Function* real_function(Closing which) {
  void* found;
  for (os::Patience patience; (found = real[which].load(std::memory_order_acquire)) == nullptr;) patience.wait();
  return reinterpret_cast<Function*>(found);
}

int any_close_range(unsigned first, unsigned last, int flags) {
  return real_function<int(unsigned, unsigned, int)>(CLOSE_RANGE)(first, last, flags);
}

int watched_close(int fd) {
  if (is_duplicate(fd)) {
    errno = EBADF;
    return -1;
  }
  before_close(fd);
  return real_function<int(int)>(CLOSE)(fd);
}

int watched_dup2(int from, int to) {
  if (from != to) before_close(to);
  return real_function<int(int, int)>(DUP2)(from, to);
}

int watched_dup3(int from, int to, int flags) {
  if (from != to) before_close(to);
  return real_function<int(int, int, int)>(DUP3)(from, to, flags);
}

// Closes the range except for the library's own duplicates.
int close_around_duplicates(unsigned first, unsigned last, int flags) {
  for (unsigned fd = first; fd <= last;) {
    const int lowest = lowest_duplicate(fd, last);
    if (lowest < 0) return any_close_range(fd, last, flags);
    const auto next = static_cast<unsigned>(lowest);
    if (next > fd && any_close_range(fd, next - 1, flags) != 0) return -1;
    if (next == last) return 0;
    fd = next + 1;
  }
  return 0;
}

int watched_close_range(unsigned first, unsigned last, int flags) {
  constexpr int OTHER_THAN_CLOSING = 1 << 1 | 1 << 2;  // CLOSE_RANGE_UNSHARE, CLOSE_RANGE_CLOEXEC
  if (first > last || (flags & OTHER_THAN_CLOSING) != 0) return any_close_range(first, last, flags);
  before_close_range(first, last);
  return close_around_duplicates(first, last, flags);
}

void watched_closefrom(int lowest) {
  const unsigned first = lowest < 0 ? 0 : static_cast<unsigned>(lowest);
  before_close_range(first, ~0U);
  // This kernel has no close_range.
  if (close_around_duplicates(first, ~0U, 0) != 0) real_function<void(int)>(CLOSEFROM)(lowest);
}

void before_close_stream(FILE* stream) {
  const int saved_errno = errno;  // a stream without a descriptor sets it
  if (stream != nullptr) before_close(fileno_unlocked(stream));
  errno = saved_errno;
}

int watched_fclose(FILE* stream) {
  before_close_stream(stream);
  return real_function<int(FILE*)>(FCLOSE)(stream);
}

using Reopen = FILE*(const char*, const char*, FILE*);

template <Closing WHICH>
FILE* watched_freopen(const char* path, const char* mode, FILE* stream) {
  before_close_stream(stream);
  return real_function<Reopen>(WHICH)(path, mode, stream);
}

template <typename Function>
void* address(Function* function) {
  return reinterpret_cast<void*>(function);
}

void hook_new_objects() {
  const unsigned long long loaded = os::objects_loaded();
  if (loaded == seen_objects.load(std::memory_order_relaxed)) return;
  void* const watched[CLOSINGS] = {
      address(watched_close),     address(watched_dup2),   address(watched_dup3),
      address(watched_close_range), address(watched_closefrom), address(watched_fclose),
      address(watched_freopen<FREOPEN>), address(watched_freopen<FREOPEN64>)};
  void* found[CLOSINGS];
  os::find_functions(NAMES, found, CLOSINGS);
  os::Replacement replacements[CLOSINGS];
  for (unsigned i = 0; i < CLOSINGS; ++i) {
    real[i].store(found[i], std::memory_order_release);
    replacements[i] = {NAMES[i], found[i], watched[i]};
  }
  // A slot that still can't be patched after many looks never can: something else has patched it, or the program has
  // cleared the pointer.
  constexpr std::uint32_t MOST_LOOKS = 256;
  static constinit std::atomic<unsigned long long> last_loaded{0};
  static constinit std::atomic<std::uint32_t> looks_at_same{0};
  const bool is_new = last_loaded.exchange(loaded, std::memory_order_relaxed) != loaded;
  if (is_new) looks_at_same.store(0, std::memory_order_relaxed);
  const bool is_last = looks_at_same.fetch_add(1, std::memory_order_relaxed) + 1 >= MOST_LOOKS;
  if (os::hook_functions(replacements, CLOSINGS) || is_last) {
    seen_objects.store(loaded, std::memory_order_relaxed);
  }
}

// False: the process forks.
bool look_for_new_objects() {
  const os::SignalBlock blocked;
  const MayLook may_look = begin_look();
  if (may_look == MayLook::YES) {
    hook_new_objects();
    end_look();
  }
  return may_look != MayLook::NOT_NOW;
}

}  // namespace

void watch_closing() {
  // Objects loaded later are looked for only now and then: asking takes the loader's lock.
  constexpr std::uint32_t INTERVAL = 64;
  if (submissions.fetch_add(1, std::memory_order_relaxed) % INTERVAL != 0) return;
  if (!look_for_new_objects()) submissions.store(0, std::memory_order_relaxed);  // the next one looks
}

void before_close(int fd) {
  Engine* engine = running_engine();
  if (engine == nullptr || fd < 0) return;
  engine->hints.forget(fd);
  if (!may_have_unlisted(*engine, fd) && !engine->registry.in_flight.may_have(fd)) return;
  if (own_engine() == nullptr) return;
  static_cast<void>(heed_forks());
  reap_if_any(*engine);
  const os::SignalBlock blocked;
  list_lone(*engine, fd);
  place_stream(*engine);  // while the number means its file
  Hold* hold = nullptr;
  bool is_refused = false;  // then no chain gets one: those of one order stay together
  if (const auto identity = os::identify(fd)) engine->registry.lanes.retire(chain::file_key(*identity, fd));
  engine->registry.in_flight.forget(fd);
  engine->registry.in_flight.for_each(fd, [&](Chain& chain) {
    if (chain.hold != 0) return Visit::DONE;  // of an earlier file under this number
    if (hold == nullptr && !is_refused) hold = make_hold(*engine, fd);
    is_refused = hold == nullptr;
    return hold != nullptr ? replace_descriptor(*engine, chain, *hold) : Visit::DONE;
  });
  if (hold == nullptr) return;
  // A chain may have ended before those after it had this hold: then no thread has taken over the parked ones.
  while (engine->keeps_call_order) {
    Chain* const parked = engine->registry.in_flight.take_parked(fd, hold->number);
    if (parked == nullptr) break;
    offer_or_fail(*engine, end_turns(*engine, *parked));
  }
  let_enter_kernel(*engine, fd, *hold);
  drop_hold(*engine, *hold);
}

void drop_hold(Engine& engine, Hold& hold) {
  if (hold.holders.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  close_duplicate({hold.fd, hold.entry});
  engine.holds.give(hold);
}

}  // namespace atomrt::engine
