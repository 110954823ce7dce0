// SPDX-License-Identifier: MIT
#include "launcher/preload_path.h"

#include <unistd.h>

#include "launcher/messages.h"
#include "launcher/own_file.h"

namespace atomrt::launcher {
namespace {

constexpr std::string_view LIBRARY = "/libatomrt-preload.so";
constexpr std::string_view AUDIT_MODULE = "/libatomrt-audit.so";

bool is_there(const Path& path) { return !path.is_empty() && access(path.c_str(), R_OK) == 0; }

// ATOMRT_BINDIR and ATOMRT_LIBDIR are relative to the prefix, or absolute where configured so.
bool join_relative_to(std::string_view folder, Path& path) {
  constexpr std::string_view BIN = ATOMRT_BINDIR;
  if (BIN.front() == '/' || std::string_view(ATOMRT_LIBDIR).front() == '/') return false;
  if (!folder.ends_with(BIN) || folder.size() == BIN.size()) return false;
  return path.join(std::string_view(folder.data(), folder.size() - BIN.size()), ATOMRT_LIBDIR, LIBRARY);
}

bool join_configured(Path& path) {
  if (std::string_view(ATOMRT_LIBDIR).front() == '/') return path.join(ATOMRT_LIBDIR, LIBRARY);
  return path.join(ATOMRT_PREFIX, "/", ATOMRT_LIBDIR, LIBRARY);
}

}  // namespace

bool find_preload(Path& path) {
  Path self;
  const bool is_known = find_own_file(self);
  const std::string_view folder(self.c_str(), is_known ? self.view().rfind('/') : 0);
  const bool is_found = (!folder.empty() && path.join(folder, LIBRARY) && is_there(path)) ||
                        (join_relative_to(folder, path) && is_there(path)) || (join_configured(path) && is_there(path));
  if (!is_found) {
    fail("cannot find libatomrt-preload.so beside the launcher or at %s", path.c_str());
    return false;
  }
  if (path.view().find_first_of(" :") != std::string_view::npos) {
    fail("LD_PRELOAD cannot hold a path with a space or a colon: %s", path.c_str());
    return false;
  }
  return true;
}

bool find_audit(const Path& preload, Path& path) {
  const std::string_view folder(preload.c_str(), preload.view().rfind('/'));
  const bool is_for_each_loader = folder.find('$') != std::string_view::npos;
  if (path.join(folder, AUDIT_MODULE) && (is_for_each_loader || is_there(path))) return true;
  fail("cannot find libatomrt-audit.so, which --deep needs, beside %s", preload.c_str());
  return false;
}

}  // namespace atomrt::launcher
