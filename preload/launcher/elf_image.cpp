#include "launcher/elf_image.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <climits>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace atomrt::launcher {
namespace {

constexpr unsigned char OWN_CLASS = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;

class File {
 public:
  explicit File(const char* path) : fd_(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Whether all of the bytes were there.
  [[nodiscard]] bool read(void* buffer, std::size_t length, std::uint64_t offset) const {
    return fd_ >= 0 && pread(fd_, buffer, length, static_cast<off_t>(offset)) == static_cast<ssize_t>(length);
  }

 private:
  int fd_;
};

// The launcher itself says which machine it was made for.
bool is_own_machine(const ElfW(Ehdr) & header) {
  ElfW(Ehdr) own{};
  return !File("/proc/self/exe").read(&own, sizeof own, 0) || own.e_machine == header.e_machine;
}

std::string_view file_name(const char* path) {
  const char* const slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

// Loaders have no loader of their own but can be run as programs: `ld-linux-x86-64.so.2 PROGRAM`.
Image image_without_loader(const char* path) {
  const std::string_view name = file_name(path);
  if (name.starts_with("ld-musl")) return Image::MUSL;
  return name.starts_with("ld-linux") || name.starts_with("ld.so") ? Image::DYNAMIC : Image::STATIC;
}

Image image_with_loader(const File& file, const ElfW(Phdr) & segment) {
  char loader[PATH_MAX] = "";
  const std::size_t length = segment.p_filesz < sizeof loader ? segment.p_filesz : sizeof loader - 1;
  if (!file.read(loader, length, segment.p_offset)) return Image::UNKNOWN;
  return file_name(loader).starts_with("ld-musl") ? Image::MUSL : Image::DYNAMIC;
}

}  // namespace

Image inspect_elf(const char* path) {
  const File file(path);
  ElfW(Ehdr) header{};
  if (!file.read(&header, sizeof header, 0)) return Image::UNKNOWN;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return Image::UNKNOWN;
  if (header.e_ident[EI_CLASS] != OWN_CLASS) return Image::OTHER_CLASS;
  if (!is_own_machine(header)) return Image::OTHER_MACHINE;
  for (std::uint64_t index = 0; index < header.e_phnum; ++index) {
    ElfW(Phdr) segment{};
    if (!file.read(&segment, sizeof segment, header.e_phoff + index * header.e_phentsize)) return Image::UNKNOWN;
    if (segment.p_type == PT_INTERP) return image_with_loader(file, segment);
  }
  return image_without_loader(path);
}

}  // namespace atomrt::launcher
