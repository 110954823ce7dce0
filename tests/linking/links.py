# SPDX-License-Identifier: MIT
"""A program linked with the installed library does as under the preload: links.py LANGUAGE MODE FINDER BUILD-FOLDER COMPILER...

LANGUAGE: c, c++. MODE: dynamic, static, static-pie, or preload (linked with -lrt). FINDER: pkg-config, or plain for -I,
-L and -latomrt by hand.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED, NO_SET_UP = 77, 99
FUNCTIONS = ["aio_init", "aio_suspend", "aio_suspend64", "lio_listio", "lio_listio64"] + [
    f"aio_{name}{bits}" for name in ("cancel", "error", "fsync", "read", "return", "write") for bits in ("", "64")]
EXTRAS = ["atomrt_enable_statistics", "atomrt_pending_layout", "atomrt_version", "atomrt_write_pending",
          "atomrt_write_statistics"]
EXPECTED = ["served by atomrt", "files: right", "cancel: right", "lists and signal: right", "notification by thread: right"]
LINK = {"dynamic": [], "static": ["-static"], "static-pie": ["-static-pie"], "preload": []}
SAMPLE = pathlib.Path(__file__).parent / "sample.c"


def end(status, *lines):
    print(*lines, sep="\n")
    sys.exit(status)


def run(command, status=1, **options):
    result = subprocess.run(command, text=True, capture_output=True, check=False, **options)
    if result.returncode:
        end(status, f"{' '.join(map(str, command))}: status {result.returncode}", result.stdout, result.stderr)
    return result.stdout


def find(tree, name):
    """The file of that name in the installed tree, wherever the prefix and the library folder are."""
    found = next(tree.rglob(name), None)
    return found or end(NO_SET_UP, f"no {name} among what was installed")


def arguments_of_pkg_config(tree, is_static):
    description = find(tree, "atomrt.pc")
    place = os.environ | {"PKG_CONFIG_LIBDIR": str(description.parent), "PKG_CONFIG_SYSROOT_DIR": str(tree)}
    command = ["pkg-config", "--cflags", "--libs"] + ["--static"] * is_static + ["atomrt"]
    try:
        return run(command, env=place).split()
    except FileNotFoundError:
        return end(SKIPPED, "skipped: no pkg-config")


def arguments_by_hand(tree):
    headers, libraries = find(tree, "atomrt.h").parent, find(tree, "libatomrt.so").parent
    return [f"-I{headers}", f"-L{libraries}", "-latomrt"]


def providers(map_text):
    """Archive members that the linker took, by archive: {"libc.a": {"aio_misc.o"}}."""
    members = {}
    for archive, member in re.findall(r"^(?:\S*/)?(lib\w+\.a)\((\S+)\)$", map_text, re.MULTILINE):
        members.setdefault(archive, set()).add(member)
    return members


def check_names(archive):
    """The archive shows its functions and nothing else: what it holds of liburing can meet another in the program."""
    lines = run(["nm", "--extern-only", "--defined-only", archive]).splitlines()
    names = {line.split()[-1] for line in lines if line and not line.endswith(":")}
    names.discard("__aio_suspend_time64")  # 32-bit ABIs
    if names != set(FUNCTIONS + EXTRAS):
        end(1, f"{archive.name} shows other names: {' '.join(sorted(names ^ set(FUNCTIONS + EXTRAS)))}")


def check_archives(map_text, program):
    members = providers(map_text)
    if not members.get("libatomrt.a"):
        end(1, "nothing came from libatomrt.a")
    system = members.get("libc.a", set()) | members.get("librt.a", set())
    of_libc = sorted(name for name in system if re.match("aio|lio", name))
    if of_libc:
        end(1, f"libc.a gave {' '.join(of_libc)}")
    symbols = dict(reversed(line.split()[-2:]) for line in run(["nm", program]).splitlines())
    missing = [name for name in FUNCTIONS if symbols.get(name) != "T"]
    if missing:
        end(1, f"not in the program: {' '.join(missing)}")


def check_behaviour(program, mode, tree, scratch):
    libraries = find(tree, "libatomrt.so").parent
    environment = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "LD_LIBRARY_PATH")}
    environment["ATOMRT_STATS"] = str(scratch / "statistics")
    if mode == "dynamic":
        environment["LD_LIBRARY_PATH"] = str(libraries)
    elif mode == "preload":
        environment["LD_PRELOAD"] = str(libraries / "libatomrt-preload.so")
    lines = run([program, scratch / "data"], env=environment, timeout=600).splitlines()
    if lines[:len(EXPECTED)] != EXPECTED:
        end(1, *lines)
    # Both what the program asked for and what the library wrote at the program's end.
    for counts in (lines, (scratch / "statistics").read_text().splitlines()):
        if "requests 12" not in counts or "completed 12" not in counts:
            end(1, "not all 12 requests were counted:", *counts)


def main(language, mode, finder, build, *compiler):
    with tempfile.TemporaryDirectory(prefix="atomrt-linking.") as folder:
        scratch = pathlib.Path(folder)
        tree, program, link_map = scratch / "installed", scratch / "sample", scratch / "map"
        run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", tree], NO_SET_UP)
        command = [*compiler, "-x", language, "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", SAMPLE, "-x", "none"]
        command += ["-o", program, *LINK[mode], f"-Wl,-Map={link_map}"]
        is_static = mode.startswith("static")
        if is_static:
            try_out = [*compiler, *LINK[mode], "-x", language, "-", "-o", program]
            if subprocess.run(try_out, input="int main(void) { return 0; }", text=True, capture_output=True, check=False).returncode:
                end(SKIPPED, f"skipped: no {mode} programs here")
        if mode == "preload":
            command += [f"-I{find(tree, 'atomrt.h').parent}", "-lrt"]
        else:
            command += arguments_of_pkg_config(tree, is_static) if finder == "pkg-config" else arguments_by_hand(tree)
        run(command)
        if is_static:
            check_names(find(tree, "libatomrt.a"))
            check_archives(link_map.read_text(), program)
        check_behaviour(program, mode, tree, scratch)


main(*sys.argv[1:])
