#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fio's posixaio engine writes a file, reads it back and verifies it, as threads and as processes.

Usage: fio_verifies.py JOBFILE. fio counts its reads, writes and synchronisations: atomrt's count must be the same.
"""

import json
import os
import sys

import harness


def load_report(path, run):
    # fio writes lines of text before the JSON document where it has something to say.
    with open(path, encoding='utf-8') as file:
        text = file.read()
    harness.expect('{' in text, f'fio gave no report:\n{text}\n{run.output}')
    return json.loads(text[text.index('{'):])['jobs']


def count(jobs, *directions):
    return sum(job[direction]['total_ios'] for job in jobs for direction in directions)


def unreported(jobs):
    """fio's report leaves fdatasync out: at most one after each write."""
    return sum(job['write']['total_ios'] for job in jobs if 'fdatasync' in job['job options'])


def run_jobs(client, runtime, jobfile, thread):
    folder = client.path(f'{runtime}.{thread}')
    report = folder + '.json'
    os.mkdir(folder)
    run = client.run(runtime, ['fio', '--output-format=json', f'--output={report}', jobfile],
                     environment={'FOLDER': folder, 'THREAD': thread})
    run.expect_success()
    jobs = load_report(report, run)
    harness.expect(all(job['error'] == 0 for job in jobs), f'under {runtime} a job failed:\n{run.output}')
    asked = count(jobs, 'read', 'write', 'sync')
    run.expect_served(asked, asked + unreported(jobs))
    run.expect_no_errors()
    return count(jobs, 'write'), count(jobs, 'read'), len(jobs)


def check(client, jobfile):
    for thread in ('1', '0'):
        outcomes = [run_jobs(client, runtime, jobfile, thread) for runtime in client.runtimes()]
        writes, reads, jobs = outcomes[0]
        harness.expect(outcomes[0] == outcomes[1], f'writes, reads, jobs differ: {outcomes}')
        print(f'thread={thread}: {jobs} jobs, {writes} writes, {reads} reads verified under both')


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    JOBFILE = os.path.abspath(sys.argv[1])
    harness.main(lambda client: check(client, JOBFILE), needs=['fio'])
