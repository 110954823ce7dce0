# SPDX-License-Identifier: MIT
"""An example does what it says: run.py NAME PLAIN LINKED PRELOAD, by glibc, preloaded and linked."""
import os
import pathlib
import subprocess
import sys
import tempfile

name, plain, linked, preload = sys.argv[1:]
WAYS = {"glibc": (plain, {}), "preloaded": (plain, {"LD_PRELOAD": preload}), "linked": (linked, {})}
SIZES = {"empty": 0, "small": 100, "odd": 3_000_017}


def run(way, *arguments):
    program, variables = WAYS[way]
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"} | variables
    result = subprocess.run([program, *map(str, arguments)], env=environment, capture_output=True, text=True,
                            timeout=600, check=False)
    assert result.returncode == 0, f"{way}: {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout


def check_copy(way, folder):
    for size in SIZES:
        run(way, folder / size, folder / "copy")
        assert (folder / "copy").read_bytes() == (folder / size).read_bytes(), f"{way}: {size}"


def check_event_loop(way, folder):
    for how in "signal", "function":
        assert run(way, how, folder / "odd") == "4096 bytes\n", f"{way}: {how}"


def check_list(way, folder):
    lines = run(way, *(folder / size for size in SIZES)).splitlines()
    expected = [f"{folder / size}: {end} {min(length, 512)} bytes" for size, length in SIZES.items()
                for end in ("first", "last")]
    assert lines == expected, f"{way}: {lines}"


def check_statistics(way, folder):
    lines = run(way, folder / "odd").splitlines()
    assert lines[0] == f"4096 bytes, served by {'glibc' if way == 'glibc' else 'atomrt'}", lines
    assert ("requests 1" in lines) == (way != "glibc"), lines


with tempfile.TemporaryDirectory() as scratch:
    place = pathlib.Path(scratch)
    for file, length in SIZES.items():
        (place / file).write_bytes(os.urandom(length))
    for one in WAYS:
        globals()[f"check_{name}"](one, place)
