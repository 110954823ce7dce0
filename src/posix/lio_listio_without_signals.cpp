// SPDX-License-Identifier: MIT
// lio_listio as it was before glibc 2.4: its entries send no notifications of their own. Only references of that age
// are bound to it, and only the preload has it.
#include "posix/lio_listio.h"

#if ATOMRT_HAS_OLD_LIST

extern "C" [[gnu::visibility("default")]] ATOMRT_VERSIONED("lio_listio@" ATOMRT_OLDEST_VERSION)
int atomrt_old_lio_listio(int mode, struct aiocb* const list[], int entries, struct sigevent* event) {
  return atomrt::posix::submit_list(mode, list, entries, event, false);
}
ATOMRT_VERSIONED_BY_ASSEMBLER("atomrt_old_lio_listio", "lio_listio@" ATOMRT_OLDEST_VERSION);

extern "C" [[gnu::visibility("default")]] ATOMRT_VERSIONED("lio_listio64@" ATOMRT_OLDEST_VERSION)
int atomrt_old_lio_listio64(int mode, struct aiocb64* const list[], int entries, struct sigevent* event) {
  return atomrt::posix::submit_list(mode, list, entries, event, false);
}
ATOMRT_VERSIONED_BY_ASSEMBLER("atomrt_old_lio_listio64", "lio_listio64@" ATOMRT_OLDEST_VERSION);

#endif
