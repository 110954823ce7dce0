// SPDX-License-Identifier: MIT
#include "engine/duplicates.h"

#include <fcntl.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>

#include "os/futex.h"
#include "os/identity.h"
#include "os/loader_lock.h"
#include "os/system_call.h"

namespace atomrt::engine {
namespace {

enum State : std::uint32_t {
  FREE,
  TAKEN,    // nothing is noted yet
  MAKING,   // its file is noted, its number not yet
  OPEN,     // a child of a fork under way may or may not have it
  SETTLED,  // no fork was under way when it was made: a later child does have it
  CLOSING,  // the application may be given the number from now on
  GONE,     // closed while a fork was under way: kept for the child to see, free after that fork
};

// All are written by the entry's owner; state with release.
struct alignas(32) Entry {
  std::atomic<std::uint32_t> state;
  std::atomic<std::uint32_t> epoch;  // GONE: of the fork
  std::atomic<int> number;
  std::atomic<bool> is_plain;  // made by a call that does not set FD_CLOEXEC
  std::atomic<std::uint64_t> device, inode;
};
// Far more than are open at a time: those that are closed during a fork stay noted.
constexpr unsigned MOST = 8192;
constinit Entry entries[MOST];
constinit std::atomic<std::uint32_t> used{0};  // the first so many have ever been taken; raised before an entry is

// Forks under way. The number rises before the kernel copies the descriptor table, and a thread that closes one after
// the copy sees it: the kernel's lock of that table orders the two.
//
// {epoch, forks}: the epoch rises with the first of several forks.
constinit std::atomic<std::uint64_t> forking{0};
constexpr std::uint64_t ONE_EPOCH = std::uint64_t{1} << 32;
constexpr std::uint32_t epoch_of(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }
constexpr std::uint32_t forks_of(std::uint64_t word) { return static_cast<std::uint32_t>(word); }

// Threads between begin_look and end_look.
constinit std::atomic<std::uint32_t> looks{0};
constinit std::atomic<bool> heeds_forks{false};

// Descriptors above what programs use, so that the application finds the lowest free numbers as before.
constexpr int LOWEST[] = {4096, 512, 0};

bool is_noted_file(const Entry& entry, int fd, bool where_nobody_says) {
  const bool has_its_flags = os::system_call(SYS_fcntl, fd, F_GETFD) == FD_CLOEXEC;
  if (!has_its_flags && !entry.is_plain.load(std::memory_order_relaxed)) return false;
  const auto numbers = os::file_numbers(fd);
  if (!numbers) return where_nobody_says;
  return *numbers == os::FileNumbers{entry.device.load(std::memory_order_relaxed),
                                     entry.inode.load(std::memory_order_relaxed)};
}

// In a child that was forked during a look, the loader's lock stays locked for good, and the child can never look again
// (os::LoaderLock::LOST). So a fork waits for a look to end, but only for a while: the look may itself wait for this
// thread, if a handler that interrupted dl_iterate_phdr forks.
void before_fork() {
  std::uint64_t present = forking.load(std::memory_order_relaxed), next;
  do {
    next = present + 1 + (forks_of(present) == 0 ? ONE_EPOCH : 0);
  } while (!forking.compare_exchange_weak(present, next, std::memory_order_seq_cst, std::memory_order_relaxed));
  constexpr int MOST_TURNS = 64;
  os::Patience patience;
  for (int i = 0; i < MOST_TURNS && looks.load(std::memory_order_seq_cst) > 0; ++i) patience.wait();
}

void after_fork_in_parent() {
  std::uint64_t present = forking.load(std::memory_order_relaxed);
  while (forks_of(present) > 0 &&
         !forking.compare_exchange_weak(present, present - 1, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

void close_in_child(Entry& entry, std::uint32_t state) {
  // More than these are never made at a time, whatever the application has there.
  constexpr int MOST_ABOVE = 4096;
  if (state != MAKING) {
    const int number = entry.number.load(std::memory_order_relaxed);
    if (state == SETTLED || is_noted_file(entry, number, true)) os::system_call(SYS_close, number);
    return;
  }
  for (const int lowest : {LOWEST[0], LOWEST[1]}) {
    for (int number = lowest; number < lowest + MOST_ABOVE; ++number) {
      if (!is_noted_file(entry, number, false)) continue;
      os::system_call(SYS_close, number);
      return;
    }
  }
}

// Forks that other threads had under way do not exist in the child; nor does one that a handler's fork has interrupted,
// though it returns here, too.
void after_fork_in_child() {
  const std::uint32_t present_epoch = epoch_of(forking.load(std::memory_order_relaxed));
  const std::uint32_t count = used.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i) {
    Entry& entry = entries[i];
    const std::uint32_t state = entry.state.load(std::memory_order_relaxed);
    if (state == FREE) continue;
    const bool is_past =
        state == TAKEN || (state == GONE && entry.epoch.load(std::memory_order_relaxed) != present_epoch);
    if (!is_past) close_in_child(entry, state);
    entry.state.store(FREE, std::memory_order_relaxed);
  }
  looks.store(0, std::memory_order_relaxed);
  forking.store(present_epoch * ONE_EPOCH, std::memory_order_relaxed);
}

bool take(Entry& entry, bool forgets_present) {
  std::uint32_t state = entry.state.load(std::memory_order_relaxed);
  if (state != FREE && state != GONE) return false;
  const std::uint64_t now = forking.load(std::memory_order_relaxed);
  const bool is_present =
      state == GONE && forks_of(now) > 0 && entry.epoch.load(std::memory_order_relaxed) == epoch_of(now);
  if (is_present && !forgets_present) return false;
  return entry.state.compare_exchange_strong(state, TAKEN, std::memory_order_acquire, std::memory_order_relaxed);
}

Entry* take_entry() {
  for (const bool forgets_present : {false, true}) {
    for (std::uint32_t i = 0; i < MOST; ++i) {
      std::uint32_t present = used.load(std::memory_order_relaxed);
      while (present <= i && !used.compare_exchange_weak(present, i + 1, std::memory_order_acq_rel)) {
      }
      if (take(entries[i], forgets_present)) return &entries[i];
    }
  }
  return nullptr;
}

long duplicate_by(int command, int fd) {
  long result = -1;
  for (const int lowest : LOWEST) {
    result = os::system_call(SYS_fcntl, fd, command, lowest);
    if (result >= 0 || os::is_refused(result)) break;
  }
  return result;
}

// If a seccomp filter refuses F_DUPFD_CLOEXEC (kernels do not), in two steps: a program that another thread starts in
// between inherits the descriptor.
long duplicate(int fd, Entry& entry) {
  long result = duplicate_by(F_DUPFD_CLOEXEC, fd);
  if (!os::is_refused(result)) return result;
  entry.is_plain.store(true, std::memory_order_relaxed);
  result = duplicate_by(F_DUPFD, fd);
  if (os::is_refused(result)) result = os::system_call(SYS_dup, fd);
  if (result >= 0) os::system_call(SYS_fcntl, static_cast<int>(result), F_SETFD, FD_CLOEXEC);
  return result;
}

// Asked again after ENOMEM: without the answer a child could not recognise the duplicate.
base::Expected<os::FileNumbers> ask_for_numbers(int fd) {
  const auto numbers = os::file_numbers(fd);
  return numbers || numbers.error() != ENOMEM ? numbers : os::file_numbers(fd);
}

}  // namespace

// Two threads may both register at once, which does no harm.
bool heed_forks() {
  if (heeds_forks.load(std::memory_order_acquire)) return true;
  if (pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) != 0) return false;
  heeds_forks.store(true, std::memory_order_release);
  return true;
}

namespace {
// From load on: a fork that began before the registration calls no handler, and its child would keep duplicates made
// meanwhile. The handler registered first also runs last before the fork, and first after it.
[[gnu::constructor]] void heed_forks_from_load() { static_cast<void>(heed_forks()); }
}  // namespace

bool is_forking() { return forks_of(forking.load(std::memory_order_seq_cst)) != 0; }

bool make_duplicate(int fd, Duplicate& made) {
  const auto numbers = ask_for_numbers(fd);
  Entry* entry = numbers && heeds_forks.load(std::memory_order_acquire) ? take_entry() : nullptr;
  if (entry == nullptr) return false;
  entry->device.store((*numbers).device, std::memory_order_relaxed);
  entry->inode.store((*numbers).inode, std::memory_order_relaxed);
  entry->is_plain.store(false, std::memory_order_relaxed);
  entry->state.store(MAKING, std::memory_order_release);
  const long number = duplicate(fd, *entry);
  if (number < 0) {
    entry->state.store(FREE, std::memory_order_release);
    return false;
  }
  entry->number.store(static_cast<int>(number), std::memory_order_relaxed);
  entry->state.store(OPEN, std::memory_order_release);
  if (!is_forking()) entry->state.store(SETTLED, std::memory_order_release);
  made = {static_cast<int>(number), static_cast<std::uint16_t>(entry - entries)};
  return true;
}

void close_duplicate(const Duplicate& duplicate) {
  Entry& entry = entries[duplicate.entry];
  entry.state.store(CLOSING, std::memory_order_release);
  os::system_call(SYS_close, duplicate.fd);
  const std::uint64_t now = forking.load(std::memory_order_seq_cst);
  entry.epoch.store(epoch_of(now), std::memory_order_relaxed);
  entry.state.store(forks_of(now) > 0 ? GONE : FREE, std::memory_order_release);
}

bool is_duplicate(int fd) {
  const auto number = static_cast<unsigned>(fd);
  return fd >= 0 && lowest_duplicate(number, number) == fd;
}

int lowest_duplicate(unsigned first, unsigned last) {
  int lowest = -1;
  const std::uint32_t count = used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Entry& entry = entries[i];
    const std::uint32_t state = entry.state.load(std::memory_order_acquire);
    if (state != OPEN && state != SETTLED) continue;
    const int number = entry.number.load(std::memory_order_relaxed);
    if (static_cast<unsigned>(number) < first || static_cast<unsigned>(number) > last) continue;
    if (lowest < 0 || number < lowest) lowest = number;
  }
  return lowest;
}

MayLook begin_look() {
  looks.fetch_add(1, std::memory_order_seq_cst);  // against forks: one of the two sees the other
  auto may_look = MayLook::NOT_NOW;
  if (!is_forking()) {
    // Within a few turns the thread inside dl_iterate_phdr is out again, unless its callback does much.
    constexpr int MOST_TURNS = 8;
    os::LoaderLock lock = os::try_loader_lock();
    os::Patience patience;
    for (int i = 0; i < MOST_TURNS && lock == os::LoaderLock::TAKEN; ++i) {
      patience.wait();
      lock = os::try_loader_lock();
    }
    if (lock == os::LoaderLock::OURS) return MayLook::YES;
    if (lock == os::LoaderLock::LOST) may_look = MayLook::NEVER;
  }
  looks.fetch_sub(1, std::memory_order_release);
  return may_look;
}

void end_look() {
  os::release_loader_lock();
  looks.fetch_sub(1, std::memory_order_release);
}

}  // namespace atomrt::engine
