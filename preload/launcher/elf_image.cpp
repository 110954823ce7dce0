// SPDX-License-Identifier: MIT
#include "launcher/elf_image.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <string_view>

#include "launcher/own_file.h"

namespace atomrt::launcher {
namespace {

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

std::string_view file_name(const char* path) {
  const char* const slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

// Whose loader bears that name.
Image image_of_loader(std::string_view name) {
  if (name.starts_with("ld-musl")) return Image::MUSL;
  if (name.starts_with("ld-uClibc") || name.starts_with("ld64-uClibc")) return Image::UCLIBC;
  if (name == "linker" || name == "linker64") return Image::BIONIC;
  return Image::DYNAMIC;
}

// Loaders have no loader of their own but can be run as programs: `ld-linux-x86-64.so.2 PROGRAM`.
Image image_without_loader(std::string_view name) {
  const Image image = image_of_loader(name);
  const bool is_loader = image != Image::DYNAMIC || name.starts_with("ld-linux") || name.starts_with("ld.so");
  return is_loader ? image : Image::STATIC;
}

// Where glibc's ABIs have their loaders.
struct Loader {
  Abi abi;
  const char* path;
};
constexpr Loader LOADERS[] = {
    {{ELFCLASS64, EM_X86_64}, "/lib64/ld-linux-x86-64.so.2"},
    {{ELFCLASS32, EM_386}, "/lib/ld-linux.so.2"},
    {{ELFCLASS64, EM_AARCH64}, "/lib/ld-linux-aarch64.so.1"},
    {{ELFCLASS32, EM_ARM}, "/lib/ld-linux-armhf.so.3"},
};

// For the headers of either word class: the loader's name, empty where the file names none. False where the file ends
// too early.
template <typename Header, typename Segment>
bool read_loader_of(const File& file, Path& loader) {
  Header header{};
  if (!file.read(&header, sizeof header, 0)) return false;
  for (std::uint64_t index = 0; index < header.e_phnum; ++index) {
    Segment segment{};
    if (!file.read(&segment, sizeof segment, header.e_phoff + index * header.e_phentsize)) return false;
    if (segment.p_type != PT_INTERP) continue;
    char name[PATH_MAX] = "";
    constexpr std::size_t MOST = sizeof name - 1;
    const auto length = segment.p_filesz < MOST ? static_cast<std::size_t>(segment.p_filesz) : MOST;
    return file.read(name, length, segment.p_offset) && loader.join(name);
  }
  return loader.join("");
}

template <typename Header, typename Segment>
ElfImage inspect(const File& file, const char* path) {
  Header header{};
  Path loader;
  if (!file.read(&header, sizeof header, 0)) return {Image::UNKNOWN, {}};
  const Abi abi{header.e_ident[EI_CLASS], header.e_machine};
  if (!read_loader_of<Header, Segment>(file, loader)) return {Image::UNKNOWN, abi};
  return {loader.is_empty() ? image_without_loader(file_name(path)) : image_of_loader(file_name(loader.c_str())), abi};
}

}  // namespace

ElfImage inspect_elf(const char* path) {
  const File file(path);
  unsigned char identity[EI_NIDENT] = {};
  if (!file.read(identity, sizeof identity, 0) || std::memcmp(identity, ELFMAG, SELFMAG) != 0) {
    return {Image::UNKNOWN, {}};
  }
  return identity[EI_CLASS] == ELFCLASS64 ? inspect<Elf64_Ehdr, Elf64_Phdr>(file, path)
                                          : inspect<Elf32_Ehdr, Elf32_Phdr>(file, path);
}

bool read_loader(const char* path, Path& loader) {
  const File file(path);
  unsigned char identity[EI_NIDENT] = {};
  if (!file.read(identity, sizeof identity, 0) || std::memcmp(identity, ELFMAG, SELFMAG) != 0) return false;
  return identity[EI_CLASS] == ELFCLASS64 ? read_loader_of<Elf64_Ehdr, Elf64_Phdr>(file, loader)
                                          : read_loader_of<Elf32_Ehdr, Elf32_Phdr>(file, loader);
}

Abi own_abi() {
  Path self;
  return find_own_file(self) ? inspect_elf(self.c_str()).abi : Abi{};
}

const char* loader_of(Abi abi) {
  for (const Loader& loader : LOADERS) {
    if (loader.abi == abi) return loader.path;
  }
  return nullptr;
}

}  // namespace atomrt::launcher
