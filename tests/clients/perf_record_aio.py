#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""perf record --aio writes its trace with aio_write; perf report reads back every sample that it announced."""

import os
import re

import harness

BLOCKS = 4
WORK = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=4k', 'count=1000000']


def record(client, runtime, trace):
    # Small buffers, a high rate and call chains: many writes in a short run.
    run = client.run(runtime, ['perf', 'record', f'--aio={BLOCKS}', '--mmap-pages=4', '--freq=10000', '--event=cpu-clock:u',
                               '--call-graph=dwarf,4096', f'--output={trace}', '--'] + WORK)
    if runtime == 'glibc' and run.status != 0:
        raise harness.Skip(f'perf cannot record here:\n{run.output}')
    run.expect_success()
    return run


def report(client, trace):
    """The samples that perf finds in the trace, and the program to which they belong."""
    run = client.run('glibc', ['perf', 'report', '--stdio', '--no-children', '--sort=comm', '--call-graph=none',
                               '--no-inline', f'--input={trace}'])
    run.expect_success()
    counted = re.search(r'# Samples: (\S+)', run.output)
    harness.expect(counted and ' dd' in run.output, f'perf report does not show the samples:\n{run.output}')
    dump = client.run('glibc', ['perf', 'report', '--stats', f'--input={trace}'])
    dump.expect_success()
    exact = re.search(r'SAMPLE events:\s+(\d+)', dump.output)
    return int(exact.group(1))


def check(client):
    for runtime in client.runtimes():
        trace = client.path(f'trace.{runtime}')
        run = record(client, runtime, trace)
        announced = re.search(r'\((\d+) samples\)', run.output)
        found = report(client, trace)
        if announced:
            harness.expect(found == int(announced.group(1)), f'under {runtime} {announced.group(0)} announced, {found} found')
        harness.expect(found > 0, f'under {runtime} the trace holds no sample')
        size = os.path.getsize(trace)
        if runtime == 'atomrt':
            run.expect_served(1, size // 64)
            run.expect_no_errors()
            # The headers and the tables at the end are written otherwise.
            harness.expect(size // 2 <= run.total('bytes') <= size,
                           f'the trace has {size} bytes, atomrt wrote {run.total("bytes")}')
        print(f'{runtime}: {found} samples in {size} bytes' +
              (f', {run.requests()} requests' if runtime == 'atomrt' else ''))


if __name__ == '__main__':
    harness.main(check, needs=['perf', 'dd'])
