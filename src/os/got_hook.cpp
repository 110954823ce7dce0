#include "os/got_hook.h"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "os/futex.h"
#include "os/system_call.h"

namespace atomrt::os {
namespace {

#if defined(__x86_64__)
constexpr unsigned JUMP_SLOT = R_X86_64_JUMP_SLOT;
constexpr unsigned GLOBAL_DATA = R_X86_64_GLOB_DAT;
#elif defined(__aarch64__)
constexpr unsigned JUMP_SLOT = R_AARCH64_JUMP_SLOT;
constexpr unsigned GLOBAL_DATA = R_AARCH64_GLOB_DAT;
#elif defined(__i386__)
constexpr unsigned JUMP_SLOT = R_386_JMP_SLOT;
constexpr unsigned GLOBAL_DATA = R_386_GLOB_DAT;
#else
constexpr unsigned JUMP_SLOT = 0;
constexpr unsigned GLOBAL_DATA = 0;
#endif

#if __ELF_NATIVE_CLASS == 64
constexpr unsigned long symbol_of(ElfW(Xword) info) { return ELF64_R_SYM(info); }
constexpr unsigned long type_of(ElfW(Xword) info) { return ELF64_R_TYPE(info); }
#else
constexpr unsigned long symbol_of(ElfW(Word) info) { return ELF32_R_SYM(info); }
constexpr unsigned long type_of(ElfW(Word) info) { return ELF32_R_TYPE(info); }
#endif

struct Pass {
  const Replacement* replacements;
  std::size_t count;
  bool complete;
};

// What of an object's dynamic section is needed. glibc relocates these pointers on most ABIs, the vdso's are not.
struct Dynamic {
  const ElfW(Sym)* symbols = nullptr;
  const char* strings = nullptr;
  ElfW(Addr) relocations[2] = {};  // those of calls, and the others
  std::size_t sizes[2] = {};
  bool with_addend[2] = {};
};

Dynamic read_dynamic(ElfW(Addr) base, const ElfW(Dyn)* entry) {
  const auto address = [base](ElfW(Addr) pointer) { return pointer < base ? base + pointer : pointer; };
  Dynamic dynamic;
  for (; entry->d_tag != DT_NULL; ++entry) {
    switch (entry->d_tag) {
      case DT_SYMTAB:
        dynamic.symbols = reinterpret_cast<const ElfW(Sym)*>(address(entry->d_un.d_ptr));
        break;
      case DT_STRTAB:
        dynamic.strings = reinterpret_cast<const char*>(address(entry->d_un.d_ptr));
        break;
      case DT_JMPREL:
        dynamic.relocations[0] = address(entry->d_un.d_ptr);
        break;
      case DT_PLTRELSZ:
        dynamic.sizes[0] = entry->d_un.d_val;
        break;
      case DT_PLTREL:
        dynamic.with_addend[0] = entry->d_un.d_val == DT_RELA;
        break;
      case DT_RELA:
      case DT_REL:
        dynamic.relocations[1] = address(entry->d_un.d_ptr);
        dynamic.with_addend[1] = entry->d_tag == DT_RELA;
        break;
      case DT_RELASZ:
      case DT_RELSZ:
        dynamic.sizes[1] = entry->d_un.d_val;
        break;
      default:
        break;
    }
  }
  return dynamic;
}

bool lies_in_segment(const dl_phdr_info& object, ElfW(Word) type, ElfW(Addr) address) {
  for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    const ElfW(Addr) start = object.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == type && address >= start && address < start + segment.p_memsz) return true;
  }
  return false;
}

// Asks the kernel to write the word as it is (an atomic OR with 0, futex(2) FUTEX_WAKE_OP): EFAULT where it can't.
bool is_writable(ElfW(Addr) address) {
  int nobody_waits = 0;
  const unsigned or_with_nothing = FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_EQ, 0);
  return system_call(FUTEX_CALL, &nobody_waits, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, nullptr,
                     reinterpret_cast<void*>(address), or_with_nothing) != -EFAULT;
}

// False when the loader may not be done with the slot.
bool patch_slot(const dl_phdr_info& object, ElfW(Addr) slot, const Replacement& replacement) {
  void* const present = __atomic_load_n(reinterpret_cast<void**>(slot), __ATOMIC_ACQUIRE);
  if (present == replacement.with) return true;
  const bool is_settled =
      present == replacement.real || lies_in_segment(object, PT_LOAD, reinterpret_cast<ElfW(Addr)>(present));
  if (!is_settled) return false;
  if (is_writable(slot)) {
    // RELRO that is writable still is an object in the middle of its relocation; its last page may stay so for good.
    if (lies_in_segment(object, PT_GNU_RELRO, slot) && present != replacement.real) return false;
    __atomic_store_n(reinterpret_cast<void**>(slot), replacement.with, __ATOMIC_RELEASE);
    return true;
  }
  const ElfW(Addr) page_size = static_cast<ElfW(Addr)>(sysconf(_SC_PAGESIZE));
  void* const page = reinterpret_cast<void*>(slot & ~(page_size - 1));
  if (system_call(SYS_mprotect, page, page_size, PROT_READ | PROT_WRITE) != 0) return true;
  __atomic_store_n(reinterpret_cast<void**>(slot), replacement.with, __ATOMIC_RELEASE);
  system_call(SYS_mprotect, page, page_size, PROT_READ);
  return true;
}

void patch_table(const dl_phdr_info& object, const Dynamic& dynamic, unsigned table, Pass& pass) {
  const std::size_t entry_size = dynamic.with_addend[table] ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel));
  for (std::size_t at = 0; at + entry_size <= dynamic.sizes[table]; at += entry_size) {
    // Rel is the beginning of Rela.
    const auto* relocation = reinterpret_cast<const ElfW(Rel)*>(dynamic.relocations[table] + at);
    const unsigned long type = type_of(relocation->r_info);
    if (type != JUMP_SLOT && type != GLOBAL_DATA) continue;
    const char* name = dynamic.strings + dynamic.symbols[symbol_of(relocation->r_info)].st_name;
    for (std::size_t i = 0; i < pass.count; ++i) {
      if (std::strcmp(name, pass.replacements[i].function) != 0) continue;
      if (!patch_slot(object, object.dlpi_addr + relocation->r_offset, pass.replacements[i])) pass.complete = false;
    }
  }
}

bool is_own(const dl_phdr_info& object) {
  return lies_in_segment(object, PT_LOAD, reinterpret_cast<ElfW(Addr)>(&hook_functions));
}

int patch_object(dl_phdr_info* object, std::size_t, void* argument) {
  // The loader and the kernel's object have no calls that matter, and a dynamic section of their own kind.
  const char* name = object->dlpi_name != nullptr ? object->dlpi_name : "";
  if (std::strstr(name, "linux-vdso") != nullptr || std::strstr(name, "/ld-linux") != nullptr) return 0;
  if (is_own(*object)) return 0;
  for (unsigned i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_DYNAMIC) continue;
    const Dynamic dynamic = read_dynamic(
        object->dlpi_addr, reinterpret_cast<const ElfW(Dyn)*>(object->dlpi_addr + segment.p_vaddr));
    if (dynamic.symbols == nullptr || dynamic.strings == nullptr) continue;
    for (unsigned table = 0; table < 2; ++table) {
      if (dynamic.relocations[table] != 0) patch_table(*object, dynamic, table, *static_cast<Pass*>(argument));
    }
  }
  return 0;
}

int read_count(dl_phdr_info* object, std::size_t, void* argument) {
  *static_cast<unsigned long long*>(argument) = object->dlpi_adds;
  return 1;
}

}  // namespace

bool hook_functions(const Replacement* replacements, std::size_t count) {
  Pass pass{replacements, count, true};
  if (JUMP_SLOT != 0) dl_iterate_phdr(patch_object, &pass);
  return pass.complete;
}

unsigned long long objects_loaded() {
  unsigned long long count = 0;
  dl_iterate_phdr(read_count, &count);
  return count;
}

}  // namespace atomrt::os
