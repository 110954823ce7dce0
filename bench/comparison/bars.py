# SPDX-License-Identifier: MIT
"""The bars that atomrt is held to. A bar needs figures of some (workload, rival) pairs, and says what they come to."""

from dataclasses import dataclass, replace
from typing import Callable

from .rival import Rival
from .workload import BLOCKED, LENGTHS, LISTS, STREAMS, THREADS, TRIPS, Workload, lists, product, streams

ATOMRT, GLIBC, URING, LIBAIO, PSYNC, POLL = (Rival(name) for name in
                                             ('atomrt', 'glibc', 'io_uring', 'libaio', 'psync', 'poll'))
WITHOUT_RING = Rival('atomrt:head+direct+waiter+threads')
BEST_BY_HAND = (URING, LIBAIO)


@dataclass(frozen=True)
class Bar:
    name: str
    required: float
    needs: tuple  # of (workload, rival)
    value: Callable  # of the results; None where something could not be measured
    is_limit: bool = False  # the value must not exceed `required`, rather than reach it
    parts: tuple = ()  # of a bar over many workloads: a bar for each

    def is_met(self, value):
        return value is not None and (value <= self.required if self.is_limit else value >= self.required)

    def row(self, results):
        value = self.value(results)
        sign = '<=' if self.is_limit else '>='
        return [self.name, f'{sign} {self.required:g}', '-' if value is None else f'{value:.2f}',
                'yes' if self.is_met(value) else 'no']


def against(required, workload, others, mine=ATOMRT):
    """The rate of MINE, by that of the best of OTHERS."""
    def value(results):
        ratios = [results.ratio(workload, mine, other) for other in others]
        return None if None in ratios else min(ratios)

    names = 'best of ' + ', '.join(other.name for other in others) if len(others) > 1 else others[0].name
    return Bar(f'{workload.label()}: {mine.name} / {names}', required,
               tuple((workload, rival) for rival in (mine,) + tuple(others)), value)


def cost(required, workload):
    return Bar(workload.label() + ': atomrt / pread', required, ((workload, ATOMRT),),
               lambda results: results.median(workload, ATOMRT, 'ratio_to_pread'), is_limit=True)


def worst(name, required, workloads, mine, other):
    """The lowest ratio over many workloads."""
    parts = tuple(against(required, workload, (other,), mine) for workload in workloads)

    def value(results):
        ratios = [part.value(results) for part in parts]
        return None if None in ratios else min(ratios)

    return Bar(name, required, tuple(pair for part in parts for pair in part.needs), value, parts=parts)


def dearer(required, workload, plain):
    """Microseconds that one way to be notified adds to another."""
    def value(results):
        slow, fast = results.median(workload, ATOMRT), results.median(plain, ATOMRT)
        return 1e6 / slow - 1e6 / fast if slow and fast else None

    return Bar(f'{workload.label()}: us more than {plain.waiting}', required, ((workload, ATOMRT), (plain, ATOMRT)), value,
               is_limit=True)


def scaling(required, workload):
    """The rate of two threads by that of one."""
    one = replace(workload, threads=1)

    def value(results):
        both, single = results.median(workload, ATOMRT), results.median(one, ATOMRT)
        return both / single if both and single else None

    return Bar(f'{workload.label()}: atomrt / one thread', required, ((workload, ATOMRT), (one, ATOMRT)), value)


def matrix():
    return product(('cached', 'uncached', 'direct'), ('read', 'write'), depths=(1, 4, 32, 128))


def base():
    direct = Workload(cache='direct', depth=32)
    bars = [cost(1.35, Workload(kind='cost')), cost(1.35, Workload(kind='cost', span='64k')),
            against(3, direct, (GLIBC,), mine=Rival('atomrt:threads'))]
    return bars + [against(1, workload, (GLIBC,)) for workload in matrix()]


def buffered_writes(file_system):
    write = Workload(mix='write', file_system=file_system)

    def at(depth, waiting='suspend'):
        return replace(write, depth=depth, waiting=waiting)

    return [against(10, at(1), (GLIBC,)), against(0.5, at(1), (PSYNC,)), against(6, at(4), (GLIBC,)),
            against(1.6, at(32), (GLIBC,)), against(1.1, at(32), BEST_BY_HAND),
            against(1.2, at(1, 'poll'), (GLIBC,)), against(1.2, at(32, 'poll'), (GLIBC,))]


def direct_io(mix):
    direct = Workload(cache='direct', mix=mix)
    bars = [against(0.97 if depth == 1 else 0.95, replace(direct, depth=depth), BEST_BY_HAND) for depth in (1, 4, 32, 128)]
    return bars + [against(5, replace(direct, depth=32), (GLIBC,))]


def all_sorts():
    """Each kind of workload that glibc can do, at the least."""
    return (matrix() + product(('cached', 'direct'), waitings=('poll', 'signal', 'thread'), depths=(1, 32))
            + product(('cached', 'direct'), waitings=LISTS, depths=(64,))
            + product(mixes=('write',), waitings=('poll',), depths=(1, 32))
            + product(('cached', 'direct'), ('read', 'write'), ('64k',), (32,)) + product(threads=(2,), depths=(1, 32))
            + [Workload(kind='sync', mix='write')])


def without_kernel_help():
    """The ring forbidden, kernel AIO forbidden, and both."""
    workloads = all_sorts()
    names = {'no ring': 'atomrt:head+direct+waiter+threads', 'no kernel AIO': 'atomrt:head+ring+waiter+threads',
             'neither': 'atomrt:head+waiter+threads'}
    return [worst(f'{name}: worst of {len(workloads)} workloads: atomrt / glibc', 1, workloads, Rival(contexts), GLIBC)
            for name, contexts in names.items()]


def growth(required, workloads, figure, per=lambda workload: 1):
    """How many times more the dearest costs than a smaller one: by the least of the rounds, as some take several times as
    much processor time at any number of requests. The medians are in the report."""
    def value(results):
        costs = [results.least(workload, ATOMRT, figure) for workload in workloads]
        if None in costs:
            return None
        each = [cost / per(workload) for cost, workload in zip(costs, workloads)]
        return max(after / before for number, before in enumerate(each) for after in each[number:])

    name = f'{workloads[0].label()} to {workloads[-1].depth}: growth of {figure}'
    return Bar(name, required, tuple((workload, ATOMRT) for workload in workloads), value, is_limit=True)


def most(required, workloads, figure):
    def value(results):
        found = [results.median(workload, ATOMRT, figure) for workload in workloads]
        return None if None in found else max(found)

    name = f'{workloads[0].label()}' + (f' to {workloads[-1].depth}' if len(workloads) > 1 else '') + f': {figure}'
    return Bar(name, required, tuple((workload, ATOMRT) for workload in workloads), value, is_limit=True)


def scale():
    """Costs in processor time of all threads; memory by what the last nine tenths of the most requests add; lists by their
    length where it is what counts."""
    bars = []
    for kind in STREAMS:
        blocked = streams(BLOCKED[1:], (kind,))
        bars += [growth(1.5, blocked, 'submit_cpu_ns'), growth(1.5, blocked, 'complete_cpu_ns'), most(4, blocked, 'threads'),
                 most(256, blocked[-1:], 'bytes_per_request')]
    waited_for = lists()
    long_lists = [workload for workload in waited_for if workload.depth >= LENGTHS[-1] // 10]
    return bars + [growth(1.5, long_lists, 'cpu_ns', lambda workload: workload.depth),
                   most(0.01, waited_for, 'needless_wakes')]


def round_trips():
    bars = []
    for kind in TRIPS:
        for mine in (ATOMRT, WITHOUT_RING):
            bars += [against(1, Workload(kind=kind), (GLIBC,), mine), against(0.85, Workload(kind=kind), (POLL,), mine),
                     against(1.5, Workload(kind=kind, one_processor=True), (GLIBC,), mine)]
    return bars


def threads():
    """Threads of one process, each with a file of its own unless it says one file; and a byte there and back."""
    bars = []
    for mix in ('read', 'write'):
        direct = Workload(cache='direct', mix=mix)
        bars += [against(required, replace(direct, threads=count), BEST_BY_HAND)
                 for count, required in ((1, 0.95), (4, 0.92), (16, 0.92))]
        bars += [against(0.85, replace(direct, depth=8, threads=count), BEST_BY_HAND) for count in (4, 16)]
    write = Workload(mix='write')
    for count in THREADS:
        bars += [against(0.45, replace(write, threads=count), (PSYNC,)), against(1, replace(write, threads=count), (URING,)),
                 against(0.9, replace(write, threads=count, depth=8), (URING,))]
    bars.append(against(1, replace(write, threads=4, files='one'), (URING,)))
    bars.append(against(0.8, Workload(cache='uncached', depth=8, threads=4), BEST_BY_HAND))
    bars += [against(0.9, Workload(threads=count), (PSYNC,)) for count in THREADS]
    return bars + round_trips()


def fast(file_systems):
    read = Workload()
    signal, thread = replace(read, waiting='signal'), replace(read, waiting='thread')
    lists = [Workload(cache='direct', depth=64, waiting=waiting) for waiting in ('lio_wait', 'lio_nowait')]
    bars = [against(0.8, read, (PSYNC,)), against(1.5, read, (URING,)), against(30, read, (GLIBC,)),
            against(0.85, replace(read, depth=32, tool='fio'), (PSYNC,))]
    bars += direct_io('read') + direct_io('write')
    bars += [against(0.95, Workload(cache='uncached'), (URING,)), against(1, Workload(cache='uncached', depth=32), (URING,))]
    bars += buffered_writes('here')
    for name in file_systems:
        if name in ('xfs', 'btrfs', 'ext4'):
            bars += buffered_writes(name)
        else:
            for workload in product(mixes=('read', 'write'), depths=(1, 32)):
                there = replace(workload, file_system=name)
                bars += [against(1.2, there, (GLIBC,)), against(1, there, (URING,))]
    bars += [against(0.95, workload, (URING,)) for workload in lists]
    bars += [against(3, signal, (GLIBC,)), dearer(1, signal, replace(read, waiting='poll')), against(2, thread, (GLIBC,)),
             scaling(1.8, replace(read, threads=2))]
    return bars + scale() + without_kernel_help()


def table(bars, results):
    """Of a bar over many workloads that is not met, those that miss it follow."""
    rows = []
    for bar in bars:
        rows.append(bar.row(results))
        rows += [part.row(results) for part in bar.parts if not part.is_met(part.value(results))]
    return ['bar', 'required', 'measured', 'met'], rows
