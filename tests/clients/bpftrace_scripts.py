#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The scripts for bpftrace, each beside a program that atomrt serves: what they show is what it did."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

SOURCES, LIBRARY, PRELOAD, LAUNCHER, CLIENT = sys.argv[1:]
READS = 2000
# Attached last; the client notifies once.
SEEN = f'\nusdt:{PRELOAD}:atomrt:notify {{ printf("seen\\n"); }}\n'


def run_client(reads=0):
    subprocess.run([LAUNCHER, '--contexts=head,threads', CLIENT, 'exit', str(reads)], check=True, timeout=600,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def reason_against():
    """By a probe of its own: root alone does not say it (containers, kernels without BPF, lockdown)."""
    command = ['bpftrace', '-e', f'usdt:{PRELOAD}:atomrt:submit {{ }} BEGIN {{ exit(); }}']
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if answer.returncode == 0 else f'bpftrace cannot trace here: {answer.stderr.strip()[-300:]}'


def shown_by(name, folder, argument):
    """What the script shows of some runs of the client, of which the last one makes many reads."""
    path, output = os.path.join(folder, name), os.path.join(folder, 'output')
    with open(os.path.join(SOURCES, name + '.in'), encoding='ascii') as source, open(path, 'w', encoding='ascii') as file:
        file.write(source.read().replace('@LIBRARY@', LIBRARY).replace('@PRELOAD@', PRELOAD) + SEEN)
    with open(output, 'w', encoding='utf-8') as file, \
            subprocess.Popen(['bpftrace', '-B', 'line', path, argument], stdout=file, stderr=subprocess.STDOUT) as tracer:
        patience = time.monotonic() + 240
        while True:
            run_client()
            with open(output, encoding='utf-8') as so_far:
                if 'seen' in so_far.read():
                    break
            assert tracer.poll() is None and time.monotonic() < patience, open(output, encoding='utf-8').read()
        run_client(READS)
        tracer.send_signal(signal.SIGINT)
        status = tracer.wait(120)
    with open(output, encoding='utf-8') as file:
        text = file.read()
    assert status == 0, text
    return text


if len(sys.argv) != 6 or not os.path.exists(CLIENT):
    sys.exit('usage: bpftrace_scripts.py SOURCES LIBRARY PRELOAD LAUNCHER CLIENT')
REASON = reason_against()
if REASON:
    print(f'skipped: {REASON}')
    sys.exit(77)

with tempfile.TemporaryDirectory() as scratch:
    text = shown_by('latency_by_context.bt', scratch, '0')
    head = re.search(r'@head_us:\s*\n((?:\[.*\n)+)', text)
    assert head and sum(int(count) for count in re.findall(r'\)\s+(\d+) \||\]\s+(\d+) \|', head[1]) for count in count if count) \
        >= READS, text
    assert '@threads_us' in text and re.search(r'@declined_by\[0\]: [1-9]', text) and '@begun' not in text, text

    text = shown_by('slow_requests.bt', scratch, '1')
    # What waits takes some microseconds: a read of 300 bytes that finds five, the sync.
    assert text.count('OPERATION') == 1, text[:2000]
    rows = re.findall(r'^ *\d+ \S+ +(\d+) +(\d+) +(\d+) +(-?\d+) +(\d), (\d+)$', text, re.M)
    assert any(row[0] == '0' and row[2:5] == ('300', '5', '4') for row in rows), text[:2000]
    assert any(row[0] == '2' and row[3:5] == ('0', '4') for row in rows), text[:2000]

    text = shown_by('who_submits.bt', scratch, '0')
    client = r'launcher_trace_, (\d+), \1, \d+'
    assert re.search(rf'@requests\[{client}, 0\]: {READS + 2}$', text, re.M), text
    assert re.search(rf'@bytes\[{client}, 0\]: {READS + 700}$', text, re.M), text
    assert re.search(rf'@requests\[{client}, 2\]: 1$', text, re.M), text
    assert '@cancelled[launcher_trace_' in text and '@notified[launcher_trace_' in text, text
