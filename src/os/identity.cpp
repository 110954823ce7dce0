// SPDX-License-Identifier: MIT
#include "os/identity.h"

#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "os/system_call.h"

namespace atomrt::os {
namespace {

bool takes_no_offset(int fd, bool for_writing) {
  // With no buffers it never reaches a driver, where even a read of no bytes may wait or consume something.
  return system_call(for_writing ? SYS_pwritev : SYS_preadv, fd, nullptr, 0, 0, 0) == -ESPIPE;
}

FileKind kind_of(int fd, mode_t mode) {
  if (S_ISREG(mode) || S_ISBLK(mode) || S_ISDIR(mode)) return FileKind::POSITIONAL;
  if (S_ISFIFO(mode) || S_ISSOCK(mode)) return FileKind::STREAM;
#ifdef SYS__llseek
  std::int64_t position = 0;
  const long result = system_call(SYS__llseek, fd, 0, 0, &position, SEEK_CUR);
#else
  const long result = system_call(SYS_lseek, fd, 0, SEEK_CUR);
#endif
  if (result == -ESPIPE) return FileKind::STREAM;
  return FileKind::POSITIONAL;
}

// Asks only for what never changes. fstat(2) reads the file's times, too, and then the next write has to update them
// (multigrain timestamps, Linux 6.13): a journal entry for each write.
constexpr unsigned MOUNT_FOR_EVER = 0x4000;  // STATX_MNT_ID_UNIQUE, Linux 6.8
constexpr unsigned ASKED_OF_FILE = STATX_TYPE | STATX_INO | MOUNT_FOR_EVER;

long ask_by_fstat(int fd, struct statx& answer) {
  // Newer glibc makes no call of fstat: a filter may allow newfstatat alone, or an older one fstat alone.
#ifdef SYS_fstatat64
  struct stat64 status {};
  long result = system_call(SYS_fstatat64, fd, "", &status, AT_EMPTY_PATH);
#else
  struct stat status {};
  long result = system_call(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH);
#endif
#ifdef SYS_fstat64
  if (is_refused(result)) result = system_call(SYS_fstat64, fd, &status);
#elif defined(SYS_fstat)
  if (is_refused(result)) result = system_call(SYS_fstat, fd, &status);
#endif
  answer.stx_mode = static_cast<std::uint16_t>(status.st_mode);
  answer.stx_ino = status.st_ino;
  answer.stx_size = static_cast<std::uint64_t>(status.st_size);
  answer.stx_dev_major = major(status.st_dev);
  answer.stx_dev_minor = minor(status.st_dev);
  answer.stx_rdev_major = major(status.st_rdev);
  answer.stx_rdev_minor = minor(status.st_rdev);
  return result;
}

long ask_status(int fd, unsigned what, struct statx& answer) {
  const long result = system_call(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, what, &answer);
  if (result == -ENOMEM) return -EAGAIN;  // the kernel is short of memory for a moment: EAGAIN in aio_error(3)
  return is_refused(result) ? ask_by_fstat(fd, answer) : result;
}

// Devices of memory that wait for nobody (Linux's admin-guide/devices.txt): null, zero, full, urandom. A read of zero
// that must not wait stops where another thread wants the processor.
bool is_memory(const struct statx& status) {
  constexpr std::uint32_t MEMORY = 1, NULL_DEVICE = 3, ZERO = 5, FULL = 7, URANDOM = 9;
  const std::uint32_t minor = status.stx_rdev_minor;
  return S_ISCHR(status.stx_mode) && status.stx_rdev_major == MEMORY &&
         (minor == NULL_DEVICE || minor == ZERO || minor == FULL || minor == URANDOM);
}

// linux/magic.h.
bool is_known_local(std::uint32_t magic) {
  static constexpr std::uint32_t LOCAL[] = {
      0xEF53,      // ext2, ext3, ext4
      0x58465342,  // xfs
      0x9123683E,  // btrfs
      0x01021994,  // tmpfs
      0x794C7630,  // overlayfs
      0xF2F52010,  // f2fs
      0x2FC12FC1,  // zfs
      0xCA451A4E,  // bcachefs
      0x858458F6,  // ramfs
  };
  for (const std::uint32_t known : LOCAL) {
    if (magic == known) return true;
  }
  return false;
}

// statmount(2), Linux 6.8: from the kernel's table of mounts. 0: not to be had (a mount of another namespace, or one
// that no path from a chroot leads to; a seccomp filter).
std::uint32_t magic_of_mount(std::uint64_t mount) {
  constexpr long STATMOUNT = 457;  // on every architecture but alpha
  constexpr std::uint64_t SUPERBLOCK = 1;
  struct {
    std::uint32_t size, spare;
    std::uint64_t mount, wanted;
  } const request{sizeof request, 0, mount, SUPERBLOCK};
  struct {
    std::uint32_t size, options;
    std::uint64_t given;
    std::uint32_t device_major, device_minor;
    std::uint64_t magic;
    std::uint8_t rest[512 - 32];
  } answer{};
  const long result = system_call(STATMOUNT, &request, &answer, sizeof answer, 0);
  return result == 0 && (answer.given & SUPERBLOCK) != 0 ? static_cast<std::uint32_t>(answer.magic) : 0;
}

std::uint32_t magic_by_statfs(int fd) {
#ifdef SYS_fstatfs64
  struct statfs64 status {};
  const long result = system_call(SYS_fstatfs64, fd, sizeof status, &status);
#else
  struct statfs status {};
  const long result = system_call(SYS_fstatfs, fd, &status);
#endif
  return result == 0 ? static_cast<std::uint32_t>(status.f_type) : 0;
}

}  // namespace

// Only files in memory have seals.
bool is_in_memory(int fd) {
#ifdef SYS_fcntl64
  return system_call(SYS_fcntl64, fd, F_GET_SEALS) >= 0;
#else
  return system_call(SYS_fcntl, fd, F_GET_SEALS) >= 0;
#endif
}

base::Expected<int> status_flags(int fd) {
#ifdef SYS_fcntl64
  const long result = system_call(SYS_fcntl64, fd, F_GETFL);
#else
  const long result = system_call(SYS_fcntl, fd, F_GETFL);
#endif
  if (!is_refused(result)) return base::from_kernel<int>(result);
  const auto identity = identify(fd);
  if (!identity) return base::Error{identity.error()};
  return UNKNOWN_FLAGS;
}

bool refuses_offsets(int fd, bool for_writing) { return takes_no_offset(fd, for_writing); }

bool is_short_read_whole(int fd, std::int64_t end) {
  struct statx status {};
  if (ask_status(fd, STATX_TYPE | STATX_SIZE, status) < 0) return true;
  if (S_ISREG(status.stx_mode)) return static_cast<std::uint64_t>(end) >= status.stx_size;
  return !S_ISBLK(status.stx_mode) && !is_memory(status);
}

base::Expected<FileNumbers> file_numbers(int fd) {
  struct statx status {};
  const long result = ask_status(fd, STATX_INO, status);
  if (result < 0) return base::Error{static_cast<int>(-result)};
  return FileNumbers{makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino};
}

base::Expected<FileIdentity> identify(int fd) {
  struct statx status {};
  const long result = ask_status(fd, ASKED_OF_FILE, status);
  if (result < 0) return base::Error{static_cast<int>(-result)};
  const mode_t mode = status.stx_mode;
  const bool is_shared = S_ISCHR(mode) || (mode & S_IFMT) == 0;
  FileKind kind = kind_of(fd, mode);
  // On some streams lseek succeeds without effect (eventfd). A device that takes an offset may wait for a peer, too
  // (/dev/kmsg, hidraw), and no type tells: so all of these are waited for as streams are; where nothing waits, poll
  // returns at once.
  const bool may_wait = is_shared && !is_memory(status);
  const bool is_at_offset = may_wait && kind == FileKind::POSITIONAL && !takes_no_offset(fd, false);
  if (may_wait) kind = FileKind::STREAM;
  return FileIdentity{
      .device = makedev(status.stx_dev_major, status.stx_dev_minor),
      .inode = status.stx_ino,
      .mount = (status.stx_mask & MOUNT_FOR_EVER) != 0 ? status.stx_mnt_id : 0,
      .kind = kind,
      .is_socket = S_ISSOCK(mode),
      .is_regular = S_ISREG(mode),
      .is_shared_inode = is_shared,
      .is_at_offset = is_at_offset,
      .is_disk = S_ISBLK(mode),
  };
}

// statfs(2) would tell, too, but asks the file server. It is used only if the kernel tells nothing of the mount and the
// file system is on a block device.
bool is_on_local_storage(int fd, const FileIdentity& identity) {
  if (!identity.is_regular) return false;
  if (is_in_memory(fd)) return true;
  const std::uint32_t magic = identity.mount != 0 ? magic_of_mount(identity.mount) : 0;
  if (magic != 0) return is_known_local(magic);
  return major(identity.device) != 0 && is_known_local(magic_by_statfs(fd));
}

}  // namespace atomrt::os
