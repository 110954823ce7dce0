#include "engine/hold.h"

#include <fcntl.h>

#include <cstdio>

#include "os/got_hook.h"
#include "os/signals.h"

// glibc 2.34 has both; older ones neither, then nothing refers to the wrappers.
extern "C" [[gnu::weak]] int close_range(unsigned first, unsigned last, int flags) noexcept;
extern "C" [[gnu::weak]] void closefrom(int lowest) noexcept;

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::Hold;
using chain::Place;

// Which load the last pass saw; written under no lock, as passes may repeat without harm.
constinit std::atomic<unsigned long long> seen_objects{0};
constinit std::atomic<std::uint32_t> submissions{0};
// Survives fork with the duplicates that a child inherits and never uses.
constinit os::SlotPool<Hold, 64, 1024> holds;

// Descriptors above what programs use, so that the application finds the lowest free numbers as before.
constexpr int HIGH_NUMBER = 4096;

int duplicate(int fd) {
  for (const int lowest : {HIGH_NUMBER, 512, 0}) {
    const long result = os::system_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest);
    if (result >= 0) return static_cast<int>(result);
  }
  return -1;
}

Hold* make_hold(int fd) {
  Hold* hold = holds.take();
  if (hold == nullptr) return nullptr;
  hold->fd = duplicate(fd);
  hold->holders.store(1, std::memory_order_relaxed);
  if (hold->fd >= 0) return hold;
  holds.give(*hold);
  return nullptr;
}

void give(Chain& chain, Hold& hold) {
  hold.holders.fetch_add(1, std::memory_order_relaxed);
  chain.hold = &hold;
  chain.io_fd.store(hold.fd, std::memory_order_release);
}

// Chains that were running when their descriptor was about to be closed.
class Running {
 public:
  void add(const Chain& chain) {
    if (count_ < MOST) names_[count_++] = chain::name_of(chain);
  }

  // Their threads have claimed them and are about to enter the kernel, or are in it: there is no telling which, but the
  // way there is a few instructions. Waits until they are over, or for far longer than that way can take.
  void let_enter_kernel(chain::ChainPool& pool) const {
    const os::FutexWord nobody_wakes{0};
    const std::int64_t deadline = os::now_ns() + 20'000'000;
    for (unsigned i = 0; i < count_; ++i) {
      while (generation_of(*pool.at(names_[i].number)) == names_[i].generation && os::now_ns() < deadline) {
        os::futex_wait_until(nobody_wakes, 0, os::now_ns() + 50'000);
      }
    }
  }

 private:
  static constexpr unsigned MOST = 64;
  aiocb::RequestName names_[MOST];
  unsigned count_ = 0;
};

void replace_descriptor(Engine& engine, Chain& chain, Hold& hold, Running& running) {
  const std::uint32_t generation = generation_of(chain);
  for (;;) {
    const auto change = [&](Chain& held) { give(held, hold); };
    switch (place_of(chain)) {
      case Place::HELD:
        if (engine.registry.lanes.change_held(chain, change)) return;
        break;
      case Place::QUEUED:
        if (engine.workers.change_queued(chain, change)) return;
        break;
      case Place::BLOCKED:
        if (claim(chain, generation, Place::BLOCKED)) {
          give(chain, hold);
          put(chain, Place::BLOCKED);
          return;
        }
        break;
      case Place::RUNNING:
        give(chain, hold);  // for what of it is left after the present call
        running.add(chain);
        return;
      case Place::MOVING:
        os::yield();
        break;
      case Place::FREE:
        return;
    }
  }
}

int highest_in_flight(const Engine& engine, int lowest) {
  int highest = -1;
  for (std::uint32_t number = 1; number <= engine.registry.chains.made(); ++number) {
    const Chain& chain = *engine.registry.chains.at(number);
    if (place_of(chain) != Place::FREE && chain.fd >= lowest && chain.fd > highest) highest = chain.fd;
  }
  return highest;
}

void before_close_range(unsigned first, unsigned last) {
  Engine* engine = running_engine();
  if (engine == nullptr || first > INT32_MAX) return;
  const int highest = highest_in_flight(*engine, static_cast<int>(first));
  for (int fd = static_cast<int>(first); fd <= highest && static_cast<unsigned>(fd) <= last; ++fd) before_close(fd);
}

int watched_close(int fd) {
  before_close(fd);
  return ::close(fd);
}

int watched_dup2(int from, int to) {
  if (from != to) before_close(to);
  return ::dup2(from, to);
}

int watched_dup3(int from, int to, int flags) {
  if (from != to) before_close(to);
  return ::dup3(from, to, flags);
}

int watched_close_range(unsigned first, unsigned last, int flags) {
  constexpr int ONLY_MARKS = 1 << 2;  // CLOSE_RANGE_CLOEXEC
  if ((flags & ONLY_MARKS) == 0 && first <= last) before_close_range(first, last);
  return ::close_range(first, last, flags);
}

void watched_closefrom(int lowest) {
  before_close_range(lowest < 0 ? 0 : static_cast<unsigned>(lowest), ~0U);
  ::closefrom(lowest);
}

int watched_fclose(FILE* stream) {
  if (stream != nullptr) before_close(fileno_unlocked(stream));
  return ::fclose(stream);
}

FILE* watched_freopen(const char* path, const char* mode, FILE* stream) {
  if (stream != nullptr) before_close(fileno_unlocked(stream));
  return ::freopen(path, mode, stream);
}

template <typename Function>
void* address(Function* function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

void watch_closing() {
  // Objects loaded later are looked for now and then: the question takes the loader's lock.
  constexpr std::uint32_t INTERVAL = 64;
  if (submissions.fetch_add(1, std::memory_order_relaxed) % INTERVAL != 0) return;
  const unsigned long long loaded = os::objects_loaded();
  if (loaded == seen_objects.load(std::memory_order_relaxed)) return;
  const os::Replacement replacements[] = {
      {"close", address(watched_close)},
      {"dup2", address(watched_dup2)},
      {"dup3", address(watched_dup3)},
      {"close_range", address(watched_close_range)},
      {"closefrom", address(watched_closefrom)},
      {"fclose", address(watched_fclose)},
      {"freopen", address(watched_freopen)},
      {"freopen64", address(watched_freopen)},
  };
  os::hook_functions(replacements, sizeof replacements / sizeof replacements[0]);
  seen_objects.store(loaded, std::memory_order_relaxed);
}

void before_close(int fd) {
  Engine* engine = running_engine();
  if (engine == nullptr || fd < 0 || !engine->registry.in_flight.may_have(fd)) return;
  Hold* hold = nullptr;
  Running running;
  {
    const os::SignalBlock blocked;
    engine->registry.in_flight.for_each(fd, [&](Chain& chain) {
      if (chain.hold != nullptr) return;  // of an earlier file under this number
      if (hold == nullptr) hold = make_hold(fd);
      if (hold != nullptr) replace_descriptor(*engine, chain, *hold, running);
    });
  }
  if (hold == nullptr) return;
  running.let_enter_kernel(engine->registry.chains);
  drop_hold(*hold);
}

void drop_hold(Hold& hold) {
  if (hold.holders.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  os::system_call(SYS_close, hold.fd);
  holds.give(hold);
}

}  // namespace atomrt::engine
