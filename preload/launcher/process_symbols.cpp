// SPDX-License-Identifier: MIT
#include "launcher/process_symbols.h"

#include <elf.h>

#include <cstring>

#include "launcher/process.h"

namespace atomrt::launcher {
namespace {

constexpr unsigned MOST_HEADERS = 256;
constexpr unsigned MOST_ENTRIES = 1024;
constexpr unsigned MOST_IN_CHAIN = 65536;
constexpr std::size_t MOST_NAME = 64;

std::uint32_t gnu_hash(std::string_view name) {
  std::uint32_t hash = 5381;
  for (const char character : name) hash = hash * 33 + static_cast<unsigned char>(character);
  return hash;
}

// The structures of either word size.
struct Elf32 {
  using Header = Elf32_Ehdr;
  using Segment = Elf32_Phdr;
  using Entry = Elf32_Dyn;
  using Symbol = Elf32_Sym;
  using Word = std::uint32_t;
};
struct Elf64 {
  using Header = Elf64_Ehdr;
  using Segment = Elf64_Phdr;
  using Entry = Elf64_Dyn;
  using Symbol = Elf64_Sym;
  using Word = std::uint64_t;
};

template <typename Elf>
class Tables {
 public:
  Tables(const Process& process, std::uint64_t begin) : process_(process), begin_(begin) {}

  bool find(std::string_view name, std::uint64_t& address) {
    return read_dynamic() && hashes_ != 0 && symbols_ != 0 && strings_ != 0 && find_hashed(name, address);
  }

 private:
  template <typename T>
  bool copy(std::uint64_t address, T& value) const {
    return process_.read(address, &value, sizeof value);
  }

  // glibc's loader has turned them into addresses, except where it may not write to the table.
  std::uint64_t absolute(std::uint64_t value) const { return value < bias_ ? bias_ + value : value; }

  bool read_dynamic() {
    typename Elf::Header header{};
    if (!copy(begin_, header)) return false;
    bias_ = header.e_type == ET_DYN ? begin_ : 0;
    for (unsigned index = 0; index < header.e_phnum && index < MOST_HEADERS; ++index) {
      typename Elf::Segment segment{};
      if (!copy(begin_ + header.e_phoff + std::uint64_t{index} * sizeof segment, segment)) return false;
      if (segment.p_type == PT_DYNAMIC) return read_entries(bias_ + segment.p_vaddr);
    }
    return false;
  }

  bool read_entries(std::uint64_t address) {
    for (unsigned index = 0; index < MOST_ENTRIES; ++index) {
      typename Elf::Entry entry{};
      if (!copy(address + std::uint64_t{index} * sizeof entry, entry)) return false;
      if (entry.d_tag == DT_NULL) return true;
      if (entry.d_tag == DT_GNU_HASH) hashes_ = absolute(entry.d_un.d_ptr);
      if (entry.d_tag == DT_SYMTAB) symbols_ = absolute(entry.d_un.d_ptr);
      if (entry.d_tag == DT_STRTAB) strings_ = absolute(entry.d_un.d_ptr);
    }
    return false;
  }

  // {buckets, first symbol, words of the filter, shift}, the filter, the buckets, and a hash for each symbol: its
  // lowest bit ends those of a bucket.
  bool find_hashed(std::string_view name, std::uint64_t& address) const {
    std::uint32_t head[4];
    std::uint32_t index = 0;
    const std::uint32_t hash = gnu_hash(name);
    if (!copy(hashes_, head) || head[0] == 0) return false;
    const std::uint64_t buckets = hashes_ + sizeof head + std::uint64_t{head[2]} * sizeof(typename Elf::Word);
    if (!copy(buckets + std::uint64_t{hash % head[0]} * 4, index) || index < head[1]) return false;
    const std::uint64_t chain = buckets + std::uint64_t{head[0]} * 4;
    for (unsigned steps = 0; steps < MOST_IN_CHAIN; ++steps, ++index) {
      std::uint32_t present = 0;
      if (!copy(chain + std::uint64_t{index - head[1]} * 4, present)) return false;
      if ((present | 1) == (hash | 1) && is_defined(index, name, address)) return true;
      if ((present & 1) != 0) return false;
    }
    return false;
  }

  bool is_defined(std::uint32_t index, std::string_view name, std::uint64_t& address) const {
    typename Elf::Symbol symbol{};
    char text[MOST_NAME] = "";
    if (name.size() >= sizeof text || !copy(symbols_ + std::uint64_t{index} * sizeof symbol, symbol)) return false;
    if (symbol.st_shndx == SHN_UNDEF || !process_.read(strings_ + symbol.st_name, text, name.size() + 1)) return false;
    if (std::string_view(text, name.size()) != name || text[name.size()] != '\0') return false;
    address = bias_ + symbol.st_value;
    return true;
  }

  const Process& process_;
  std::uint64_t begin_;
  std::uint64_t bias_ = 0;
  std::uint64_t hashes_ = 0, symbols_ = 0, strings_ = 0;
};

}  // namespace

ProcessObject::ProcessObject(const Process& process, std::uint64_t begin) : process_(process), begin_(begin) {
  unsigned char identity[EI_NIDENT] = {};
  if (!process.read(begin, identity, sizeof identity) || std::memcmp(identity, ELFMAG, SELFMAG) != 0) return;
  std::uint16_t type = 0;
  if (!process.read(begin + EI_NIDENT, &type, sizeof type)) return;
  word_class_ = identity[EI_CLASS];
  is_relocated_ = type == ET_DYN;
}

bool ProcessObject::find(std::string_view name, std::uint64_t& address) const {
  if (word_class_ == ELFCLASS64) return Tables<Elf64>(process_, begin_).find(name, address);
  return word_class_ == ELFCLASS32 && Tables<Elf32>(process_, begin_).find(name, address);
}

}  // namespace atomrt::launcher
