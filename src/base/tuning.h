// SPDX-License-Identifier: MIT
// The numbers that trade speed for something else, in one place. Each names the workloads that it acts on: before you
// change it, run those with the old and the new value in turn (bench/compare, bench/probe). The pages of docs/decisions
// say what was measured. "By reason": nothing was, and a factor of two either way should not matter.
#pragma once

#include <cstddef>
#include <cstdint>

namespace atomrt::tuning {

constexpr std::int64_t US = 1'000, MS = 1'000'000, SECOND = 1'000'000'000;  // in nanoseconds

// ---- the calling thread (submitting-thread.md) ----

// Bytes that one public call copies before it hands the rest over, so that large transfers overlap with the caller.
// Cached reads of 64 KiB and more, and lists.
constexpr std::size_t HEAD_BYTES = 128 * 1024;
// Reads up to this size that notify nobody are not counted: handing one over costs more. Lists of 64 to 1,024.
constexpr std::size_t HEAD_FREE_BYTES = 4096;

// ---- experience with descriptors (buffered-writes.md, workers.md) ----

// So many of a kind in a row make a habit. Buffered writes, depth 1 to 32; reads of tmpfs.
constexpr std::uint32_t HABIT = 4;
// A transfer was a mere copy: less than any storage takes, more than a copy that is not preempted. Reads of tmpfs and
// overlayfs, cached and not.
constexpr std::int64_t QUICK_NS = 20 * US;
// The caller of LIO_WAIT leaves the writes of a file to workers after one that took longer: to wake a worker, and to be
// woken, takes some 50 us on a slow machine. Lists of buffered writes.
constexpr std::int64_t CALLERS_WRITE_NS = 100 * US;
// More chains of one file in flight than this are a crowd, which a worker drains. Buffered writes, depth 4 to 128.
constexpr unsigned CROWD_LIMIT = 8;

// ---- waiting threads (buffered-writes.md, waiting.md) ----

// Writes that a waiter runs in a row before it looks at its own. Buffered writes, depth 4 to 32.
constexpr int STINT_CHAINS = 16;
constexpr std::int64_t STINT_NS = 20 * US;
// Requests of a list that a waiter tries to take before it sleeps; each try takes a lock that workers need. By reason.
constexpr int WAITER_TRIES = 4;
// How long a waiter looks at its list before it sleeps, and the longest list. Buffered writes, depth 32 and 128.
constexpr std::int64_t WAITER_LOOK_NS = 5 * US;
constexpr int WAITER_LOOK_ENTRIES = 256;
// So many entries of a list are queued at most before handlers may run in between. Lists of buffered writes.
constexpr unsigned STRETCH_ENTRIES = 16;
// A look that finds something is worth so many that do not; without credit one in so many is tried. Reads in flight at
// depth 1 and 32 with a busy processor beside.
constexpr unsigned LOOKOUT_CREDIT = 16;
constexpr unsigned LOOKOUT_RETRY = 64;

// ---- workers (workers.md, buffered-writes.md) ----

// The limit unless the program or the environment says otherwise. Uncached reads without a ring, depth 128: 16, 32, 64
// and 128 threads.
constexpr unsigned DEFAULT_THREADS = 32;
// Workers that share requests which only copy. Lists of cached reads; reads of tmpfs.
constexpr unsigned COPYING_WORKERS = 2;
// How long a worker looks at the queue before it sleeps, after a request that the program polls for. fio with
// posixaio, depth 1 and 32.
constexpr std::int64_t WORKER_LOOK_NS = 10 * US;
// Between two looks at what is left to waiters, and how many that find nothing end the watch. Buffered writes, depth 1.
constexpr std::int64_t WATCH_NS = 150 * US;
constexpr unsigned EMPTY_WATCHES = 32;
// The shortest sleep of an idle worker that may not leave yet. By reason.
constexpr std::int64_t KEPT_WORKER_NS = 1 * SECOND;

// ---- streams (streams-wait-in-kernel-aio.md) ----

// Failed tries of a stream that poll reports ready, before a thread waits in the call itself. By reason.
constexpr unsigned VAIN_TRIES = 16;
// Chains of one lane that an application's thread runs in a row before it leaves the rest to the library. By reason.
constexpr unsigned STREAM_CHAINS = 16;
// Workers that wait in poll, and for how long, before the poller takes over. A byte there and back, without a ring.
constexpr unsigned POLLING_WORKERS = 2;
constexpr std::int64_t POLL_SLICE_NS = 20 * MS;
// The poller's looks: short ones after news, long ones after so many short ones without; longer for each descriptor, so
// that a hundred thousand are not polled every 10 ms. 4,000 to 100,000 blocked reads without kernel AIO.
constexpr std::int64_t SHORT_POLL_NS = 1 * MS;
constexpr std::int64_t LONG_POLL_NS = 10 * MS;
constexpr unsigned SHORT_POLLS = 50;
constexpr std::int64_t POLL_NS_FOR_EACH = 1 * US;

// ---- kernel AIO (direct-transfers.md, direct-contexts-by-thread.md, direct-reads-are-sent.md) ----

// Events of a context; the machine has 65,536 (fs.aio-max-nr), and counts each twice. O_DIRECT, depth 1 to 128.
constexpr std::uint32_t CONTEXT_REQUESTS = 256;
// Events of the context for polls of library threads. 4,000 blocked reads without a ring.
constexpr std::uint32_t CONTEXT_REQUESTS_APART = 8192;
// Threads that have a context of their own. O_DIRECT, 4 and 16 threads, depth 1 and 8.
constexpr unsigned OWN_CONTEXTS = 15;
// The longest sleep of a thread that follows a leader, or leads with a timeout: a handler may keep the leader, and a
// stopped process must not extend a timeout by more. By reason.
constexpr std::int64_t FOLLOWER_NS = 5 * MS;
constexpr std::int64_t LEADER_NS = 5 * MS;
constexpr unsigned MOST_FOLLOWERS = 32;
// Events that one look takes. By reason.
constexpr unsigned EVENT_BATCH = 32;
// After so many reads in a row that were complete when io_submit returned, one asks for the flags again. O_DIRECT reads
// of a fast disk.
constexpr std::uint32_t MANY_AT_ONCE = 16;
// Between two tries to make a context where the machine has no room. By reason.
constexpr std::int64_t CONTEXT_RETRY_NS = 1 * SECOND;
// How long the reaper stays in the kernel for the next request that needs it. O_DIRECT with signals and functions.
constexpr std::int64_t LINGER_NS = 5 * MS;
// The reaper's patrol while streams are polled for, and how many without a new poll end it. A byte there and back.
constexpr std::int64_t PATROL_NS = 1 * MS;
constexpr unsigned QUIET_PATROLS = 64;
// The reaper's longest sleeps; it is woken for what it is needed for. By reason.
constexpr std::int64_t REAPER_SLEEP_NS = 1 * SECOND;

// ---- the ring (ring.md) ----

// Entries of its submission queue. Uncached reads, depth 32 and 128.
constexpr unsigned RING_ENTRIES = 256;
// The kernel sizes its hash table of pending polls by this. 10,000 blocked reads of which 9,000 are cancelled.
constexpr unsigned LEAST_COMPLETIONS = 4096;
// Longer looks gave no gain, and on a small machine they take the processor from others. Uncached reads, depth 32.
constexpr std::int64_t RING_LOOK_NS = 5 * US;
// Letters since the last completion after which the thread yields its processor. Bursts on one processor.
constexpr unsigned RING_BURST = 32;
// Requests that one io_uring_enter submits. By reason.
constexpr unsigned RING_STAGED = 64;
// Where a filter forbids io_uring_enter after the start: looks at the completions, doubled from the shortest to the
// longest. By reason.
constexpr std::int64_t SHORTEST_RING_LOOK_NS = 50 * US;
constexpr std::int64_t LONGEST_RING_LOOK_NS = 1 * MS;

// ---- notifications (notifications.md, making-threads.md) ----

// Between two passes over notifications that found no room or no thread. By reason.
constexpr std::int64_t CHORES_NS = 1 * MS;
// The spawner waits for so long before it sends a signal of a caller whose handler may be running, and looks for so
// long where the caller is about to be done. Chains of handlers.
constexpr std::int64_t RELAY_NS = 100 * US;
constexpr std::int64_t RELAY_LOOK_NS = 5 * US;
// The spawner's pause after a thread that could not be made. By reason.
constexpr std::int64_t SPAWN_RETRY_NS = 1 * MS;

// ---- closed descriptors (closed-descriptors.md) ----

// A closing call waits for so many turns until threads that have begun are in the kernel. By reason: the product is far
// longer than the few instructions before a system call.
constexpr unsigned CLOSING_TURNS = 200;
constexpr std::int64_t CLOSING_TURN_NS = 50 * US;

// ---- locks ----

// Looks at a locked mutex before a thread sleeps; yields before a wait for another thread's step becomes a sleep. By
// reason.
constexpr int MUTEX_LOOKS = 100;
constexpr unsigned PATIENT_YIELDS = 32;

}  // namespace atomrt::tuning
