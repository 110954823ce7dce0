# SPDX-License-Identifier: MIT
"""Each function that a unit test replaces when it is linked (--wrap) is one that the code under test calls: the linker says
nothing of a name that matches nothing, as a mangled one does once the function's arguments change.

wrapped_names_exist.py LAYER=ARCHIVE... -- PROGRAM:LAYER:SYMBOL,SYMBOL...   layers from left to right"""
import glob
import subprocess
import sys


def called(files):
    """What objects refer to and don't define themselves: the linker replaces nothing within an object."""
    lines = subprocess.run(["nm", "--undefined-only", "--format=posix", *files], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    return {line.split()[0].partition("@")[0] for line in lines if line.strip() and not line.endswith(":")}


border = sys.argv.index("--")
known, so_far = {}, set()
for argument in sys.argv[1:border]:
    layer, _, archive = argument.partition("=")
    so_far = so_far | called([archive])
    known[layer] = so_far
misses = []
for argument in sys.argv[border + 1:]:
    program, layer, symbols = argument.split(":")
    # What headers alone hold is called by the test's own object.
    names = known[layer] | called(glob.glob(f"{program}.p/*.o"))
    misses += [f"{program} replaces {symbol}, which nothing calls" for symbol in symbols.split(",") if symbol not in names]
print("\n".join(misses))
sys.exit(bool(misses) or border + 1 == len(sys.argv))
