// SPDX-License-Identifier: MIT
// Another process, read through /proc while it runs: its memory (/proc/PID/mem, which takes addresses of 64 bits from
// launchers of 32), the ELF files in it and their symbols. It is not stopped, and does not notice.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "launcher/path.h"

namespace atomrt::launcher {

class Process {
 public:
  explicit Process(pid_t pid) : pid_(pid) {}
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // False after one line on standard error: there is no such process, or this user may not read its memory.
  [[nodiscard]] bool open();
  [[nodiscard]] pid_t number() const { return pid_; }
  // As in ps; "?" where it cannot be told.
  [[nodiscard]] const char* name() const { return name_; }
  // As in ps -L; empty where there is no such thread any more.
  [[nodiscard]] const char* thread_name(std::uint32_t thread);
  // The file that a descriptor of it refers to; false where it is closed.
  [[nodiscard]] bool descriptor(int fd, Path& path) const;

  // All of it, or false.
  [[nodiscard]] bool read(std::uint64_t address, void* to, std::size_t bytes) const;

  // Calls visit(address) for that symbol in each object of the process that shows it, and in the program itself also
  // where it is only in its table of all symbols (a static one).
  template <typename Visit>
  bool for_each_symbol(std::string_view name, Visit visit) const {
    struct Call {
      static void run(void* self, std::uint64_t address) { (*static_cast<Visit*>(self))(address); }
    };
    return visit_symbols(name, &visit, Call::run);
  }

 private:
  bool visit_symbols(std::string_view name, void* self, void (*visit)(void*, std::uint64_t)) const;
  bool read_name(const char* file, char* name, std::size_t size) const;

  pid_t pid_;
  int memory_ = -1;
  char name_[64] = "?";
  char thread_name_[64] = "";
};

}  // namespace atomrt::launcher
