// symbol_values: changes what the functions of a loaded object are: the values of its symbols, in memory that the
// loader maps read-only and privately. Each is one aligned word, written atomically, so a look-up in another thread
// finds the one or the other. Calls nothing but the kernel, so that code without a libc can use it too.
#pragma once

#include <link.h>
#include <sys/mman.h>

#include "os/elf_object.h"
#include "os/system_call.h"

namespace atomrt::os {

// Makes the segment that holds an address writable, from the first write on and for as long as this lives.
class WritableSegment {
 public:
  WritableSegment(const dl_phdr_info& object, ElfW(Addr) address) {
    for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
      const ElfW(Phdr)& segment = object.dlpi_phdr[i];
      const ElfW(Addr) start = object.dlpi_addr + segment.p_vaddr;
      if (segment.p_type != PT_LOAD || address < start || address >= start + segment.p_memsz) continue;
      start_ = start & ~(LARGEST_PAGE - 1);
      size_ = start - start_ + segment.p_memsz;
      protection_ = ((segment.p_flags & PF_R) != 0 ? PROT_READ : 0) | ((segment.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                    ((segment.p_flags & PF_X) != 0 ? PROT_EXEC : 0);
    }
  }
  ~WritableSegment() {
    if (state_ == State::OPEN) protect(protection_);
  }
  WritableSegment(const WritableSegment&) = delete;
  WritableSegment& operator=(const WritableSegment&) = delete;

  // False where the kernel does not let it be written.
  bool write(ElfW(Addr)& word, ElfW(Addr) value) {
    if (state_ == State::UNTRIED) state_ = protect(protection_ | PROT_WRITE) ? State::OPEN : State::REFUSED;
    if (state_ == State::REFUSED) return false;
    __atomic_store_n(&word, value, __ATOMIC_RELEASE);
    return true;
  }

 private:
  enum class State { UNTRIED, OPEN, REFUSED };

// Linkers keep segments of different protection that far apart.
#if defined(__x86_64__) || defined(__i386__)
  static constexpr ElfW(Addr) LARGEST_PAGE = 4096;
#else
  static constexpr ElfW(Addr) LARGEST_PAGE = 65536;
#endif

  bool protect(int protection) const {
    return size_ != 0 && system_call(SYS_mprotect, start_, size_, protection) == 0;
  }

  ElfW(Addr) start_ = 0;
  ElfW(Addr) size_ = 0;
  int protection_ = PROT_READ;
  State state_ = State::UNTRIED;
};

// Asks replace(index) for each function that the object defines: the address that its look-ups shall give from then on,
// or 0 to leave it alone. False when the kernel did not let one be changed.
template <typename Replace>
bool replace_functions(const dl_phdr_info& object, const ElfObject& elf, Replace replace) {
  WritableSegment segment(object, reinterpret_cast<ElfW(Addr)>(&elf.symbol(0)));
  bool complete = true;
  const std::uint32_t count = elf.symbol_count();
  for (std::uint32_t index = 1; index < count; ++index) {
    if (!elf.is_function(index)) continue;
    const ElfW(Addr) with = replace(index);
    if (with == 0 || with == elf.address(index)) continue;
    // The loader adds the object's base to the value, modulo the word.
    auto& value = const_cast<ElfW(Addr)&>(elf.symbol(index).st_value);
    complete = segment.write(value, with - object.dlpi_addr) && complete;
  }
  return complete;
}

}  // namespace atomrt::os
