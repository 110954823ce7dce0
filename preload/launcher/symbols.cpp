// SPDX-License-Identifier: MIT
#include "launcher/symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace atomrt::launcher {
namespace {

// A file in memory; every look into it is checked, as the file may be cut short or lie.
class Mapping {
 public:
  explicit Mapping(const char* path) {
    struct stat status {};
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      void* const memory = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
      bytes_ = memory == MAP_FAILED ? nullptr : static_cast<const char*>(memory);
    }
    close(fd);
  }
  ~Mapping() {
    if (bytes_ != nullptr) munmap(const_cast<char*>(bytes_), size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  template <typename T>
  bool copy(T& value, std::uint64_t offset) const {
    if (bytes_ == nullptr || offset > size_ || size_ - offset < sizeof value) return false;
    std::memcpy(&value, bytes_ + offset, sizeof value);
    return true;
  }

  // The string there; empty where it has no end.
  [[nodiscard]] std::string_view text(std::uint64_t offset) const {
    if (bytes_ == nullptr || offset >= size_) return {};
    const std::size_t length = strnlen(bytes_ + offset, static_cast<std::size_t>(size_ - offset));
    return length == size_ - offset ? std::string_view{} : std::string_view(bytes_ + offset, length);
  }

 private:
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

void note(std::string_view name, bool is_defined, SymbolUse& use) {
  if (is_defined) {
    use.defined |= bit_of_function(name);
    use.has_version |= name == "atomrt_version";
  } else {
    use.imported |= bit_of_function(name);
    use.loads_modules |= name == "dlopen" || name == "dlsym" || name == "dlvsym" || name == "dlmopen";
  }
}

// Calls visit(name, symbol) for each symbol of the table of that type. For the headers of either word class.
template <typename Header, typename Section, typename Symbol, typename Visit>
bool read_symbols(const Mapping& file, std::uint32_t type, Visit visit) {
  Header header{};
  if (!file.copy(header, 0)) return false;
  for (std::uint64_t index = 0; index < header.e_shnum; ++index) {
    Section table{};
    Section names{};
    if (!file.copy(table, header.e_shoff + index * header.e_shentsize)) return false;
    if (table.sh_type != type) continue;
    if (!file.copy(names, header.e_shoff + std::uint64_t{table.sh_link} * header.e_shentsize)) return false;
    for (std::uint64_t at = 0; at + sizeof(Symbol) <= table.sh_size; at += sizeof(Symbol)) {
      Symbol symbol{};
      if (!file.copy(symbol, table.sh_offset + at)) return false;
      visit(file.text(names.sh_offset + symbol.st_name), symbol.st_shndx != SHN_UNDEF, symbol.st_value);
    }
    return true;
  }
  return false;
}

template <typename Visit>
bool read_symbols_of(const char* path, std::uint32_t type, Visit visit) {
  const Mapping file(path);
  unsigned char identity[EI_NIDENT] = {};
  if (!file.copy(identity, 0) || std::memcmp(identity, ELFMAG, SELFMAG) != 0) return false;
  return identity[EI_CLASS] == ELFCLASS64 ? read_symbols<Elf64_Ehdr, Elf64_Shdr, Elf64_Sym>(file, type, visit)
                                          : read_symbols<Elf32_Ehdr, Elf32_Shdr, Elf32_Sym>(file, type, visit);
}

}  // namespace

bool read_symbol_use(const char* path, SymbolUse& use) {
  return read_symbols_of(path, SHT_DYNSYM, [&use](std::string_view name, bool is_defined, std::uint64_t) {
    note(name, is_defined, use);
  });
}

bool find_in_file(const char* path, std::string_view name, std::uint64_t& value) {
  bool is_found = false;
  const bool is_read =
      read_symbols_of(path, SHT_SYMTAB, [&](std::string_view present, bool is_defined, std::uint64_t its_value) {
        if (!is_defined || present != name) return;
        value = its_value;
        is_found = true;
      });
  return is_read && is_found;
}

}  // namespace atomrt::launcher
