/* SPDX-License-Identifier: MIT */
/* atomrt.h: what atomrt has beyond POSIX AIO. The AIO functions themselves are declared by <aio.h>. */
#ifndef ATOMRT_H
#define ATOMRT_H

#ifdef __cplusplus
extern "C" {
#define ATOMRT_NOEXCEPT noexcept
#else
#define ATOMRT_NOEXCEPT
#endif

/* The library's version, "MAJOR.MINOR.PATCH". A program can find out by a weak reference whether atomrt serves it. */
const char *atomrt_version(void) ATOMRT_NOEXCEPT;

/* Starts to count, in this process, what atomrt_write_statistics writes; ATOMRT_STATS does the same from outside.
   0, or -1 with ENOMEM. */
int atomrt_enable_statistics(void) ATOMRT_NOEXCEPT;

/* Writes the statistics of this process as text, one `name value` a line, by one write(2); nothing if no request was
   counted. 0, or -1 with EBADF. */
int atomrt_write_statistics(int fd) ATOMRT_NOEXCEPT;

/* Writes each request in flight of this process as a line of text, the oldest first, after a heading: what it does,
   where it is, and for how long. Takes no lock; async-signal-safe. 0, or -1 with EBADF, ENOMEM or an error of
   write(2). */
int atomrt_write_pending(int fd) ATOMRT_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
