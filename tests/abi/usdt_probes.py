# SPDX-License-Identifier: MIT
"""Each library has the USDT probes that libatomrt(7) names, each with its seven arguments, wherever it is inlined."""
import re
import sys

from elf import readelf

PROBES = {"submit", "decline", "complete", "cancel", "notify"}
ARGUMENTS = 7
NOTE = re.compile(r"Provider: (\S+)\s+Name: (\S+)\s+Location: .*\s+Arguments:(.*)")

for library in sys.argv[1:]:
    probes = NOTE.findall(readelf("-n", library))
    assert {(provider, name) for provider, name, _ in probes} == {("atomrt", name) for name in PROBES}, (library, probes)
    for _, name, arguments in probes:
        sizes = [int(size) for size in re.findall(r"(-?\d)@", arguments)]
        assert len(sizes) == ARGUMENTS, (library, name, arguments)
        assert [abs(size) for size in sizes] == [8, 4, 4, 8, 4, 4, 8], (library, name, arguments)
    print(f"{library}: {len(probes)} places")
