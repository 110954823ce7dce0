# SPDX-License-Identifier: MIT
"""What one request costs, counted rather than timed: system calls (by the kernel: perf stat), wake-ups (strace), context
switches (the kernel's own count) and instructions outside the kernel (valgrind). Each is the difference between a longer
and a shorter run, so that what a process does once is left out. Strace and valgrind slow a run, which may change who
serves a request: system calls are counted by strace only where perf can't count them."""

import csv
import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from . import workload as work
from .files import Unavailable
from .measure import Failed, run
from .rival import Rival, probe_command

SHORT, LONG = 256, 1280  # requests
CONTEXTS = ('head', 'waiter', 'direct', 'ring', 'threads')
FORCED = tuple(Rival(f'atomrt:{name}+threads') for name in CONTEXTS[:-1]) + (Rival('atomrt:threads'),)
RIVALS = (Rival('atomrt'),) + FORCED + tuple(Rival(name) for name in ('glibc', 'io_uring', 'libaio', 'psync'))
PEER = re.compile(r'write\(\d+, "x", 1')
PEER_CALLS = 1  # of the probe itself a request of a stream: the write that feeds it
PERF = ('perf', 'stat', '-x', ',', '-e', 'raw_syscalls:sys_enter')
LONGEST_COUNT = 8  # seconds: valgrind is not to wait for what it makes hang
FIGURES = ('calls', 'wakes', 'switches', 'instructions')


def workloads():
    return (work.product(work.CACHES, depths=(1, 32)) + work.product(mixes=('write',), depths=(1, 32))
            + work.streams((1, 32), ('pipe',)))


def counts_by_perf():
    """Whether perf may count the system calls of a process here (it needs tracefs, and the right to it)."""
    if shutil.which('perf') is None:
        return False
    tried = subprocess.run(PERF + ('true',), capture_output=True, text=True, check=False)
    return tried.returncode == 0 and re.search(r'^\d+,', tried.stderr, re.MULTILINE) is not None


@dataclass
class Cost:
    """Of one request; None where it cannot be counted here. SERVED: by which contexts of atomrt, {name: share}."""
    workload: work.Workload
    rival: Rival
    served: dict
    calls: float | None = None
    wakes: float | None = None
    switches: float | None = None
    instructions: float | None = None

    def context(self):
        return max(self.served, key=self.served.get) if self.served else ''

    def served_by(self):
        many = [f'{name} {share:.0%}' for name, share in self.served.items() if share >= 0.02]
        return self.context() if len(many) < 2 else ', '.join(many)


class Counter:
    """Runs the probe for a given number of requests, bare or under a tool."""

    def __init__(self, tools, files, folder):
        self.tools = tools
        self.files = files
        self.folder = folder
        self.has_perf = counts_by_perf()

    def command(self, rival, workload, requests):
        command = probe_command(rival, workload, self.tools, self.files.of(workload), 50, seed=1)
        if workload.kind in work.STREAMS:
            return command + [f'--rounds={requests // workload.depth}']
        return command + [f'--requests={requests}']

    def run(self, rival, workload, requests, tool=()):
        """The probe's figures, and who served the requests."""
        path = os.path.join(self.folder, 'statistics')
        output = run(['env', f'ATOMRT_STATS={path}'] + list(tool) + self.command(rival, workload, requests),
                     LONGEST_COUNT if tool else None)
        return json.loads(output), self.served(path) if rival.base == 'atomrt' else {}

    @staticmethod
    def served(path):
        with open(path, encoding='utf-8') as file:
            counts = dict(re.findall(r'^(\w+)\.requests (\d+)$', file.read(), re.MULTILINE))
        found = {name: int(counts.get(name, 0)) for name in CONTEXTS}
        total = sum(found.values())
        return {name: count / total for name, count in found.items() if count}

    def difference(self, rival, workload, tool, count, context=None):
        """By request; count() tells what a run has left behind. Nothing where another than CONTEXT serves."""
        found, requests = [], []
        for length in (SHORT, LONG):
            figures, served = self.run(rival, workload, length, tool)
            if context and max(served, key=served.get) != context:
                return None
            requests.append(figures.get('requests', length))
            found.append(count())
        return [(more - less) / (requests[1] - requests[0]) for less, more in zip(*found)]

    def calls(self, rival, workload):
        """System calls as the kernel counts them, where it does."""
        if not self.has_perf:
            return self.calls_and_wakes(rival, workload)[:1]
        log = os.path.join(self.folder, 'perf')

        def count():
            with open(log, encoding='utf-8') as file:
                return [int(re.search(r'^(\d+),', file.read(), re.MULTILINE)[1])]

        found = self.difference(rival, workload, PERF + ('-o', log, '--'), count)
        return [found[0] - (PEER_CALLS if workload.kind in work.STREAMS else 0)]

    def wakes(self, rival, workload):
        return self.calls_and_wakes(rival, workload)[1:]

    def calls_and_wakes(self, rival, workload):
        log = os.path.join(self.folder, 'calls')

        def count():
            with open(log, encoding='utf-8', errors='replace') as file:
                begun = [line for line in re.findall(r'^\d+ +(\w+\(.*)$', file.read(), re.MULTILINE)
                         if not PEER.match(line)]
            return len(begun), sum(line.startswith('futex(') and 'FUTEX_WAKE' in line for line in begun)

        return self.difference(rival, workload, ('strace', '-f', '-qq', '-e', 'signal=none', '-o', log), count)

    def instructions(self, rival, workload, context):
        """Nothing where valgrind does not run what serves without it."""
        log = os.path.join(self.folder, 'instructions')

        def count():
            with open(log, encoding='utf-8', errors='replace') as file:
                return [sum(int(number) for number in re.findall(r'Collected : (\d+)', file.read()))]

        tool = ('valgrind', '--tool=callgrind', '--trace-children=yes', '--fair-sched=try', '--callgrind-out-file=/dev/null',
                f'--log-file={log}')
        return self.difference(rival, workload, tool, count, context)


def count_one(counter, workload, rival, others):
    """None where a forced context serves nothing here, or what serves anyway."""
    figures, served = counter.run(rival, workload, 2 * LONG)
    cost = Cost(workload, rival, served, switches=figures['context_switches_per_request'])
    if rival in FORCED:
        wanted = rival.contexts.split(',')[0]
        if cost.context() != wanted or any(other.rival.name == 'atomrt' and other.context() == wanted for other in others):
            return None
    for tool, name, measure in (('perf' if counter.has_perf else 'strace', 'calls', counter.calls),
                                ('strace', 'wakes', counter.wakes),
                                ('valgrind', 'instructions',
                                 lambda *which: counter.instructions(*which, cost.context()))):
        if shutil.which(tool) is None:
            continue
        try:
            for value in measure(rival, workload) or ():
                setattr(cost, name, value)
        except Failed:  # the tool does not know what the rival asks of the kernel
            pass
    return cost


def count_all(tools, files, progress, chosen=None, rivals=RIVALS):
    """A Cost for each of the workloads with each rival that can do it."""
    costs = []
    with tempfile.TemporaryDirectory(prefix='atomrt-count-') as folder:
        counter = Counter(tools, files, folder)
        if not counter.has_perf:
            progress.say('perf can\'t count system calls here: strace counts them, and changes what it counts')
        for number, workload in enumerate(chosen or workloads()):
            mine = []
            for rival in rivals:
                if not rival.covers(workload) or rival.normalise(workload).depth != workload.depth:
                    continue
                progress.show(f'[{number + 1}/{len(chosen or workloads())}] counting: {workload.label()}: {rival.name}')
                try:
                    cost = count_one(counter, workload, rival, mine)
                except (Failed, Unavailable) as reason:
                    progress.say(f'not counted: {workload.label()}: {rival.name}: {reason}')
                    continue
                mine += [cost] if cost is not None else []
            costs += mine
    progress.clear()
    return costs


def table(costs):
    def shown(value, digits):
        return '-' if value is None else f'{max(value, 0):.{digits}f}'

    rows = [[cost.workload.label(), cost.rival.name, cost.served_by()]
            + [shown(getattr(cost, name), 0 if name == 'instructions' else 2) for name in FIGURES] for cost in costs]
    return ['cost of one request', 'rival', 'served by', 'system calls', 'futex wakes', 'context switches',
            'instructions'], rows


def write_csv(path, costs):
    with open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['workload', 'rival', 'served'] + list(FIGURES))
        for cost in costs:
            writer.writerow([cost.workload.label(), cost.rival.name, cost.served_by()]
                            + ['' if getattr(cost, name) is None else getattr(cost, name) for name in FIGURES])
