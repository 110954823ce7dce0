// SPDX-License-Identifier: MIT
#include "os/got_hook.h"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "os/elf_object.h"
#include "os/futex.h"
#include "os/system_call.h"

namespace atomrt::os {
namespace {

#if defined(__x86_64__)
constexpr unsigned JUMP_SLOT = R_X86_64_JUMP_SLOT;
constexpr unsigned GLOBAL_DATA = R_X86_64_GLOB_DAT;
constexpr unsigned WORD = R_X86_64_64;
#elif defined(__aarch64__)
constexpr unsigned JUMP_SLOT = R_AARCH64_JUMP_SLOT;
constexpr unsigned GLOBAL_DATA = R_AARCH64_GLOB_DAT;
constexpr unsigned WORD = R_AARCH64_ABS64;
#elif defined(__i386__)
constexpr unsigned JUMP_SLOT = R_386_JMP_SLOT;
constexpr unsigned GLOBAL_DATA = R_386_GLOB_DAT;
constexpr unsigned WORD = R_386_32;
#else
constexpr unsigned JUMP_SLOT = 0;
constexpr unsigned GLOBAL_DATA = 0;
constexpr unsigned WORD = 0;
#endif

#if __ELF_NATIVE_CLASS == 64
constexpr unsigned long symbol_of(ElfW(Xword) info) { return ELF64_R_SYM(info); }
constexpr unsigned long type_of(ElfW(Xword) info) { return ELF64_R_TYPE(info); }
#else
constexpr unsigned long symbol_of(ElfW(Word) info) { return ELF32_R_SYM(info); }
constexpr unsigned long type_of(ElfW(Word) info) { return ELF32_R_TYPE(info); }
#endif

struct HookPass {
  const Replacement* replacements;
  std::size_t count;
  bool complete;
  const dl_phdr_info* program;
  dl_phdr_info program_info;
};

struct FindPass {
  const char* const* names;
  void** found;
  std::size_t count;
};

struct ExchangePass {
  const Exchange* exchanges;
  std::size_t count;
};

bool lies_in_segment(const dl_phdr_info& object, ElfW(Word) type, ElfW(Addr) address, ElfW(Word) flags = 0) {
  for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    const ElfW(Addr) start = object.dlpi_addr + segment.p_vaddr;
    const bool is_of_kind = segment.p_type == type && (segment.p_flags & flags) == flags;
    if (is_of_kind && address >= start && address < start + segment.p_memsz) return true;
  }
  return false;
}

// UNKNOWN: a filter refuses the question. Such a word is left alone.
enum class Writable : std::uint8_t { YES, NO, UNKNOWN };

// Asks the kernel to write the word as it is (an atomic OR with 0, futex(2) FUTEX_WAKE_OP): EFAULT where it can't.
Writable ask_whether_writable(ElfW(Addr) address) {
  int nobody_waits = 0;
  const unsigned or_with_nothing = FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_EQ, 0);
  const long result = system_call(FUTEX_CALL, &nobody_waits, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, nullptr,
                                  reinterpret_cast<void*>(address), or_with_nothing);
  return result == -EFAULT ? Writable::NO : is_refused(result) ? Writable::UNKNOWN : Writable::YES;
}

// Writes to a page that is read-only for good (RELRO); leaves it as it is where the kernel does not allow that.
template <typename Write>
void write_protected_word(ElfW(Addr) address, Write write) {
  const ElfW(Addr) page_size = static_cast<ElfW(Addr)>(sysconf(_SC_PAGESIZE));
  void* const page = reinterpret_cast<void*>(address & ~(page_size - 1));
  if (system_call(SYS_mprotect, page, page_size, PROT_READ | PROT_WRITE) != 0) return;
  write();
  system_call(SYS_mprotect, page, page_size, PROT_READ);
}

void* load_word(ElfW(Addr) slot) { return __atomic_load_n(reinterpret_cast<void**>(slot), __ATOMIC_ACQUIRE); }

// False when the loader may not be done with the slot. One that leads to the program's own stub is left as it is: the
// program's slot is patched.
bool patch_slot(const dl_phdr_info& object, ElfW(Addr) slot, const Replacement& replacement,
                const dl_phdr_info& program) {
  void* const present = load_word(slot);
  if (present == replacement.with) return true;
  const bool is_programs = object.dlpi_addr != program.dlpi_addr && present != replacement.real &&
                           lies_in_segment(program, PT_LOAD, reinterpret_cast<ElfW(Addr)>(present));
  if (is_programs) return true;
  const bool is_settled =
      present == replacement.real || lies_in_segment(object, PT_LOAD, reinterpret_cast<ElfW(Addr)>(present));
  if (!is_settled) return false;
  const Writable is_writable = ask_whether_writable(slot);
  if (is_writable == Writable::UNKNOWN) return true;
  if (is_writable == Writable::YES) {
    // While RELRO is writable its object is still being relocated; the last page may stay writable for good.
    if (lies_in_segment(object, PT_GNU_RELRO, slot) && present != replacement.real) return false;
    __atomic_store_n(reinterpret_cast<void**>(slot), replacement.with, __ATOMIC_RELEASE);
    return true;
  }
  write_protected_word(slot, [&] {
    __atomic_store_n(reinterpret_cast<void**>(slot), replacement.with, __ATOMIC_RELEASE);
  });
  return true;
}

// Only if `real` is still there: a program may write to its own pointers meanwhile.
void exchange_word(const dl_phdr_info& object, ElfW(Addr) slot, const Exchange& exchange) {
  const auto write = [&] {
    void* expected = exchange.real;
    __atomic_compare_exchange_n(reinterpret_cast<void**>(slot), &expected, exchange.with, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
  };
  if (!lies_in_segment(object, PT_LOAD, slot, PF_W)) return;  // code that holds addresses (DT_TEXTREL)
  const Writable is_writable = ask_whether_writable(slot);
  if (is_writable == Writable::YES) write();
  if (is_writable == Writable::NO) write_protected_word(slot, write);
}

// visit(type, symbol, slot) for each relocation of an object.
template <typename Visitor>
void for_each_relocation(const dl_phdr_info& object, const ElfObject& elf, Visitor visit) {
  for (const ElfObject::Relocations& table : {elf.calls(), elf.others()}) {
    const std::size_t entry_size = table.with_addend ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel));
    if (table.start == 0) continue;
    for (std::size_t at = 0; at + entry_size <= table.size; at += entry_size) {
      // Rel is the beginning of Rela.
      const auto* relocation = reinterpret_cast<const ElfW(Rel)*>(table.start + at);
      visit(type_of(relocation->r_info), symbol_of(relocation->r_info), object.dlpi_addr + relocation->r_offset);
    }
  }
}

bool is_own(const dl_phdr_info& object) {
  return lies_in_segment(object, PT_LOAD, reinterpret_cast<ElfW(Addr)>(&hook_functions));
}

// visit(elf) for an object whose tables may be patched.
template <typename Visitor>
void with_tables_of(const dl_phdr_info& object, Visitor visit) {
  // The loader and the kernel's object have no calls that matter, and a dynamic section of their own kind.
  const char* name = object.dlpi_name != nullptr ? object.dlpi_name : "";
  if (std::strstr(name, "linux-vdso") != nullptr || std::strstr(name, "/ld-linux") != nullptr) return;
  if (is_own(object)) return;
  const ElfObject elf = elf_object_of(object);
  if (elf.has_symbols()) visit(elf);
}

// What it holds decides: a program may have put something else there since. Null: the loader may not have come to it
// yet. One that is not aligned, as in a packed structure, is left alone.
void hook_pointer(const dl_phdr_info& object, const char* symbol, ElfW(Addr) slot, HookPass& pass) {
  if (slot % sizeof(void*) != 0) return;
  void* const present = load_word(slot);
  for (std::size_t i = 0; i < pass.count; ++i) {
    const Replacement& replacement = pass.replacements[i];
    if (replacement.real == nullptr) continue;
    if (present == replacement.real) exchange_word(object, slot, {replacement.real, replacement.with});
    if (present == nullptr && std::strcmp(symbol, replacement.function) == 0) pass.complete = false;
  }
}

int hook_object(dl_phdr_info* object, std::size_t, void* argument) {
  HookPass& pass = *static_cast<HookPass*>(argument);
  if (pass.program == nullptr) {  // the first is the program
    pass.program_info = *object;
    pass.program = &pass.program_info;
  }
  with_tables_of(*object, [&](const ElfObject& elf) {
    for_each_relocation(*object, elf, [&](unsigned long type, unsigned long symbol, ElfW(Addr) slot) {
      if (type == WORD && symbol != 0) hook_pointer(*object, elf.name(symbol), slot, pass);
      if (type != JUMP_SLOT && type != GLOBAL_DATA) return;
      for (std::size_t i = 0; i < pass.count; ++i) {
        const Replacement& replacement = pass.replacements[i];
        if (replacement.real == nullptr || std::strcmp(elf.name(symbol), replacement.function) != 0) continue;
        // The object's own function of that name is another one.
        if (elf.is_defined(symbol) && load_word(slot) != replacement.real) continue;
        if (!patch_slot(*object, slot, replacement, *pass.program)) pass.complete = false;
      }
    });
  });
  return 0;
}

int find_in_object(dl_phdr_info* object, std::size_t, void* argument) {
  const FindPass& pass = *static_cast<FindPass*>(argument);
  bool is_done = true;
  with_tables_of(*object, [&](const ElfObject& elf) {
    for (std::size_t i = 0; i < pass.count; ++i) {
      if (pass.found[i] != nullptr) continue;
      const std::uint32_t index = elf.find_default_function(pass.names[i]);
      if (index != 0) pass.found[i] = reinterpret_cast<void*>(elf.address(index));
    }
  });
  for (std::size_t i = 0; i < pass.count; ++i) is_done = is_done && pass.found[i] != nullptr;
  return is_done ? 1 : 0;
}

int exchange_in_object(dl_phdr_info* object, std::size_t, void* argument) {
  const ExchangePass& pass = *static_cast<ExchangePass*>(argument);
  with_tables_of(*object, [&](const ElfObject& elf) {
    for_each_relocation(*object, elf, [&](unsigned long type, unsigned long symbol, ElfW(Addr) slot) {
      if ((type != JUMP_SLOT && type != GLOBAL_DATA && type != WORD) || symbol == 0) return;
      if (slot % sizeof(void*) != 0) return;
      void* const present = load_word(slot);
      for (std::size_t i = 0; i < pass.count; ++i) {
        if (present == pass.exchanges[i].real) exchange_word(*object, slot, pass.exchanges[i]);
      }
    });
  });
  return 0;
}

int read_count(dl_phdr_info* object, std::size_t, void* argument) {
  *static_cast<unsigned long long*>(argument) = object->dlpi_adds;
  return 1;
}

}  // namespace

void find_functions(const char* const names[], void* found[], std::size_t count) {
  FindPass pass{names, found, count};
  for (std::size_t i = 0; i < count; ++i) found[i] = nullptr;
  dl_iterate_phdr(find_in_object, &pass);
}

bool hook_functions(const Replacement* replacements, std::size_t count) {
  HookPass pass{replacements, count, true, nullptr, {}};
  if (JUMP_SLOT != 0) dl_iterate_phdr(hook_object, &pass);
  return pass.complete;
}

void exchange_addresses(const Exchange* exchanges, std::size_t count) {
  ExchangePass pass{exchanges, count};
  if (JUMP_SLOT != 0) dl_iterate_phdr(exchange_in_object, &pass);
}

unsigned long long objects_loaded() {
  unsigned long long count = 0;
  dl_iterate_phdr(read_count, &count);
  return count;
}

}  // namespace atomrt::os
