// libatomrt-audit.so: the part of `atomrt --deep` that reaches what no preload does. The loader asks an audit module
// (LD_AUDIT, rtld-audit(7)) about each reference that it binds, also about those of objects with a scope of their own
// (RTLD_DEEPBIND) and about dlsym and dlvsym on a handle. Those that would be bound to glibc's AIO functions are bound
// to the function of the same name and version in the preload.
//
// The module lives in a loader namespace of its own. It has no libc there, keeps nothing but where the preload is, and
// runs none of the preload's code. Called under the loader's lock.
#include <link.h>

#include "os/elf_object.h"

namespace atomrt {
namespace {

using os::ElfObject;
using os::is_same_text;

// Set once, when the preload is mapped in the program's namespace; a reference is bound later than that.
constinit const link_map* preload = nullptr;

ElfObject elf_object_of(const link_map& map) { return {map.l_addr, map.l_ld}; }

bool is_own_name(const char* name) { return (name[0] == 'a' || name[0] == 'l') && name[1] == 'i' && name[2] == 'o'; }

// What the reference is bound to: `symbol` of number `index` in the object that defines it, or the preload's own.
std::uintptr_t bind(const ElfW(Sym) & symbol, unsigned index, const link_map& definer, const char* name) {
  if (preload == nullptr || !is_own_name(name)) return symbol.st_value;
  const ElfObject own = elf_object_of(*preload);
  const std::uint32_t found = own.find_function(name, elf_object_of(definer).version(index));
  return found != 0 ? own.address(found) : symbol.st_value;
}

}  // namespace
}  // namespace atomrt

// Every version of the interface has the functions below as they are.
extern "C" [[gnu::visibility("default")]] unsigned la_version(unsigned version) { return version; }

// Only the program's own namespace has the preload. References to libc alone are asked about, those of the preload not.
extern "C" [[gnu::visibility("default")]] unsigned la_objopen(link_map* map, Lmid_t space, std::uintptr_t* cookie) {
  if (space != LM_ID_BASE) return 0;
  *cookie = reinterpret_cast<std::uintptr_t>(map);
  const char* const soname = atomrt::elf_object_of(*map).soname();
  if (atomrt::is_same_text(soname, "libatomrt-preload.so")) {
    atomrt::preload = map;
    return 0;
  }
  const bool is_glibc = atomrt::is_same_text(soname, "libc.so.6") || atomrt::is_same_text(soname, "librt.so.1");
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
