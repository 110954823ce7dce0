// SPDX-License-Identifier: MIT
// An ELF file as the loader has put it into another process's memory: of either word size, and whatever has become of
// the file. Every look is checked, as the memory may be no ELF file, and be unmapped meanwhile.
#pragma once

#include <cstdint>
#include <string_view>

namespace atomrt::launcher {

class Process;

class ProcessObject {
 public:
  // What begins at that address.
  ProcessObject(const Process& process, std::uint64_t begin);

  // In the table of dynamic symbols; undefined ones do not count.
  [[nodiscard]] bool find(std::string_view name, std::uint64_t& address) const;
  // Its addresses are relative to its beginning (ET_DYN).
  [[nodiscard]] bool is_relocated() const { return is_relocated_; }

 private:
  const Process& process_;
  std::uint64_t begin_;
  unsigned char word_class_ = 0;  // ELFCLASS32, ELFCLASS64; 0: no ELF file
  bool is_relocated_ = false;
};

}  // namespace atomrt::launcher
