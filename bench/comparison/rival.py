# SPDX-License-Identifier: MIT
"""Who is measured: one way to do the work, and how it is started for a workload."""

import os
from dataclasses import dataclass, replace

from . import workload as work

# The probe's engine and fio's for each; fio has no pool of threads. poll, and plain calls of streams, are for trips.
ENGINES = {'atomrt': ('posix', 'posixaio'), 'glibc': ('posix', 'posixaio'), 'io_uring': ('io_uring', 'io_uring'),
           'libaio': ('libaio', 'libaio'), 'psync': ('psync', 'psync'), 'pool': ('pool', None), 'poll': ('poll', None)}
DEFAULT = ('atomrt', 'glibc', 'io_uring', 'libaio', 'psync')


@dataclass(frozen=True)
class Rival:
    """`atomrt:head+threads` is atomrt with those contexts alone."""
    name: str

    @property
    def base(self):
        return self.name.split(':')[0]

    @property
    def contexts(self):
        return self.name.partition(':')[2].replace('+', ',')

    def is_posix(self):
        return self.base in ('atomrt', 'glibc')

    def covers(self, workload):
        if workload.kind in work.TRIPS:
            return self.base != 'pool'
        if self.base == 'poll':
            return False
        if workload.kind in work.STREAMS:
            return self.is_posix() or self.base == 'io_uring'
        if workload.kind == 'lists':
            return self.is_posix()
        if workload.kind == 'cost':
            return self.base not in ('psync', 'pool')
        return workload.tool != 'fio' or ENGINES[self.base][1] is not None

    def normalise(self, workload):
        """The workload that is really measured: by hand there is one way to wait, and a plain call has no depth."""
        if workload.kind != 'loop' or self.is_posix():
            return workload
        waiting = 'lio_wait' if workload.waiting in work.LISTS else 'suspend'
        if self.base == 'psync':
            return replace(workload, depth=1, waiting='suspend')
        return replace(workload, waiting=waiting)

    def prefix(self, launcher):
        if self.base != 'atomrt':
            return []
        return [launcher] + ([f'--contexts={self.contexts}'] if self.contexts else []) + ['--']


def probe_command(rival, workload, tools, files, seconds, seed):
    common = rival.prefix(tools.launcher) + [tools.probe, f'--engine={ENGINES[rival.base][0]}', f'--seconds={seconds:.3f}',
                                             f'--seed={seed}']
    if workload.kind == 'lists':
        return common + ['--mode=lists', f'--blocked={workload.depth}']
    if workload.kind in work.TRIPS:
        streams = workload.kind.removesuffix('_trip')
        return common + ['--mode=trips', f'--streams={streams}'] + ['--one-processor'] * workload.one_processor
    if workload.kind in work.STREAMS:
        return common + ['--mode=streams', f'--blocked={workload.depth}', f'--streams={workload.kind}']
    if workload.kind == 'cost':
        return common + ['--mode=cost'] + span(workload) + files[:1]
    depth = ['--sync', str(work.SYNC_EVERY)] if workload.kind == 'sync' else ['--depth', str(workload.depth)]
    return common + depth + span(workload) + [
        '--cache', workload.cache, '--waiting', workload.waiting, '--block', str(work.BLOCKS[workload.block]),
        '--writes', str(work.WRITE_PERCENT[workload.mix])] + files[:workload.threads]


def span(workload):
    """Cached writes stay within 32 MiB, so that what they leave dirty is soon written."""
    if workload.span:
        return [f'--span={work.BLOCKS[workload.span]}']
    return [f'--span={32 << 20}'] if workload.cache == 'cached' and workload.mix != 'read' else []


FIO_DIRECTION = {'read': 'randread', 'write': 'randwrite', 'mixed': 'randrw'}


def fio_command(rival, workload, tools, files, seconds, seed):
    command = rival.prefix(tools.launcher) + [
        'fio', '--name=compare', '--output-format=json', f'--ioengine={ENGINES[rival.base][1]}',
        f'--rw={FIO_DIRECTION[workload.mix]}', '--rwmixread=70', f'--bs={workload.block}', f'--iodepth={workload.depth}',
        f'--numjobs={workload.threads}', '--thread', '--group_reporting', f'--runtime={int(seconds * 1000)}ms',
        f'--direct={int(workload.cache == "direct")}', f'--randseed={seed}', '--percentile_list=50:90:99:99.9',
        '--end_fsync=0']
    if workload.files == 'own' and workload.threads > 1:  # the files' names end with the threads' numbers
        place, name = os.path.split(files[0])
        command += [f'--directory={place}', f'--filename_format={name.removesuffix("0")}$jobnum']
    else:
        command += [f'--filename={files[0]}']
    # An uncached file is read once, not again from the cache that it then is in.
    command += ['--invalidate=1'] if workload.cache == 'uncached' else ['--invalidate=0', '--time_based']
    if workload.cache == 'cached' and workload.mix != 'read':
        command += ['--size=32m']
    return command
