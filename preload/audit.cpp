// SPDX-License-Identifier: MIT
// libatomrt-audit.so: the part of `atomrt --deep` that reaches what a preload can't. The loader tells an audit module
// (LD_AUDIT, rtld-audit(7)) of each object that it maps, before it binds anything. Glibc's AIO functions then become
// those of the same names and versions in the preload, for every look-up: also by objects with a scope of their own
// (RTLD_DEEPBIND), and by dlsym and dlvsym on a handle. Where the kernel does not let libc's symbols be changed (a
// filter, a security module), references that the loader asks about as it binds them are bound to the preload; those
// are jump slots and dlsym, not addresses in data.
//
// The module lives in a loader namespace of its own. It has no libc there, keeps nothing but where the preload is, and
// runs none of the preload's code. Called under the loader's lock.
#include <link.h>

#include "os/elf_object.h"
#include "os/symbol_values.h"

namespace atomrt {
namespace {

using os::ElfObject;
using os::is_same_text;

// Set once, when the preload is mapped in the program's namespace: before libc, which comes with the dependencies. Of
// several the first is the one that references find.
constinit const link_map* preload = nullptr;

// Whether functions were replaced (libc's, or librt's before glibc 2.34), and whether one could not be.
constinit bool any_replaced = false, any_refused = false;

ElfObject elf_object_of(const link_map& map) { return {map.l_addr, map.l_ld}; }

bool is_own_name(const char* name) {
  return (name[0] == 'a' || name[0] == 'l') && name[1] == 'i' && name[2] == 'o' && name[3] == '_';
}

// The preload's function; 0 where it has none.
std::uintptr_t find_own(const char* name, const char* version) {
  if (!is_own_name(name)) return 0;
  const ElfObject own = elf_object_of(*preload);
  const std::uint32_t found = own.find_function(name, version);
  return found != 0 ? own.address(found) : 0;
}

// The object's program headers; none where its load address is not where its file begins (prelinked objects).
dl_phdr_info headers_of(const link_map& map) {
  dl_phdr_info object;
  object.dlpi_addr = map.l_addr;
  object.dlpi_phnum = 0;
  const auto* const header = reinterpret_cast<const ElfW(Ehdr)*>(map.l_addr);
  unsigned char in_memory;
  const bool is_mapped = map.l_addr != 0 && os::system_call(SYS_mincore, map.l_addr, 1, &in_memory) == 0;
  if (!is_mapped) return object;
  for (unsigned i = 0; i < SELFMAG; ++i) {
    if (header->e_ident[i] != static_cast<unsigned char>(ELFMAG[i])) return object;
  }
  object.dlpi_phdr = reinterpret_cast<const ElfW(Phdr)*>(map.l_addr + header->e_phoff);
  object.dlpi_phnum = header->e_phnum;
  return object;
}

void replace_functions_of(const link_map& glibc) {
  const ElfObject elf = elf_object_of(glibc);
  const os::Replaced replaced = os::replace_functions(
      headers_of(glibc), elf, [&](std::uint32_t index) { return find_own(elf.name(index), elf.version(index)); });
  any_replaced = any_replaced || replaced.count > 0;
  any_refused = any_refused || !replaced.complete;
}

// What the reference is bound to: `symbol` of number `index` in the object that defines it, or the preload's own.
std::uintptr_t bind(const ElfW(Sym) & symbol, unsigned index, const link_map& definer, const char* name) {
  const std::uintptr_t found = preload != nullptr ? find_own(name, elf_object_of(definer).version(index)) : 0;
  return found != 0 ? found : symbol.st_value;
}

}  // namespace
}  // namespace atomrt

// Every version of the interface has the functions below as they are.
extern "C" [[gnu::visibility("default")]] unsigned la_version(unsigned version) { return version; }

// Only the program's own namespace has the preload. What comes before libc is asked about: it is too early to know.
extern "C" [[gnu::visibility("default")]] unsigned la_objopen(link_map* map, Lmid_t space, std::uintptr_t* cookie) {
  if (space != LM_ID_BASE) return 0;
  *cookie = reinterpret_cast<std::uintptr_t>(map);
  const char* const soname = atomrt::elf_object_of(*map).soname();
  if (atomrt::is_same_text(soname, "libatomrt-preload.so")) {
    if (atomrt::preload == nullptr) atomrt::preload = map;
    return 0;
  }
  const bool is_glibc = atomrt::is_same_text(soname, "libc.so.6") || atomrt::is_same_text(soname, "librt.so.1");
  if (is_glibc && atomrt::preload != nullptr) atomrt::replace_functions_of(*map);
  if (atomrt::any_replaced && !atomrt::any_refused) return 0;
  return is_glibc ? LA_FLG_BINDTO : LA_FLG_BINDFROM;
}

#if __ELF_NATIVE_CLASS == 64
#define ATOMRT_LA_SYMBIND la_symbind64
#else
#define ATOMRT_LA_SYMBIND la_symbind32
#endif

extern "C" [[gnu::visibility("default")]] std::uintptr_t ATOMRT_LA_SYMBIND(ElfW(Sym) * symbol, unsigned index,
                                                                           std::uintptr_t*, std::uintptr_t* definer,
                                                                           unsigned* flags, const char* name) {
  *flags |= LA_SYMB_NOPLTENTER | LA_SYMB_NOPLTEXIT;
  return atomrt::bind(*symbol, index, *reinterpret_cast<const link_map*>(*definer), name);
}
