#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Memcheck finds no error in a small program of AIO, and warns of no system call: valgrind_memcheck.py PRELOAD PLAIN
LINKED, the program without the library, which is run preloaded, and with it."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

PATIENCE_S = 300  # far longer than it takes: it hangs, or ends in seconds
CONTEXTS = ["", "head,waiter,direct,ring,threads", "direct,ring"]


def memcheck(program, environment, folder):
    """What is wrong with the run."""
    run = subprocess.Popen(["valgrind", "--error-exitcode=9", program], cwd=folder, env=os.environ | environment, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = run.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        return "it hangs:\n" + run.communicate()[0]
    errors = re.search(r"ERROR SUMMARY: (\d+) errors", output)
    if run.returncode == 0 and errors and errors[1] == "0" and "unhandled" not in output:
        return None
    return f"exit status {run.returncode}:\n{output}"


def main():
    preload, plain, linked = map(os.path.abspath, sys.argv[1:])  # they run in a folder of their own
    if shutil.which("valgrind") is None:
        print("skipped: no valgrind")
        return 77
    with tempfile.TemporaryDirectory(dir=".") as folder:
        if wrong := memcheck(plain, {}, folder):
            print(f"skipped: memcheck does not run the program with glibc's AIO here: {wrong}")
            return 77
        failed = False
        for contexts in CONTEXTS:
            for program, environment in ((plain, {"LD_PRELOAD": preload}), (linked, {})):
                if wrong := memcheck(program, environment | {"ATOMRT_CONTEXTS": contexts}, folder):
                    print(f"{program} {environment} ATOMRT_CONTEXTS={contexts}: {wrong}")
                    failed = True
        return failed


sys.exit(main())
