# SPDX-License-Identifier: MIT
"""A program that makes no request: what the preload costs it, counted against no preload and against an empty one.

startup_costs_little.py PRELOAD EMPTY LOOK: EMPTY is a preload that does nothing, LOOK prints what a process has.
"""
import os
import re
import shutil
import subprocess
import sys

# Beyond what the loader takes for an empty library; binding the library's calls above all, then its looks for the
# loader's lock and for where glibc keeps a thread's number.
MOST_OWN_INSTRUCTIONS = 52_000
# Beyond what a process has without a preload: an empty library takes 16, and a page more or less is chance.
MOST_OWN_KIB = 40
preload, empty, look = sys.argv[1:]
true = shutil.which("true")


def environment(library):
    # The same size with and without: the loader and the library walk through all of it.
    variables = {"PATH": os.environ["PATH"], "LANG": "C"} | {f"FILLER_{i}": "x" * 40 for i in range(30)}
    return variables | ({"LD_PRELOAD": library} if library else {})


def instructions(library):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", true]
    done = subprocess.run(command, env=environment(library), capture_output=True, text=True, timeout=600)
    match = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or match is None:
        print(done.stderr)
        return None
    return int(match[1])


def present(library):
    """Threads, signals caught, mappings, anonymous ones, KiB of its own memory: the least of several runs."""
    runs = [subprocess.run([look], env=environment(library), capture_output=True, text=True, check=True).stdout.split()
            for _ in range(20)]
    return min(runs, key=lambda fields: int(fields[4]))


findings = []
without, served = present(None), present(preload)
print(f"threads, signals caught, mappings, anonymous, KiB: without {without}, with {served}")
if served[0] != "1" or served[1] != without[1]:
    findings.append("a thread or a handler before the first request")
# The library's own data that begins as zeros is at most one mapping; nothing else is mapped.
if int(served[3]) - int(without[3]) > 1 or int(served[2]) - int(without[2]) > 7:
    findings.append("mappings before the first request")
if int(served[4]) - int(without[4]) > MOST_OWN_KIB:
    findings.append(f"more than {MOST_OWN_KIB} KiB of its own memory")

if shutil.which("valgrind") is None:
    print("no valgrind: instructions are not counted")
else:
    counts = [instructions(library) for library in (None, empty, preload)]
    print("instructions of true: alone {}, with an empty preload {}, with atomrt {}".format(*counts))
    if None in counts:
        findings.append("instructions cannot be counted")
    elif counts[2] - counts[1] > MOST_OWN_INSTRUCTIONS:
        findings.append(f"more than {MOST_OWN_INSTRUCTIONS} instructions")
print("\n".join(findings))
sys.exit(bool(findings))
