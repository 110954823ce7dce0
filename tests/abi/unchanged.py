# SPDX-License-Identifier: MIT
"""A program linked with the last release runs with this library: unchanged.py BASELINE LIBRARY.

BASELINE is what abidw said of that release; LIBRARY is built with debugging information, for the types. A new function is
no change.
"""
import shutil
import subprocess
import sys

SKIPPED, NO_SET_UP = 77, 99
ERROR, USAGE_ERROR, CHANGED = 1, 2, 4 | 8  # abidiff(1), exit status

baseline, library = sys.argv[1:]
if not shutil.which("abidiff"):
    print("skipped: no abidiff (abigail-tools)")
    sys.exit(SKIPPED)
result = subprocess.run(["abidiff", "--no-added-syms", baseline, library],
                        text=True, capture_output=True, check=False)
if result.returncode & (ERROR | USAGE_ERROR):
    print(result.stdout + result.stderr)
    sys.exit(NO_SET_UP)
if result.returncode & CHANGED:
    print(f"{library} differs from {baseline}:", result.stdout, sep="\n")
    print("CONTRIBUTING.md, Releases, says what to do about it.")
    sys.exit(1)
