// SPDX-License-Identifier: MIT
#include "launcher/preload_twin.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace atomrt::launcher {
namespace {

// Library folders that differ by word size, below one prefix; one whose name ends another's comes after it.
constexpr std::string_view FOLDERS[] = {
    "/lib/x86_64-linux-gnu", "/lib/i386-linux-gnu", "/lib/aarch64-linux-gnu", "/lib/arm-linux-gnueabihf", "/lib64",
    "/lib32",                "/lib",
};

bool file_holds(const char* path, const void* bytes, std::size_t length) {
  struct stat status {};
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool is_found = false;
  if (fstat(fd, &status) == 0 && status.st_size > 0) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const text = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text != MAP_FAILED) {
      is_found = memmem(text, size, bytes, length) != nullptr;
      munmap(text, size);
    }
  }
  close(fd);
  return is_found;
}

// Whether the loader of that ABI replaces $LIB by the folder (without its slash). Each loader has this as a string of
// its own, and from glibc 2.33 on tells it by --list-diagnostics.
bool is_loaders_folder(Abi abi, std::string_view folder) {
  char text[64] = "";
  const char* const loader = loader_of(abi);
  if (loader == nullptr || folder.size() + 1 > sizeof text) return false;
  std::memcpy(text + 1, folder.data() + 1, folder.size() - 1);
  return file_holds(loader, text, folder.size() + 1);
}

// A library's path in three parts: PREFIX, one of FOLDERS, /NAME.
struct Place {
  std::string_view prefix;
  std::string_view folder;
  std::string_view name;
};

bool split(std::string_view path, Place& place) {
  const auto slash = path.rfind('/');
  const std::string_view whole(path.data(), slash);
  for (const std::string_view folder : FOLDERS) {
    if (!whole.ends_with(folder)) continue;
    place = {{path.data(), slash - folder.size()}, folder, {path.data() + slash, path.size() - slash}};
    return true;
  }
  return false;
}

struct Twin {
  Path path;
  Abi abi{};
  bool is_where_its_loader_looks = false;  // for $LIB
};

// For that ABI, or where it is the launcher's own, for any other.
bool find_twin(const Place& place, Abi own, Abi abi, Twin& twin) {
  bool is_found = false;
  for (const std::string_view folder : FOLDERS) {
    Path path;
    if (folder == place.folder || !path.join(place.prefix, folder, place.name)) continue;
    const Abi found = inspect_elf(path.c_str()).abi;
    if (found == Abi{} || (abi == own ? found == own : found != abi)) continue;
    const bool is_looked_for = is_loaders_folder(found, folder);
    if (!is_found || is_looked_for) twin = {path, found, is_looked_for};
    is_found = true;
    if (is_looked_for) break;
  }
  return is_found;
}

}  // namespace

bool suit_preload(Abi abi, Path& preload) {
  const Abi own = own_abi();
  const bool is_own = abi == Abi{} || abi == own;
  const Path library = preload;
  Place place{};
  Twin twin;
  if (!split(library.view(), place) || !find_twin(place, own, is_own ? own : abi, twin)) return is_own;
  Path entry;
  if (twin.is_where_its_loader_looks && is_loaders_folder(own, place.folder) &&
      entry.join(place.prefix, "/$LIB", place.name)) {
    preload = entry;
  } else if (!is_own) {
    preload = twin.path;
  }
  return true;
}

}  // namespace atomrt::launcher
