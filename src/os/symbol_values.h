// SPDX-License-Identifier: MIT
// symbol_values: changes what the functions of a loaded object are: the values of its symbols, in memory that the
// loader maps read-only and privately. Each is one aligned word, written atomically, so a look-up in another thread
// finds the one or the other. Calls nothing but the kernel, so that code without a libc can use it too.
#pragma once

#include <link.h>
#include <sys/mman.h>

#include "os/elf_object.h"
#include "os/system_call.h"

namespace atomrt::os {

// Makes a range of an object's memory writable, from the first write on and for as long as this lives: its pages and no
// others, as the memory beside them belongs to somebody else.
class WritableRange {
 public:
  WritableRange(const dl_phdr_info& object, ElfW(Addr) first, ElfW(Addr) last) : first_(first), last_(last) {
    for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
      const ElfW(Phdr)& segment = object.dlpi_phdr[i];
      const ElfW(Addr) start = object.dlpi_addr + segment.p_vaddr;
      if (segment.p_type != PT_LOAD || first < start || last >= start + segment.p_memsz) continue;
      state_ = State::UNTRIED;
      protection_ = ((segment.p_flags & PF_R) != 0 ? PROT_READ : 0) | ((segment.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                    ((segment.p_flags & PF_X) != 0 ? PROT_EXEC : 0);
    }
  }
  ~WritableRange() {
    if (state_ == State::OPEN) protect(protection_);
  }
  WritableRange(const WritableRange&) = delete;
  WritableRange& operator=(const WritableRange&) = delete;

  // False where the kernel does not let it be written. The word lies in the range.
  bool write(ElfW(Addr)& word, ElfW(Addr) value) {
    if (state_ == State::UNTRIED) state_ = protect(protection_ | PROT_WRITE) ? State::OPEN : State::REFUSED;
    if (state_ == State::REFUSED) return false;
    __atomic_store_n(&word, value, __ATOMIC_RELEASE);
    return true;
  }

 private:
  enum class State { UNTRIED, OPEN, REFUSED };
  static constexpr ElfW(Addr) SMALLEST_PAGE = 4096, LARGEST_PAGE = 65536;

  // The kernel checks first that the address is the beginning of a page, so the size of pages need not
  // be known.
  bool protect(int protection) const {
    long result = -EINVAL;
    for (ElfW(Addr) page = SMALLEST_PAGE; result == -EINVAL && page <= LARGEST_PAGE; page *= 2) {
      const ElfW(Addr) start = first_ & ~(page - 1);
      result = system_call(SYS_mprotect, start, last_ + 1 - start, protection);
    }
    return result == 0;
  }

  ElfW(Addr) first_, last_;
  int protection_ = PROT_READ;
  State state_ = State::REFUSED;
};

struct Replaced {
  unsigned count;  // of the symbols that have the wished value now
  bool complete;   // false: the kernel did not let one be changed
};

// Asks replace(index) for each function that the object defines: the address that its look-ups shall give from then on,
// or 0 to leave it alone.
template <typename Replace>
Replaced replace_functions(const dl_phdr_info& object, const ElfObject& elf, Replace replace) {
  const std::uint32_t count = elf.symbol_count();
  Replaced replaced{0, true};
  if (count == 0) return replaced;
  WritableRange symbols(object, reinterpret_cast<ElfW(Addr)>(&elf.symbol(0)),
                        reinterpret_cast<ElfW(Addr)>(&elf.symbol(count)) - 1);
  for (std::uint32_t index = 1; index < count; ++index) {
    if (!elf.is_function(index)) continue;
    const ElfW(Addr) with = replace(index);
    if (with == 0) continue;
    // The loader adds the object's base to the value, modulo the word.
    auto& value = const_cast<ElfW(Addr)&>(elf.symbol(index).st_value);
    if (with == elf.address(index) || symbols.write(value, with - object.dlpi_addr)) {
      ++replaced.count;
    } else {
      replaced.complete = false;
    }
  }
  return replaced;
}

}  // namespace atomrt::os
