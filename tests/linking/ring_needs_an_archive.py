# SPDX-License-Identifier: MIT
"""Without an archive of liburing the ring is left out, and is not asked for in vain: ring_needs_an_archive.py SOURCE.

Configures only. As on Fedora, pkg-config knows a liburing that has a shared library and no archive.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

DESCRIPTION = """libdir={folder}
Name: liburing
Version: 2.5
Description: has no archive
Libs: -L${{libdir}} -luring
"""
failures = []


def configure(source, folder, choice, place):
    """The exit status of meson, what it printed, and the arguments of all links."""
    build = folder / choice
    command = ["meson", "setup", build, source, "-Dtests=false", f"-Dring={choice}"]
    result = subprocess.run(command, text=True, capture_output=True, check=False, env=place)
    ninja = build / "build.ninja"
    return result.returncode, result.stdout + result.stderr, ninja.read_text() if ninja.exists() else ""


def expect(is_right, what, *details):
    if not is_right:
        failures.append(what)
        print(what, *details, sep="\n")


source = pathlib.Path(sys.argv[1])
with tempfile.TemporaryDirectory(prefix="atomrt-ring.") as name:
    scratch = pathlib.Path(name)
    (scratch / "liburing.pc").write_text(DESCRIPTION.format(folder=scratch))
    (scratch / "liburing.so").symlink_to("/dev/null")
    for place, title in (({"PKG_CONFIG_LIBDIR": name}, "no archive"), ({"PKG_CONFIG_LIBDIR": "/nowhere"}, "no liburing")):
        environment = {key: value for key, value in os.environ.items() if key != "PKG_CONFIG_PATH"} | place
        folder = scratch / f"build-{len(title)}"
        status, output, ninja = configure(source, folder, "auto", environment)
        expect(status == 0, f"{title}: auto does not configure", output)
        expect("no_ring_thread" in ninja and "uring.cpp" not in ninja, f"{title}: auto builds the ring")
        expect("luring" not in ninja and "liburing" not in ninja, f"{title}: something is linked with liburing")
        expect(any("ring (io_uring)" in line and ": no" in line for line in output.splitlines()),
               f"{title}: the summary does not say that there is no ring", output)
        status, output, _ = configure(source, folder, "enabled", environment)
        expect(status != 0, f"{title}: enabled configures all the same", output)
sys.exit(bool(failures))
