#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every kind of workload runs once, for an instant, with every rival, and gives sane figures; then the command itself.

Usage: smoke.py BUILD
"""

import csv
import io
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from comparison import accounting, bars, options, rival, workload as work  # noqa: E402
from comparison.files import Files  # noqa: E402
from comparison.measure import Tools  # noqa: E402
from comparison.progress import Progress  # noqa: E402
from comparison.results import Results  # noqa: E402
from comparison.schedule import Schedule  # noqa: E402

SIZE = 8 << 20
RIVALS = [rival.Rival(name) for name in ('atomrt', 'atomrt:threads', 'glibc', 'io_uring', 'libaio', 'psync', 'pool', 'poll')]
# What a file system or a container may refuse to a rival by hand; atomrt and glibc have no such excuse.
EXCUSES = ('Function not implemented', 'Operation not permitted', 'not installed', 'Resource temporarily unavailable')


def workloads():
    return (work.product(work.CACHES, work.MIXES, depths=(4,)) + work.product(waitings=work.WAITINGS[1:], depths=(1, 4))
            + work.product(('cached', 'direct'), ('read',), ('64k', '1m'), (2,), threads=(2,))
            + work.product(depths=(1024,)) + work.costs() + work.trips()
            + [work.Workload(kind='sync', mix='write'), work.Workload(depth=4, tool='fio')] + work.streams((1, 50)) + work.lists((1, 50)))


def many_threads():
    """What takes long to set up, and differs only in where the threads' files come from: with one rival."""
    return (work.product(('direct',), depths=(2,), threads=(work.MOST_THREADS,))
            + work.product(mixes=('write',), threads=(4,), files=('one',)) + [work.Workload(threads=2, tool='fio')])


def check_figures(results, wanted):
    failures = [f'{workload.label()}: {name}: {reason}' for (workload, name), reason in results.failures.items()
                if rival.Rival(name).is_posix() or not any(excuse in reason for excuse in EXCUSES)]
    for workload, who in wanted:
        for figures in results.of(workload, who):
            if not figures['rate'] > 0 or figures.get('p50_us', 0) > figures.get('p99_us', 0):
                failures.append(f'{workload.label()}: {who.name}: {figures}')
    return failures


def try_everything(build, folder):
    wanted = [(workload, who) for workload in workloads() for who in RIVALS if who.covers(workload)]
    wanted += [(workload, RIVALS[0]) for workload in many_threads()]
    with Files(folder, SIZE, print) as files:
        results = Schedule(wanted, rounds=1, limit=None, seconds=0.01).run(Tools.of(build), files, Progress())
    print(f'{len(results.rounds)} measurements')
    return check_figures(results, wanted)


def check_costs(build, folder):
    """A plain read is one system call, and atomrt's is served by its head."""
    reads = work.product()
    with Files(folder, SIZE, print) as files:
        costs = accounting.count_all(Tools.of(build), files, Progress(), reads, (rival.Rival('atomrt'), rival.Rival('psync')))
    failures = [] if [cost.context() for cost in costs] == ['head', ''] else [f'costs: {costs}']
    for cost in costs:
        if cost.rival.name == 'psync' and cost.calls is not None and not 0.99 < cost.calls < 1.01:
            failures.append(f'{cost.calls} system calls for a plain read')
        if cost.switches is None or len(accounting.table(costs)[1]) != len(costs):
            failures.append(f'costs: {cost}')
    return failures


def try_command(build, folder):
    """The command, once: table, CSV, page and plots; nothing is left of its files."""
    place, output = os.path.join(folder, 'files'), os.path.join(folder, 'output')
    os.mkdir(place)
    done = subprocess.run([sys.executable, os.path.join(HERE, 'compare'), '--build', build, '--cache', 'cached', '--depth', '1',
                           '4', '--rivals', 'atomrt', 'glibc', 'psync', '--rounds', '2', '--seconds', '0.01', '--size', '8m',
                           '--directory', place, '--output', output], stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    failures = [] if done.returncode == 0 else [f'compare ended with {done.returncode}']
    if os.listdir(place):
        failures.append(f'compare left {os.listdir(place)}')
    with open(os.path.join(output, 'rounds.csv'), encoding='utf-8') as file:
        rows = list(csv.DictReader(io.StringIO(file.read())))
    if len(rows) != 2 * (2 + 2 + 1):
        failures.append(f'{len(rows)} rows of figures')
    expected = ['report.md'] + (['rate-cached-read.svg', 'rate-cached-read.png'] if shutil.which('gnuplot') else [])
    return failures + [f'{name} is missing or empty' for name in expected
                       if not os.path.exists(os.path.join(output, name)) or not os.path.getsize(os.path.join(output, name))]


def check_selections():
    """What the options select can be measured; each bar's needs are among the pairs."""
    failures = []
    for arguments in (['--quick'], [], ['--bars', 'base'], ['--bars', 'scale'], ['--bars', 'threads'],
                      ['--kind', 'pipe_trip', '--rivals', 'atomrt', 'poll'], ['--threads', '4', '--files', 'own', 'one'], ['--bars', 'fast', '--file-systems', 'xfs', 'tmpfs']):
        pairs, chosen, rivals, wanted = options.selection(options.parse(arguments))
        if not pairs or not chosen or not rivals or any(not who.covers(workload) for workload, who in pairs):
            failures.append(f'{arguments}: a selection that cannot be measured')
        if any(bar.is_met(bar.value(Results())) for bar in wanted):
            failures.append(f'{arguments}: a bar is met by nothing')
        if len(bars.table(wanted, Results())[1]) < len(wanted):
            failures.append(f'{arguments}: bars are missing')
    return failures


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build = os.path.abspath(sys.argv[1])
    sanitizer = os.environ.get('ATOMRT_TEST_SANITIZER')
    if sanitizer:  # wants to come first in every process that is started from here
        os.environ.update(LD_PRELOAD=sanitizer, ASAN_OPTIONS='detect_leaks=0')
    with tempfile.TemporaryDirectory(prefix='atomrt-bench-') as folder:
        failures = check_selections() + try_everything(build, folder) + check_costs(build, folder) + try_command(build, folder)
    for line in failures:
        print('FAILED:', line)
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    main()
