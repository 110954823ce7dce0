# SPDX-License-Identifier: MIT
"""What is measured: one point in the space of workloads, and the sets of points that the options choose from."""

from dataclasses import dataclass, replace

CACHES = ('cached', 'uncached', 'direct')
MIXES = ('read', 'write', 'mixed')
BLOCKS = {'4k': 4096, '64k': 65536, '1m': 1 << 20}
DEPTHS = (1, 4, 32, 128, 1024)
LISTS = ('lio_wait', 'lio_nowait')
WAITINGS = ('suspend', 'poll', 'signal', 'thread') + LISTS
STREAMS = ('pipe', 'socket')
TRIPS = {'pipe_trip': 'pipes', 'socket_trip': 'sockets'}
FILE_SYSTEMS = ('here', 'ext4', 'xfs', 'btrfs', 'tmpfs', 'overlayfs')
BLOCKED = (1, 10, 100, 1000, 10000, 100000)
LENGTHS = (1, 10, 100, 1000, 10000)
THREADS = (1, 2, 4, 16)
MOST_THREADS = 16
SHARING = ('own', 'one')
WRITE_PERCENT = {'read': 0, 'write': 100, 'mixed': 30}
SYNC_EVERY = 32


@dataclass(frozen=True)
class Workload:
    """KIND: loop (a closed loop of requests), sync (32 writes and a sync of them, again and again), cost (one cached
    4 KiB read against pread, in one process), pipe or socket (reads blocked on streams, `depth` of them), pipe_trip or
    socket_trip (a byte there and back), lists (aio_suspend on `depth` requests of which one at a time completes)."""
    kind: str = 'loop'
    cache: str = 'cached'
    mix: str = 'read'
    block: str = '4k'
    depth: int = 1
    waiting: str = 'suspend'
    threads: int = 1
    files: str = 'own'  # of each thread, or 'one' for all
    one_processor: bool = False  # for trips
    file_system: str = 'here'
    tool: str = 'probe'
    span: str = ''  # of the file; for cost: '64k' is the small hot file

    def label(self):
        place = '' if self.file_system == 'here' else f' on {self.file_system}'
        tool = ' by fio' if self.tool == 'fio' else ''
        if self.kind in ('pipe', 'socket'):
            return f'{self.depth} reads blocked on {self.kind}s'
        if self.kind in TRIPS:
            return f'a byte there and back over {TRIPS[self.kind]}' + (', one processor' if self.one_processor else '')
        if self.kind == 'lists':
            return f'aio_suspend on a list of {self.depth}'
        if self.kind == 'cost':
            return f'cost of a cached 4k read, {"hot file" if self.span else "large file"}{place}'
        if self.kind == 'sync':
            return f'{self.cache} fsync every {SYNC_EVERY} {self.block} writes{place}'
        threads = f' {self.threads} threads' if self.threads > 1 else ''
        threads += ' one file' if self.files == 'one' else ''
        return f'{self.cache} {self.mix} {self.block} depth {self.depth} {self.waiting}{threads}{place}{tool}'

    def is_on_files(self):
        return self.kind not in STREAMS and self.kind not in TRIPS and self.kind != 'lists'


def order(workload):
    """A sensible order of rows."""
    return (FILE_SYSTEMS.index(workload.file_system), workload.tool != 'probe', workload.kind, workload.threads,
            WAITINGS.index(workload.waiting), CACHES.index(workload.cache), MIXES.index(workload.mix),
            list(BLOCKS).index(workload.block), workload.depth, workload.span, workload.files, workload.one_processor)


def product(caches=('cached',), mixes=('read',), blocks=('4k',), depths=(1,), waitings=('suspend',), threads=(1,),
            files=('own',)):
    return [Workload(cache=cache, mix=mix, block=block, depth=depth, waiting=waiting, threads=count, files=whose)
            for waiting in waitings for count in threads for whose in files for cache in caches for mix in mixes
            for block in blocks for depth in depths]


def costs():
    return [Workload(kind='cost'), Workload(kind='cost', span='64k')]


def quick():
    """What fits into a minute."""
    return (costs() + product(CACHES, ('read', 'write'), depths=(1, 32))
            + product(depths=(1,), waitings=('poll', 'signal', 'thread')) + product(('direct',), depths=(32,), waitings=LISTS))


def full(file_systems):
    """Every axis in turn, the others held at what matters; the whole product would take hours."""
    chosen = (costs()
              + product(CACHES, MIXES, depths=DEPTHS)
              + product(CACHES, ('read', 'write'), ('64k', '1m'), (1, 32))
              + product(('cached', 'direct'), waitings=('poll', 'signal', 'thread'), depths=(1, 32))
              + product(CACHES, waitings=LISTS, depths=(32, 128))
              + product(('cached',), ('write',), waitings=('poll',) + LISTS, depths=(1, 32))
              + by_threads() + trips()
              + [Workload(kind='sync', mix='write'), Workload(kind='sync', cache='direct', mix='write')]
              + streams(BLOCKED) + lists())
    for name in file_systems:
        chosen += [replace(workload, file_system=name)
                   for workload in product(('cached', 'direct'), ('read', 'write'), depths=(1, 32))]
    return chosen


def by_threads():
    """Several threads of one process. Each with a file of its own, but for cached writes, which also share one."""
    return (product(('cached', 'direct'), ('read', 'write'), depths=(1,), threads=THREADS)
            + product(('direct',), ('read', 'write'), depths=(8,), threads=THREADS)
            + product(('uncached',), depths=(8,), threads=THREADS)
            + product(mixes=('write',), depths=(1,), threads=THREADS[1:], files=('one',)))


def trips(kinds=TRIPS):
    return [Workload(kind=kind, one_processor=one) for kind in kinds for one in (False, True)]


def streams(counts, kinds=STREAMS):
    return [Workload(kind=kind, depth=count) for kind in kinds for count in counts]


def lists(lengths=LENGTHS):
    return [Workload(kind='lists', depth=length) for length in lengths]
