// SPDX-License-Identifier: MIT
#include "scenarios/known_file.h"

#include "chain/known_file.h"
#include "machine/memory.h"

namespace schedule {

using atomrt::chain::KnownFile;
constexpr int NUMBER = 5;

void* new_known_file() { return program_memory(sizeof(KnownFile)); }

void note_file(void* file, int version) {
  const auto number = static_cast<std::uint64_t>(version);
  static_cast<KnownFile*>(file)->note(NUMBER, version, {number, number, 0, atomrt::os::FileKind::POSITIONAL, false, true, false});
}

Recalled recall_file(void* file) {
  Recalled recalled{};
  atomrt::os::FileIdentity identity{};
  recalled.is_known = static_cast<const KnownFile*>(file)->recall(NUMBER, recalled.flags, identity);
  recalled.device = identity.device;
  recalled.inode = identity.inode;
  return recalled;
}

}  // namespace schedule
