// SPDX-License-Identifier: MIT
// lio_listio, lio_listio64 (POSIX.1-2024). Errors: EINVAL (mode, count, sigevent), EAGAIN (an entry could not be
// queued), EIO (LIO_WAIT: an entry failed), EINTR. With LIO_WAIT a cancellation point.
#include "posix/lio_listio.h"

extern "C" int atomrt_lio_listio(int mode, struct aiocb* const list[], int entries, struct sigevent* event) noexcept {
  return atomrt::posix::submit_list(mode, list, entries, event, true);
}

extern "C" int atomrt_lio_listio64(int mode, struct aiocb64* const list[], int entries,
                                   struct sigevent* event) noexcept {
  return atomrt::posix::submit_list(mode, list, entries, event, true);
}

#if ATOMRT_HAS_OLD_LIST
ATOMRT_ALIAS(lio_listio, middle, "@GLIBC_2.4");
ATOMRT_ALIAS(lio_listio64, middle, "@GLIBC_2.4");
ATOMRT_EXPORT_NEW(lio_listio);
ATOMRT_EXPORT_NEW(lio_listio64);
#else
ATOMRT_EXPORT(lio_listio);
ATOMRT_EXPORT(lio_listio64);
#endif
