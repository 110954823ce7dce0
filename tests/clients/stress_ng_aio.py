#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""stress-ng --aio: requests notified by signal in several processes, cancelled at the end.

Its processes rename themselves over their arguments and environment: atomrt's settings must outlive that.
"""

import re

import harness

OPERATIONS = 4000
REQUESTS_AT_ONCE = 16
PROCESSES = 2


def operations(run):
    found = re.search(r'metrc:.* aio +(\d+) ', run.output)
    harness.expect(found, f'stress-ng gave no metrics:\n{run.output}')
    return int(found.group(1))


def check(client):
    for runtime in client.runtimes():
        run = client.run(runtime, ['stress-ng', '--aio', str(PROCESSES), '--aio-requests', str(REQUESTS_AT_ONCE),
                                   '--aio-ops', str(OPERATIONS), '--verify', '--metrics', '--timeout', '30s',
                                   '--temp-path', client.folder])
        run.expect_success()
        done = operations(run)
        harness.expect(done >= OPERATIONS, f'under {runtime} {done} of {OPERATIONS} operations were done')
        # Each operation is one notified request; those in flight at the end are cancelled or waited for.
        run.expect_served(done, 2 * done + 2 * PROCESSES * REQUESTS_AT_ONCE)
        if runtime == 'atomrt':
            harness.expect(len(run.statistics) == PROCESSES, f'{len(run.statistics)} of {PROCESSES} processes were served')
        print(f'{runtime}: {done} operations' + (f', {run.requests()} requests' if runtime == 'atomrt' else ''))


if __name__ == '__main__':
    harness.main(check, needs=['stress-ng'])
