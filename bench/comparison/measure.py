# SPDX-License-Identifier: MIT
"""One measurement: a process is run, and says what it found. Everything is in requests a second, nanoseconds or
microseconds, as the name of the figure says."""

import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
from dataclasses import dataclass

from . import workload as work
from .rival import fio_command, probe_command

TIME_LIMIT = 75  # the probe's own is 60
FIO_SHORTEST = 0.3  # fio takes as long to start


class Failed(Exception):
    """The rival cannot do this workload here, or did it wrongly."""


@dataclass(frozen=True)
class Tools:
    probe: str
    launcher: str

    @staticmethod
    def of(build):
        return Tools(os.path.join(build, 'bench', 'probe'), os.path.join(build, 'preload', 'atomrt'))

    def missing(self):
        return [path for path in (self.probe, self.launcher) if not os.access(path, os.X_OK)]


def name_of(status):
    return f'exit status {status}' if status >= 0 else signal.Signals(-status).name


def run(command, limit=None):
    """Standard output of COMMAND; the child dies with us."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        try:
            output, errors = process.communicate(timeout=limit or TIME_LIMIT)
        except BaseException as reason:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(reason, subprocess.TimeoutExpired):
                raise Failed(f'did not end within {limit or TIME_LIMIT} s') from None
            raise
    if process.returncode != 0:
        said = errors.strip().splitlines() or output.strip().splitlines()
        raise Failed(said[-1] if said else f'ended by {name_of(process.returncode)}')
    return output


def from_probe(workload, found):
    """RATE is what rivals are compared by: more is better."""
    if workload.kind == 'cost':
        found = {name: statistics.median(rounds) for name, rounds in found.items()}
        return {**found, 'ratio_to_pread': found['engine_ns'] / found['pread_ns'], 'rate': 1e9 / found['engine_ns']}
    if workload.kind == 'lists':
        return {**found, 'rate': 1e9 / found['cpu_ns']}
    if workload.kind in work.STREAMS:
        return {**found, 'rate': 1e9 / (found['submit_ns'] + found['complete_ns'])}
    return {**found, 'rate': found['iops']}


def from_fio(output):
    jobs = json.loads(output[output.index('{'):])['jobs']
    if any(job['error'] for job in jobs):
        raise Failed(f'fio reports error {jobs[0]["error"]}')
    sides = [job[side] for job in jobs for side in ('read', 'write') if job[side]['total_ios']]
    rate = sum(side['iops'] for side in sides)
    main = max(sides, key=lambda side: side['total_ios'])
    percentiles = main['clat_ns'].get('percentile', {})
    found = {f'p{float(key):g}_us': value / 1000 for key, value in percentiles.items()}
    return {**found, 'rate': rate, 'iops': rate, 'mib_per_second': sum(side['bw_bytes'] for side in sides) / (1 << 20)}


def settle(paths):
    """What fio has written goes to the disk before the next one is measured; the probe does so itself."""
    for path in paths:
        with open(path, 'rb+', buffering=0) as file:
            os.fsync(file.fileno())


def measure(rival, workload, tools, files, seconds, seed):
    """The figures of one run, by name."""
    paths = files.of(workload)
    if workload.tool == 'fio':
        if shutil.which('fio') is None:
            raise Failed('fio is not installed')
        found = from_fio(run(fio_command(rival, workload, tools, paths, max(seconds, FIO_SHORTEST), seed)))
        settle(paths)
        return found
    return from_probe(workload, json.loads(run(probe_command(rival, workload, tools, paths, seconds, seed))))
