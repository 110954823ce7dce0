// SPDX-License-Identifier: MIT
#include "launcher/process.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "launcher/messages.h"
#include "launcher/process_symbols.h"
#include "launcher/symbols.h"

namespace atomrt::launcher {

Process::~Process() {
  if (memory_ >= 0) close(memory_);
}

bool Process::open() {
  char file[64];
  std::snprintf(file, sizeof file, "/proc/%d/mem", static_cast<int>(pid_));
  memory_ = ::open(file, O_RDONLY | O_CLOEXEC);
  if (memory_ >= 0) {
    std::snprintf(file, sizeof file, "/proc/%d/comm", static_cast<int>(pid_));
    read_name(file, name_, sizeof name_);
    return true;
  }
  if (errno == EACCES || errno == EPERM) {
    fail("process %d: no permission to read its memory: that takes root with CAP_SYS_PTRACE, or the process's own user "
         "where /proc/sys/kernel/yama/ptrace_scope is 0 or missing", static_cast<int>(pid_));
  } else if (errno == ENOENT && access("/proc/self/mem", F_OK) != 0) {
    fail("process %d: /proc is not mounted", static_cast<int>(pid_));
  } else {
    fail("process %d: %s", static_cast<int>(pid_), errno == ENOENT ? "no such process" : std::strerror(errno));
  }
  return false;
}

bool Process::read_name(const char* file, char* name, std::size_t size) const {
  const int fd = ::open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t length = ::read(fd, name, size - 1);
  close(fd);
  if (length <= 0) return false;
  name[length] = '\0';
  name[std::strcspn(name, "\n")] = '\0';
  return true;
}

const char* Process::thread_name(std::uint32_t thread) {
  char file[64];
  std::snprintf(file, sizeof file, "/proc/%d/task/%u/comm", static_cast<int>(pid_), thread);
  if (thread == 0 || !read_name(file, thread_name_, sizeof thread_name_)) thread_name_[0] = '\0';
  return thread_name_;
}

bool Process::descriptor(int fd, Path& path) const {
  char link[64];
  char text[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/%d/fd/%d", static_cast<int>(pid_), fd);
  const ssize_t length = readlink(link, text, sizeof text - 1);
  return path.join(std::string_view(text, length > 0 ? static_cast<std::size_t>(length) : 0)) && length > 0;
}

bool Process::read(std::uint64_t address, void* to, std::size_t bytes) const {
  return pread64(memory_, to, bytes, static_cast<off64_t>(address)) == static_cast<ssize_t>(bytes);
}

bool Process::visit_symbols(std::string_view name, void* self, void (*visit)(void*, std::uint64_t)) const {
  char file[64];
  Path program;
  std::snprintf(file, sizeof file, "/proc/%d/exe", static_cast<int>(pid_));
  char text[PATH_MAX];
  const ssize_t length = readlink(file, text, sizeof text - 1);
  if (length > 0 && !program.join(std::string_view(text, static_cast<std::size_t>(length)))) return false;
  char maps[64];
  std::snprintf(maps, sizeof maps, "/proc/%d/maps", static_cast<int>(pid_));
  std::FILE* const list = std::fopen(maps, "re");
  if (list == nullptr) return false;
  static char line[PATH_MAX + 128];
  while (std::fgets(line, sizeof line, list) != nullptr) {
    unsigned long long begin = 0, offset = 0, inode = 0;
    int path_begin = 0;
    if (std::sscanf(line, "%llx-%*x %*s %llx %*s %llu %n", &begin, &offset, &inode, &path_begin) < 3) continue;
    if (inode == 0 || offset != 0) continue;  // an ELF file's first page is its beginning
    line[std::strcspn(line, "\n")] = '\0';
    const ProcessObject object(*this, begin);
    std::uint64_t address = 0;
    if (object.find(name, address)) {
      visit(self, address);
    } else if (program.view() == line + path_begin && find_in_file(file, name, address)) {
      visit(self, object.is_relocated() ? begin + address : address);
    }
  }
  std::fclose(list);
  return true;
}

}  // namespace atomrt::launcher
