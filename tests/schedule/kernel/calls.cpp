// SPDX-License-Identifier: MIT
// Where the library's system calls arrive. A step comes before each call and one behind it, and now and then one fails
// because the run is to see that (kernel/faults).
#include "kernel/calls.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "kernel/aio.h"
#include "kernel/faults.h"
#include "kernel/files.h"
#include "kernel/signals.h"
#include "kernel/uring.h"
#include "machine/memory.h"
#include "machine/report.h"
#include "machine/scheduler.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

namespace schedule {
namespace {

constexpr long STATMOUNT = 457;
constexpr std::uint64_t EXT4 = 0xEF53;
constexpr int PROCESS = 1000;

std::vector<long> refused;
unsigned signals_without_room;

// What a manual page lists and a correct caller can meet; ends with 0. Calls that are not here can't fail.
struct Fallible {
  long number;
  const char* name;
  int errors[8];
  Direction direction = Direction::NONE;
  bool takes_room = false;
};
constexpr Fallible FALLIBLE[] = {
    {SYS_pread64, "pread", {EIO, EINTR, 0}, Direction::READ},
    {SYS_pwrite64, "pwrite", {EIO, ENOSPC, EDQUOT, EFBIG, EINTR, 0}, Direction::WRITE},
    {SYS_preadv2, "preadv2", {EAGAIN, EOPNOTSUPP, EIO, EINTR, 0}, Direction::READ},
    {SYS_pwritev2, "pwritev2", {EAGAIN, EOPNOTSUPP, ENOSPC, EIO, EINTR, 0}, Direction::WRITE},
    {SYS_read, "read", {EIO, EINTR, 0}, Direction::READ},
    {SYS_write, "write", {EIO, ENOSPC, EINTR, 0}, Direction::WRITE},
    {SYS_fsync, "fsync", {EIO, ENOSPC, EDQUOT, EINTR, 0}, Direction::SYNC},
    {SYS_fdatasync, "fdatasync", {EIO, ENOSPC, EDQUOT, EINTR, 0}, Direction::SYNC},
    {SYS_recvfrom, "recv", {ECONNRESET, ENOMEM, EINTR, 0}, Direction::READ},
    {SYS_sendto, "send", {ECONNRESET, ENOBUFS, ENOMEM, EINTR, 0}, Direction::WRITE},
    {SYS_mmap, "mmap", {ENOMEM, EAGAIN, 0}, Direction::NONE, true},
    {SYS_io_setup, "io_setup", {EAGAIN, ENOMEM, ENOSYS, 0}},
    {SYS_io_submit, "io_submit", {EAGAIN, ENOSYS, 0}},
    {SYS_statx, "statx", {ENOMEM, ENOSYS, 0}, Direction::NONE, true},
    {SYS_rt_sigqueueinfo, "rt_sigqueueinfo", {EAGAIN, 0}},
    {SYS_rt_tgsigqueueinfo, "rt_tgsigqueueinfo", {EAGAIN, 0}},
    {SYS_io_uring_setup, "io_uring_setup", {ENOMEM, ENOSYS, EPERM, EINVAL, 0}},
    {SYS_io_uring_register, "io_uring_register", {EINVAL, ENOMEM, EPERM, 0}},
    {SYS_madvise, "madvise", {EINVAL, ENOMEM, EAGAIN, 0}, Direction::NONE, true},
    {SYS_sched_getaffinity, "sched_getaffinity", {EINVAL, 0}},
};

const Fallible* find_fallible(long number, long second) {
  if (number == SYS_fcntl && second == F_DUPFD_CLOEXEC) {
    static constexpr Fallible DUPLICATE{SYS_fcntl, "fcntl(F_DUPFD)", {EMFILE, EINVAL, 0}, Direction::NONE, true};
    return &DUPLICATE;
  }
  for (const Fallible& entry : FALLIBLE) {
    if (entry.number == number) return &entry;
  }
  return nullptr;
}

// Which of the calls' names are traced; for the others the number.
const char* name_of(long number, long second) {
  const Fallible* fallible = find_fallible(number, second);
  if (fallible != nullptr) return fallible->name;
  switch (number) {
    case SYS_futex:
      return (second & FUTEX_CMD_MASK) == FUTEX_WAKE ? "futex wake" : "futex wait";
    case SYS_rt_sigprocmask:
      return "sigprocmask";
    case SYS_io_pgetevents:
      return "io_pgetevents";
    case SYS_close:
      return "close";
    case SYS_fcntl:
      return "fcntl";
    case SYS_ppoll:
      return "poll";
    case SYS_io_destroy:
      return "io_destroy";
    default:
      return "call";
  }
}

// Of those that no other thread can see the order of, no step is made.
bool is_private(long number) {
  switch (number) {
    case SYS_getpid:
    case SYS_gettid:
    case SYS_getuid:
    case SYS_prctl:
    case SYS_sched_getaffinity:
    case SYS_madvise:
    case SYS_mmap:
    case SYS_rt_sigpending:
    case STATMOUNT:
    case SYS_fstatfs:
    case SYS_sched_yield:
      return true;
    default:
      return false;
  }
}

long signal_mask(int how, const std::uint64_t* set, std::uint64_t* old) {
  const std::uint64_t before = self().mask;
  if (old != nullptr) *old = before;
  if (set == nullptr) return 0;
  change_mask(how == SIG_SETMASK ? *set : how == SIG_BLOCK ? before | *set : before & ~*set);
  return 0;
}

// Only threads of the library's own are named.
void name_thread(const char* name) {
  std::snprintf(self().name, sizeof self().name, "%s", name);
  self().is_librarys = true;
}

long statmount(void* answer) {
  struct {
    std::uint32_t size, options;
    std::uint64_t given;
    std::uint32_t major, minor;
    std::uint64_t magic;
  } const text{512, 0, 1, 8, 1, EXT4};
  std::memcpy(answer, &text, sizeof text);
  return 0;
}

long statfs_of(struct statfs* answer) {
  *answer = {};
  answer->f_type = EXT4;
  return 0;
}

long queue_signal(unsigned thread, int number, const siginfo_t* info) {
  if (info->si_code == SI_ASYNCIO && perhaps(24)) {  // no room: RLIMIT_SIGPENDING
    ++signals_without_room;
    return -EAGAIN;
  }
  return -send_signal(thread, number, *info);
}

long call(long number, long a, long b, long c, long d, long e, long f) {
  const iovec part{reinterpret_cast<void*>(b), static_cast<std::size_t>(c)};
  const auto* parts = reinterpret_cast<const iovec*>(b);
  const auto fd = static_cast<int>(a);
  switch (number) {
    case SYS_futex:
      return futex(reinterpret_cast<const std::uint32_t*>(a), static_cast<int>(b), static_cast<std::uint32_t>(c),
                   reinterpret_cast<const timespec*>(d));
    case SYS_sched_yield:
      yield_step("sched_yield");
      return 0;
    case SYS_pread64:
    case SYS_pwrite64:
      return transfer(fd, &part, 1, d, number == SYS_pwrite64, true, false);
    case SYS_preadv2:
    case SYS_pwritev2:
      return transfer(fd, parts, static_cast<int>(c), d, number == SYS_pwritev2, d != -1, true);
    case SYS_read:
    case SYS_write:
      return transfer(fd, &part, 1, 0, number == SYS_write, false, false);
    case SYS_recvfrom:
    case SYS_sendto:
      return transfer(fd, &part, 1, 0, number == SYS_sendto, false, true);
    case SYS_fsync:
    case SYS_fdatasync:
      return sync(fd);
    case SYS_ppoll:
      return poll_call(reinterpret_cast<pollfd*>(a), static_cast<unsigned>(b), reinterpret_cast<const timespec*>(c),
                       reinterpret_cast<const std::uint64_t*>(d));
    case SYS_fcntl:
      return control(fd, static_cast<int>(b), c);
    case SYS_statx:
      return status(fd, reinterpret_cast<struct statx*>(e));
    case SYS_fstat:
      return old_status(fd, reinterpret_cast<struct stat*>(b));
    case STATMOUNT:
      return statmount(reinterpret_cast<void*>(b));
    case SYS_fstatfs:
      return statfs_of(reinterpret_cast<struct statfs*>(b));
    case SYS_close:
      return -close_descriptor(fd);
    case SYS_lseek:
      return file_of(fd) == nullptr ? -EBADF : file_of(fd)->inode->kind == Kind::REGULAR ? 0 : -ESPIPE;
    case SYS_ioctl:
      return -ENOTTY;
    case SYS_getsockopt:
      std::memset(reinterpret_cast<void*>(d), 0, 16);
      return 0;
    case SYS_mmap: {
      if ((d & MAP_FIXED_NOREPLACE) != 0) return a;
      void* memory = map_pages(static_cast<std::size_t>(b));
      return memory == nullptr ? -ENOMEM : reinterpret_cast<long>(memory);
    }
    case SYS_munmap:
      uring_unmapped(reinterpret_cast<void*>(a));
      unmap_pages(reinterpret_cast<void*>(a), static_cast<std::size_t>(b));
      return 0;
    case SYS_mprotect:
      return 0;
    case SYS_prctl:
      if (a == PR_SET_NAME) name_thread(reinterpret_cast<const char*>(b));
      return 0;
    case SYS_madvise:
      if (c == MADV_WIPEONFORK) keep_from_child(reinterpret_cast<void*>(a), static_cast<std::size_t>(b));
      if (c == MADV_DONTFORK) hide_from_child(reinterpret_cast<void*>(a), static_cast<std::size_t>(b));
      return c == MADV_WIPEONFORK || c == MADV_DONTFORK ? 0 : -EINVAL;
    case SYS_getpid:
      return PROCESS;
    case SYS_getuid:
      return 0;
    case SYS_gettid:
      return self().number;
    case SYS_sched_getaffinity:
      *reinterpret_cast<unsigned long*>(c) = 3;
      return 8;
    case SYS_rt_sigprocmask:
      return signal_mask(fd, reinterpret_cast<const std::uint64_t*>(b), reinterpret_cast<std::uint64_t*>(c));
    case SYS_rt_sigpending:
      *reinterpret_cast<std::uint64_t*>(a) = pending_signals();
      return 0;
    case SYS_rt_sigtimedwait: {
      auto* info = reinterpret_cast<siginfo_t*>(b);
      siginfo_t taken{};
      if (!take_signal(*reinterpret_cast<const std::uint64_t*>(a), &taken)) return -EAGAIN;
      if (info != nullptr) *info = taken;
      return taken.si_signo;
    }
    case SYS_rt_sigqueueinfo:
      return queue_signal(0, static_cast<int>(b), reinterpret_cast<const siginfo_t*>(c));
    case SYS_rt_tgsigqueueinfo:
      return queue_signal(static_cast<unsigned>(b), static_cast<int>(c), reinterpret_cast<const siginfo_t*>(d));
    case SYS_kill: {
      siginfo_t info{};
      info.si_code = SI_USER;
      info.si_pid = PROCESS;
      return -send_signal(0, static_cast<int>(b), info);
    }
    case SYS_io_setup:
      return aio_setup(static_cast<unsigned>(a), reinterpret_cast<unsigned long*>(b));
    case SYS_io_destroy:
      return aio_destroy(static_cast<unsigned long>(a));
    case SYS_io_submit:
      return aio_submit(static_cast<unsigned long>(a), b, reinterpret_cast<iocb* const*>(c));
    case SYS_io_pgetevents:
      return aio_get_events(static_cast<unsigned long>(a), b, c, reinterpret_cast<void*>(d),
                            reinterpret_cast<const KernelTime*>(e), reinterpret_cast<const AioMask*>(f));
    case SYS_io_uring_setup:
      return uring_setup(static_cast<unsigned>(a), reinterpret_cast<io_uring_params*>(b));
    case SYS_io_uring_register:
      return uring_register(a, static_cast<unsigned>(b), reinterpret_cast<void*>(c), static_cast<unsigned>(d));
    case SYS_io_cancel:
      return aio_cancel_submitted(static_cast<unsigned long>(a), reinterpret_cast<const iocb*>(b));
    default:
      return -ENOSYS;
  }
}

}  // namespace

void reset_calls() {
  refused.clear();
  signals_without_room = 0;
}
unsigned signals_refused() { return signals_without_room; }
void refuse_call(long number) { refused.push_back(number); }

long futex(const std::uint32_t* word, int operation, std::uint32_t value, const timespec* time) {
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {  // told the moment, not the time until then
      const bool is_moment = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
      note_access(word, sizeof *word, false);
      if (*word != value) return -EAGAIN;
      if (perhaps(100)) return 0;  // woken for nothing, as futex(2) allows
      const std::int64_t deadline =
          time == nullptr ? NEVER : (is_moment ? 0 : now()) + time->tv_sec * 1'000'000'000 + time->tv_nsec;
      switch (sleep_on("futex wait", word, deadline, true)) {
        case Wakeup::WOKEN:
          return 0;
        case Wakeup::TIMED_OUT:
          return -ETIMEDOUT;
        case Wakeup::INTERRUPTED:
          return time == nullptr ? RESTART : -EINTR;
      }
      return 0;
    }
    case FUTEX_WAKE: {
      const unsigned woken = wake(word, value);
      return woken + wake_in_uring(word, value - woken);
    }
    default:
      return 0;  // FUTEX_WAKE_OP: the word can be written
  }
}

}  // namespace schedule

using namespace schedule;

extern "C" long schedule_system_call(long number, long a, long b, long c, long d, long e, long f) {
  if (!is_running()) return -ENOSYS;
  const char* const name = name_of(number, b);
  if (!is_private(number)) step(name);
  if (std::find(refused.begin(), refused.end(), number) != refused.end()) return -ENOSYS;
  const Fallible* const fallible = find_fallible(number, b);
  if (fallible != nullptr) {
    if (const int error = next_fault(fallible->name, fallible->errors, fallible->takes_room, fallible->direction); error != 0) return -error;
  }
  pass_time(100);
  long result;
  for (;;) {
    result = call(number, a, b, c, d, e, f);
    if (result != RESTART) break;
    if (deliver_signals()) {
      result = -EINTR;
      break;
    }
  }
  pass_through_uring();
  trace("%s: %ld", name, result);
  if (self().pending != 0) deliver_signals();
  return result;
}
