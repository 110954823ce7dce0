// SPDX-License-Identifier: MIT
// ElfObject: a loaded object as its dynamic section shows it: symbols, their names and versions, relocations. Reads
// only, and only memory that the loader never unmaps before the object; calls nothing, so that code without a libc can
// read objects with it too.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

namespace atomrt::os {

inline bool is_same_text(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

class ElfObject {
 public:
  // One table of relocations: those of calls, or the others.
  struct Relocations {
    ElfW(Addr) start = 0;
    std::size_t size = 0;
    bool with_addend = false;
  };

  ElfObject() = default;
  ElfObject(ElfW(Addr) base, const ElfW(Dyn) * dynamic) : base_(base) {
    for (const ElfW(Dyn)* entry = dynamic; entry->d_tag != DT_NULL; ++entry) read(*entry);
  }

  [[nodiscard]] bool has_symbols() const { return symbols_ != nullptr && strings_ != nullptr; }
  // In the order of their indices; 0 where the object has no table to count them by.
  [[nodiscard]] std::uint32_t symbol_count() const {
    return gnu_hash_ != nullptr ? count_by_gnu_hash() : count_by_hash();
  }
  [[nodiscard]] const ElfW(Sym) & symbol(std::size_t index) const { return symbols_[index]; }
  [[nodiscard]] const char* name(std::size_t index) const { return strings_ + symbols_[index].st_name; }
  [[nodiscard]] bool is_defined(std::size_t index) const {
    return symbols_[index].st_shndx != SHN_UNDEF && symbols_[index].st_value != 0;
  }
  [[nodiscard]] bool is_function(std::size_t index) const {
    return is_defined(index) && (symbols_[index].st_info & 0xf) == STT_FUNC;
  }
  [[nodiscard]] ElfW(Addr) address(std::size_t index) const { return base_ + symbols_[index].st_value; }
  [[nodiscard]] const char* soname() const { return has_soname_ && strings_ != nullptr ? strings_ + soname_ : ""; }

  // The version of a symbol that is defined here; empty where it has none.
  [[nodiscard]] const char* version(std::size_t index) const {
    if (versions_ == nullptr || definitions_ == 0) return "";
    const unsigned wanted = versions_[index] & ~HIDDEN;
    for (ElfW(Addr) at = definitions_;;) {
      const auto& definition = *reinterpret_cast<const ElfW(Verdef)*>(at);
      if (definition.vd_ndx == wanted && (definition.vd_flags & VER_FLG_BASE) == 0) {
        return strings_ + reinterpret_cast<const ElfW(Verdaux)*>(at + definition.vd_aux)->vda_name;
      }
      if (definition.vd_next == 0) return "";
      at += definition.vd_next;
    }
  }

  // The index of the function defined here by that name and version; 0 where there is none.
  [[nodiscard]] std::uint32_t find_function(const char* name, const char* version) const {
    const std::uint32_t count = symbol_count();
    for (std::uint32_t index = 1; index < count; ++index) {
      if (is_function(index) && is_same_text(this->name(index), name) && is_same_text(this->version(index), version)) {
        return index;
      }
    }
    return 0;
  }

  // The function that a program's reference to glibc's one of that name finds here: without a version, or in one of
  // glibc's. 0 where there is none.
  [[nodiscard]] std::uint32_t find_default_function(const char* name) const {
    if (gnu_hash_ == nullptr) {
      const std::uint32_t count = count_by_hash();
      for (std::uint32_t index = 1; index < count; ++index) {
        if (is_default_function(index, name)) return index;
      }
      return 0;
    }
    const GnuHash table(gnu_hash_);
    if (table.bucket_count == 0) return 0;
    const std::uint32_t hash = gnu_hash_of(name);
    std::uint32_t index = table.buckets[hash % table.bucket_count];
    if (index < table.first) return 0;
    for (;; ++index) {
      const std::uint32_t link = table.chains[index - table.first];
      if ((link | 1) == (hash | 1) && is_default_function(index, name)) return index;
      if ((link & 1) != 0) return 0;
    }
  }

  [[nodiscard]] const Relocations& calls() const { return calls_; }
  [[nodiscard]] const Relocations& others() const { return others_; }

 private:
  static constexpr unsigned HIDDEN = 0x8000;  // a version that only references to it find

  // glibc relocates these pointers on most ABIs; those of the vDSO stay relative.
  [[nodiscard]] ElfW(Addr) absolute(ElfW(Addr) pointer) const { return pointer < base_ ? base_ + pointer : pointer; }

  void read(const ElfW(Dyn) & entry) {
    switch (entry.d_tag) {
      case DT_SYMTAB:
        symbols_ = reinterpret_cast<const ElfW(Sym)*>(absolute(entry.d_un.d_ptr));
        break;
      case DT_STRTAB:
        strings_ = reinterpret_cast<const char*>(absolute(entry.d_un.d_ptr));
        break;
      case DT_SONAME:
        soname_ = entry.d_un.d_val;
        has_soname_ = true;
        break;
      case DT_GNU_HASH:
        gnu_hash_ = reinterpret_cast<const std::uint32_t*>(absolute(entry.d_un.d_ptr));
        break;
      case DT_HASH:
        hash_ = reinterpret_cast<const std::uint32_t*>(absolute(entry.d_un.d_ptr));
        break;
      case DT_VERSYM:
        versions_ = reinterpret_cast<const std::uint16_t*>(absolute(entry.d_un.d_ptr));
        break;
      case DT_VERDEF:
        definitions_ = absolute(entry.d_un.d_ptr);
        break;
      case DT_JMPREL:
        calls_.start = absolute(entry.d_un.d_ptr);
        break;
      case DT_PLTRELSZ:
        calls_.size = entry.d_un.d_val;
        break;
      case DT_PLTREL:
        calls_.with_addend = entry.d_un.d_val == DT_RELA;
        break;
      case DT_RELA:
      case DT_REL:
        others_.start = absolute(entry.d_un.d_ptr);
        others_.with_addend = entry.d_tag == DT_RELA;
        break;
      case DT_RELASZ:
      case DT_RELSZ:
        others_.size = entry.d_un.d_val;
        break;
      default:
        break;
    }
  }

  [[nodiscard]] std::uint32_t count_by_hash() const { return hash_ != nullptr ? hash_[1] : 0; }

  // Number of buckets, first index, words of the filter, shift; filter; buckets; chains, whose last entries are odd.
  struct GnuHash {
    explicit GnuHash(const std::uint32_t* table)
        : bucket_count(table[0]),
          first(table[1]),
          buckets(table + 4 + table[2] * (sizeof(ElfW(Addr)) / sizeof(std::uint32_t))),
          chains(buckets + bucket_count) {}
    std::uint32_t bucket_count, first;
    const std::uint32_t* buckets;
    const std::uint32_t* chains;
  };

  [[nodiscard]] static std::uint32_t gnu_hash_of(const char* name) {
    std::uint32_t hash = 5381;
    for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
    return hash;
  }

  [[nodiscard]] bool is_default_function(std::size_t index, const char* name) const {
    return is_function(index) && is_same_text(this->name(index), name) && is_in_default_version(index);
  }

  [[nodiscard]] bool is_in_default_version(std::size_t index) const {
    constexpr unsigned LAST_UNNAMED = 1;
    if (versions_ == nullptr || (versions_[index] & ~HIDDEN) <= LAST_UNNAMED) return true;
    const char* glibcs = "GLIBC_";
    for (const char* at = version(index); *glibcs != '\0'; ++at, ++glibcs) {
      if (*at != *glibcs) return false;
    }
    return (versions_[index] & HIDDEN) == 0;
  }

  // The table does not say how many symbols there are: the last is the end of the chain that begins last.
  [[nodiscard]] std::uint32_t count_by_gnu_hash() const {
    const GnuHash table(gnu_hash_);
    std::uint32_t last = 0;
    for (std::uint32_t bucket = 0; bucket < table.bucket_count; ++bucket) {
      if (table.buckets[bucket] > last) last = table.buckets[bucket];
    }
    if (last < table.first) return table.first;
    while ((table.chains[last - table.first] & 1) == 0) ++last;
    return last + 1;
  }

  ElfW(Addr) base_ = 0;
  const ElfW(Sym) * symbols_ = nullptr;
  const char* strings_ = nullptr;
  std::size_t soname_ = 0;
  bool has_soname_ = false;
  const std::uint32_t* gnu_hash_ = nullptr;
  const std::uint32_t* hash_ = nullptr;
  const std::uint16_t* versions_ = nullptr;
  ElfW(Addr) definitions_ = 0;
  Relocations calls_;
  Relocations others_;
};

// The object of an entry of dl_iterate_phdr(3).
inline ElfObject elf_object_of(const dl_phdr_info& object) {
  for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    if (segment.p_type != PT_DYNAMIC) continue;
    return {object.dlpi_addr, reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + segment.p_vaddr)};
  }
  return {};
}

}  // namespace atomrt::os
