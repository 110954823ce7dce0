#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""xrdcp copies a local file: XRootD's client reads and writes local files with aio_read and aio_write."""

import filecmp
import os

import harness

SIZE = 20 << 20


def check(client):
    source = client.path('source')
    with open(source, 'wb') as file:
        file.write(os.urandom(SIZE))
    for runtime in client.runtimes():
        target = client.path(f'target.{runtime}')
        run = client.run(runtime, ['xrdcp', '--nopbar', f'file://{source}', f'file://{target}'])
        run.expect_success()
        harness.expect(filecmp.cmp(source, target, shallow=False), f'under {runtime} the copy differs')
        if runtime == 'atomrt':
            run.expect_served(2, 2 * SIZE // 4096)
            run.expect_no_errors()
            harness.expect(run.total('bytes') == 2 * SIZE,
                           f'{SIZE} bytes were copied, atomrt read and wrote {run.total("bytes")}')
            print(f'{SIZE} bytes read and written in {run.requests()} requests')


if __name__ == '__main__':
    harness.main(check, needs=['xrdcp'])
