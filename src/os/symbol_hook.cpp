#include "os/symbol_hook.h"

#include <sys/mman.h>
#include <unistd.h>

#include "os/elf_object.h"
#include "os/system_call.h"

namespace atomrt::os {
namespace {

struct Pass {
  const char* soname;
  Redirect redirect;
  void* argument;
  bool complete;
};

// As the loader maps the segment that holds the address.
int protection_of(const dl_phdr_info& object, ElfW(Addr) address) {
  for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    const ElfW(Addr) start = object.dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || address < start || address >= start + segment.p_memsz) continue;
    return ((segment.p_flags & PF_R) != 0 ? PROT_READ : 0) | ((segment.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
           ((segment.p_flags & PF_X) != 0 ? PROT_EXEC : 0);
  }
  return PROT_READ;
}

bool write_value(const dl_phdr_info& object, const ElfW(Sym) & symbol, ElfW(Addr) value) {
  const auto address = reinterpret_cast<ElfW(Addr)>(&symbol.st_value);
  const auto page_size = static_cast<ElfW(Addr)>(sysconf(_SC_PAGESIZE));
  void* const page = reinterpret_cast<void*>(address & ~(page_size - 1));
  const int protection = protection_of(object, address);
  if (system_call(SYS_mprotect, page, page_size, protection | PROT_WRITE) != 0) return false;
  __atomic_store_n(reinterpret_cast<ElfW(Addr)*>(address), value, __ATOMIC_RELEASE);
  system_call(SYS_mprotect, page, page_size, protection);
  return true;
}

int redirect_in_object(dl_phdr_info* object, std::size_t, void* argument) {
  Pass& pass = *static_cast<Pass*>(argument);
  const ElfObject elf = elf_object_of(*object);
  if (!elf.has_symbols() || !is_same_text(elf.soname(), pass.soname)) return 0;
  const std::uint32_t count = elf.symbol_count();
  for (std::uint32_t index = 1; index < count; ++index) {
    const ElfW(Sym)& symbol = elf.symbol(index);
    if (!elf.is_function(index)) continue;
    const SymbolDefinition definition{elf.name(index), elf.version(index), reinterpret_cast<void*>(elf.address(index))};
    void* const with = pass.redirect(pass.argument, definition);
    if (with == nullptr || with == definition.address) continue;
    // The loader adds the object's base to the value, modulo the word.
    if (!write_value(*object, symbol, reinterpret_cast<ElfW(Addr)>(with) - object->dlpi_addr)) pass.complete = false;
  }
  return 0;
}

}  // namespace

bool redirect_symbols(const char* soname, Redirect redirect, void* argument) {
  Pass pass{soname, redirect, argument, true};
  dl_iterate_phdr(redirect_in_object, &pass);
  return pass.complete;
}

}  // namespace atomrt::os
