# SPDX-License-Identifier: MIT
"""A library shows exactly what exports.txt lists: exported_symbols.py SECTION... LIBRARY."""
import pathlib
import sys

import elf


def listed(section):
    current, symbols = None, set()
    for line in (pathlib.Path(__file__).parent / "exports.txt").read_text().splitlines():
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        if line.startswith("["):
            current = line.strip("[] ")
        elif current == section:
            symbols |= {fields[0] + version for version in fields[1:] or [""]}
    return symbols


*sections, library = sys.argv[1:]
expected, found = set(), elf.exports(library)
for section in sections:
    symbols = listed(section)
    if not symbols:
        sys.exit(f"exports.txt has no section [{section}]")
    expected |= symbols
for symbol in sorted(expected - found):
    print(f"{symbol} is listed, the library does not show it")
for symbol in sorted(found - expected):
    print(f"{symbol} is shown, exports.txt does not list it")
sys.exit(expected != found)
