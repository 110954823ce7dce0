// SPDX-License-Identifier: MIT
#include "launcher/probe_kernel.h"

#include <linux/aio_abi.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace atomrt::launcher {
namespace {

// From the kernel's include/uapi/linux/io_uring.h; the headers of Debian 12 are older than these.
constexpr std::uint32_t SETUP_NO_MMAP = 1U << 14;
constexpr std::uint32_t SETUP_REGISTERED_FD_ONLY = 1U << 15;
constexpr std::uint32_t REGISTER_PROBE = 8;
constexpr std::uint32_t REGISTER_USE_REGISTERED_RING = 1U << 31;
constexpr std::size_t OP_FUTEX_WAIT = 51;
constexpr std::uint16_t OP_SUPPORTED = 1U << 0;

struct QueueOffsets {
  std::uint32_t unused[8];
  std::uint64_t user_address;
};

struct RingParameters {
  std::uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, reserved[3];
  QueueOffsets sq, cq;
};
static_assert(sizeof(RingParameters) == 120);

struct OperationProbe {
  std::uint8_t operation, reserved;
  std::uint16_t flags;
  std::uint32_t reserved2;
};

struct RingProbe {
  std::uint8_t last_operation, count;
  std::uint16_t reserved;
  std::uint32_t reserved2[3];
  OperationProbe operations[64];
};

// One number from a file of /proc/sys; -1 where it cannot be read.
long read_setting(const char* path) {
  std::FILE* const file = std::fopen(path, "re");
  if (file == nullptr) return -1;
  long value = -1;
  if (std::fscanf(file, "%ld", &value) != 1) value = -1;
  std::fclose(file);
  return value;
}

void explain_no_ring(Finding& finding, int error) {
  const long disabled = read_setting("/proc/sys/kernel/io_uring_disabled");
  if (error == EPERM && disabled > 0) {
    finding.say("EPERM: sysctl kernel.io_uring_disabled is %ld", disabled);
  } else if (error == EPERM) {
    finding.say("EPERM: refused by a security policy");
  } else if (error == EINVAL) {
    finding.say("EINVAL: this kernel has io_uring, but none without a descriptor (Linux 6.5)");
  } else if (error == ENOSYS) {
    finding.say("ENOSYS: this kernel has no io_uring");
  } else if (error == ENOMEM) {
    finding.say("ENOMEM: RLIMIT_MEMLOCK may be too low");
  } else {
    finding.say("%s", std::strerror(error));
  }
}

bool has_futex_wait(long ring) {
  RingProbe probe{};
  return syscall(SYS_io_uring_register, ring, REGISTER_PROBE | REGISTER_USE_REGISTERED_RING, &probe, 64) == 0 &&
         probe.last_operation >= OP_FUTEX_WAIT && (probe.operations[OP_FUTEX_WAIT].flags & OP_SUPPORTED) != 0;
}

constexpr long AIO_REQUESTS = 256;  // as exec/direct.h

// 0 where io_pgetevents can be called.
int try_waiting(aio_context_t context) {
#ifdef SYS_io_pgetevents_time64
  constexpr long GET_EVENTS = SYS_io_pgetevents_time64;
#else
  constexpr long GET_EVENTS = SYS_io_pgetevents;
#endif
  const std::int64_t at_once[2] = {0, 0};
  io_event event;
  return syscall(GET_EVENTS, context, 0L, 1L, &event, at_once, nullptr) < 0 ? errno : 0;
}

}  // namespace

void Finding::say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
}

int seccomp_mode() { return prctl(PR_GET_SECCOMP, 0, 0, 0, 0); }

Finding probe_io_uring() {
  Finding finding;
  if (seccomp_mode() == 2) {
    finding.say("not tried: a seccomp filter is in force, it may kill a process that tries");
    return finding;
  }
  // One page for both rings, one for the submission entries: 8 of them fit. The ring goes when this process ends.
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const memory = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    explain_no_ring(finding, errno);
    return finding;
  }
  RingParameters parameters{};
  parameters.flags = SETUP_NO_MMAP | SETUP_REGISTERED_FD_ONLY;
  parameters.cq.user_address = reinterpret_cast<std::uintptr_t>(memory);
  parameters.sq.user_address = reinterpret_cast<std::uintptr_t>(memory) + page;
  const long ring = syscall(SYS_io_uring_setup, 8, &parameters);
  if (ring < 0) {
    explain_no_ring(finding, errno);
    munmap(memory, 2 * page);
    return finding;
  }
  finding.is_usable = has_futex_wait(ring);
  finding.say("without a descriptor; FUTEX_WAIT %s", finding.is_usable ? "yes" : "no (Linux 6.7)");
  return finding;
}

Finding probe_kernel_aio() {
  Finding finding;
  const long in_use = read_setting("/proc/sys/fs/aio-nr");
  const long most = read_setting("/proc/sys/fs/aio-max-nr");
  aio_context_t context = 0;
  if (syscall(SYS_io_setup, AIO_REQUESTS, &context) == 0) {
    const int error = try_waiting(context);
    syscall(SYS_io_destroy, context);
    finding.is_usable = error == 0;
    if (error == 0 && most < 0) {
      finding.say("fs.aio-nr and fs.aio-max-nr unknown, as /proc/sys is missing; a process takes %ld", AIO_REQUESTS);
    } else if (error == 0) {
      finding.say("fs.aio-nr %ld of fs.aio-max-nr %ld; a process takes %ld", in_use, most, AIO_REQUESTS);
    } else if (error == ENOSYS) {
      finding.say("ENOSYS: this kernel has no io_pgetevents (Linux 4.18)");
    } else {
      finding.say("io_pgetevents: %s", std::strerror(error));
    }
  } else if (errno == EAGAIN) {
    finding.say("EAGAIN: fs.aio-nr %ld, fs.aio-max-nr %ld, and a process takes %ld", in_use, most, AIO_REQUESTS);
  } else if (errno == ENOSYS) {
    finding.say("ENOSYS: this kernel has no kernel AIO");
  } else if (errno == EPERM) {
    finding.say("EPERM: refused by a security policy");
  } else {
    finding.say("%s", std::strerror(errno));
  }
  return finding;
}

}  // namespace atomrt::launcher
