// SPDX-License-Identifier: MIT
#include "launcher/settings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/byte_size.h"
#include "exec/trace.h"
#include "launcher/messages.h"

namespace atomrt::launcher {
namespace {

bool set_variable(const char* name, const char* value) {
  if (setenv(name, value, 1) == 0) return true;
  fail("cannot set %s: %s", name, std::strerror(errno));
  return false;
}

bool make_absolute(const char* option, const char* file, Path& path) {
  char folder[PATH_MAX] = "";
  if (file[0] != '/' && getcwd(folder, sizeof folder) == nullptr) {
    fail("%s: %s: %s", option, file, std::strerror(errno));
    return false;
  }
  if (file[0] == '/' ? path.join(file) : path.join(folder, "/", file)) return true;
  fail("%s: %s: %s", option, file, std::strerror(ENAMETOOLONG));
  return false;
}

// A name with %p is a file for each process: only its folder can be tried.
bool is_usable_pattern(const Path& path) {
  Path folder;
  const auto slash = path.view().rfind('/');
  return folder.join(std::string_view(path.c_str(), slash + 1)) && access(folder.c_str(), W_OK | X_OK) == 0;
}

bool empty_file(const Path& path) {
  struct stat status {};
  const bool is_special = stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
  if (is_special) return access(path.c_str(), W_OK) == 0;  // opening a pipe might wait for its reader
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
  return fd >= 0 && close(fd) == 0;
}

bool set_statistics(const char* file) {
  if (std::string_view(file) == "stderr") return set_variable("ATOMRT_STATS", file);
  Path path;
  if (!make_absolute("--stats", file, path)) return false;
  const bool is_pattern = path.view().find("%p") != std::string_view::npos;
  if (!(is_pattern ? is_usable_pattern(path) : empty_file(path))) {
    fail("--stats: %s: %s", path.c_str(), std::strerror(errno));
    return false;
  }
  return set_variable("ATOMRT_STATS", path.c_str());
}

bool set_counters(const char* file) {
  Path path;
  if (std::string_view(file) == "1") return set_variable("ATOMRT_COUNTERS", file);
  if (!make_absolute("--counters", file, path)) return false;
  if (is_usable_pattern(path)) return set_variable("ATOMRT_COUNTERS", path.c_str());
  fail("--counters: %s: %s", path.c_str(), std::strerror(errno));
  return false;
}

bool is_trace(const Path& path) {
  char begin[exec::TRACE_MAGIC_BYTES];
  const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  const ssize_t length = read(fd, begin, sizeof begin);
  close(fd);
  return length == sizeof begin && std::memcmp(begin, exec::TRACE_MAGIC, sizeof begin) == 0;
}

// The library writes only into files that it has made. A trace or an empty file there is removed; no other is.
bool make_way(const Path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return errno == ENOENT;
  if (S_ISREG(status.st_mode) && (status.st_size == 0 || is_trace(path))) return unlink(path.c_str()) == 0;
  errno = EEXIST;
  return false;
}

bool set_trace(const char* file) {
  Path path;
  if (!make_absolute("--trace", file, path)) return false;
  const bool is_pattern = path.view().find("%p") != std::string_view::npos;
  if (is_usable_pattern(path) && (is_pattern || make_way(path))) return set_variable("ATOMRT_TRACE", path.c_str());
  fail("--trace: %s: %s", path.c_str(), errno == EEXIST ? "exists, and is no trace of atomrt" : std::strerror(errno));
  return false;
}

bool set_trace_limit(const char* size) {
  std::uint64_t bytes = 0;
  if (base::parse_byte_size(size, exec::LEAST_TRACE_LIMIT, exec::MOST_TRACE_LIMIT, bytes)) {
    return set_variable("ATOMRT_TRACE_LIMIT", size);
  }
  fail("--trace-limit: '%s' is not a size from 64K to 1T", size);
  return false;
}

bool set_format(exec::Format format) {
  return set_variable("ATOMRT_STATS_FORMAT", format == exec::Format::JSON ? "json" : "text");
}

bool holds(std::string_view list, std::string_view path, const char* separators) {
  while (!list.empty()) {
    const auto end = list.find_first_of(separators);
    if (list.starts_with(path) && (list.size() == path.size() || end == path.size())) return true;
    if (end == std::string_view::npos) return false;
    list.remove_prefix(end + 1);
  }
  return false;
}

// Appends the path to the variable, unless it is there already.
bool add_to_list(const char* name, const Path& path, const char* separators) {
  const char* const before = std::getenv(name);
  if (before == nullptr || *before == '\0') return set_variable(name, path.c_str());
  if (holds(before, path.view(), separators)) return true;
  const std::size_t size = std::strlen(before) + 1 + path.view().size() + 1;
  char* const list = static_cast<char*>(std::malloc(size));
  if (list == nullptr) {
    fail("cannot set %s: %s", name, std::strerror(errno));
    return false;
  }
  std::snprintf(list, size, "%s:%s", before, path.c_str());
  const bool is_set = set_variable(name, list);
  std::free(list);
  return is_set;
}

}  // namespace

bool apply_options(const Options& options) {
  return (options.contexts == nullptr || set_variable("ATOMRT_CONTEXTS", options.contexts)) &&
         (options.max_threads == nullptr || set_variable("ATOMRT_MAX_THREADS", options.max_threads)) &&
         (options.order == nullptr || set_variable("ATOMRT_ORDER", options.order)) &&
         (options.statistics == nullptr || set_statistics(options.statistics)) &&
         (options.counters == nullptr || set_counters(options.counters)) &&
         (options.trace_limit == nullptr || set_trace_limit(options.trace_limit)) &&
         (options.trace == nullptr || set_trace(options.trace)) &&
         (!options.has_format || set_format(options.format)) &&
         (!options.is_verbose || set_variable("ATOMRT_VERBOSE", "1"));
}

bool name_launched_process() {
  char number[16];
  std::snprintf(number, sizeof number, "%d", static_cast<int>(getpid()));
  return set_variable("ATOMRT_LAUNCHED", number);
}

// ld.so(8): LD_PRELOAD separates by colon and by space, LD_AUDIT by colon.
bool add_preload(const Path& preload) { return add_to_list("LD_PRELOAD", preload, ": "); }

bool add_audit(const Path& module) { return add_to_list("LD_AUDIT", module, ":"); }

}  // namespace atomrt::launcher
