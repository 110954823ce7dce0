// SPDX-License-Identifier: MIT
#include "launcher/program.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>

namespace atomrt::launcher {
namespace {

constexpr int MOST_INTERPRETERS = 5;  // the kernel's own limit of scripts that interpret scripts

bool is_executable_file(const char* path) {
  struct stat status {};
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

// The path after #!, as the kernel reads it (execve(2)). False where the file is no script.
bool read_interpreter(const char* path, Path& interpreter) {
  char line[256];
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t length = read(fd, line, sizeof line);
  close(fd);
  if (length < 3 || line[0] != '#' || line[1] != '!') return false;
  std::string_view text(line + 2, static_cast<std::size_t>(length) - 2);
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return false;
  text.remove_prefix(begin);
  const auto end = text.find_first_of(" \t\n");
  return interpreter.join(std::string_view(text.data(), end < text.size() ? end : text.size()));
}

// What makes the kernel set AT_SECURE (security/commoncap.c, bprm_creds_from_file): a change of identity or a gain of
// capabilities, unless the mount or the process forbids it. A root who runs a setuid-root program changes nothing.
const char* find_privilege(const char* path) {
  struct stat status {};
  struct statvfs mount {};
  if (stat(path, &status) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return nullptr;
  if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0) return nullptr;
  if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid()) return "is setuid";
  constexpr mode_t SETGID = S_ISGID | S_IXGRP;  // without S_IXGRP the bit once meant mandatory locking
  if ((status.st_mode & SETGID) == SETGID && status.st_gid != getgid()) return "is setgid";
  if (getuid() != 0 && getxattr(path, "security.capability", nullptr, 0) > 0) return "has file capabilities";
  return nullptr;
}

// The other word size on which the kernel runs programs too.
bool is_twin(Abi one, Abi other) {
  const auto both = [&](std::uint16_t wide, std::uint16_t narrow) {
    return (one.machine == wide && other.machine == narrow) || (one.machine == narrow && other.machine == wide);
  };
  return one.word_class != other.word_class &&
         (one.machine == other.machine || both(EM_X86_64, EM_386) || both(EM_AARCH64, EM_ARM));
}

Reach inspect_abi(Abi abi, const char*& reason) {
  const Abi own = own_abi();
  if (abi == Abi{} || own == Abi{} || abi == own) return Reach::FULL;
  if (!is_twin(own, abi)) {
    reason = "is a program for another processor";
    return Reach::HARMFUL;
  }
  reason = abi.word_class == ELFCLASS32 ? "is a 32-bit program, and there is no 32-bit libatomrt-preload.so"
                                        : "is a 64-bit program, and there is no 64-bit libatomrt-preload.so";
  return Reach::OTHER_WORD;
}

Reach inspect_image(const ElfImage& image, const char*& reason) {
  switch (image.kind) {
    case Image::MUSL:
      reason = "is linked with musl, not glibc";
      return Reach::HARMFUL;
    case Image::UCLIBC:
      reason = "is linked with uClibc, not glibc";
      return Reach::HARMFUL;
    case Image::BIONIC:
      reason = "is linked with Android's libc, not glibc";
      return Reach::HARMFUL;
    case Image::STATIC:
      reason = "is statically linked";
      return Reach::NOT_ITSELF;
    case Image::DYNAMIC:
    case Image::UNKNOWN:
      return inspect_abi(image.abi, reason);
  }
  return Reach::FULL;
}

}  // namespace

bool find_program(const char* name, Path& path) {
  if (std::strchr(name, '/') != nullptr) return path.join(name);
  const char* const variable = std::getenv("PATH");
  std::string_view folders = variable != nullptr ? variable : "/bin:/usr/bin";  // execvp's default
  for (;;) {
    const auto colon = folders.find(':');
    const std::string_view folder(folders.data(), colon < folders.size() ? colon : folders.size());
    if (path.join(folder.empty() ? "." : folder, "/", name) && is_executable_file(path.c_str())) return true;
    if (colon >= folders.size()) return false;
    folders.remove_prefix(colon + 1);
  }
}

Subject inspect_program(const Path& program) {
  Subject subject{program, Reach::FULL, "", {}, Image::UNKNOWN};
  Path interpreter;
  for (int depth = 0; depth < MOST_INTERPRETERS && read_interpreter(subject.file.c_str(), interpreter); ++depth) {
    subject.file = interpreter;
  }
  const ElfImage image = inspect_elf(subject.file.c_str());
  subject.abi = image.abi;
  subject.kind = image.kind;
  subject.reach = inspect_image(image, subject.reason);
  if (subject.reach != Reach::FULL && subject.reach != Reach::OTHER_WORD) return subject;
  const char* const privilege = find_privilege(subject.file.c_str());
  if (privilege != nullptr) {
    subject.reason = privilege;
    subject.reach = Reach::NOT_ITSELF;
  }
  return subject;
}

bool find_missing_interpreter(const Path& program, Path& interpreter) {
  Path file = program;
  for (int depth = 0; depth <= MOST_INTERPRETERS; ++depth) {
    if (access(file.c_str(), F_OK) != 0) return depth > 0 && interpreter.join(file.view());
    Path next;
    if (!read_interpreter(file.c_str(), next) && (!read_loader(file.c_str(), next) || next.is_empty())) return false;
    file = next;
  }
  return false;
}

}  // namespace atomrt::launcher
