# SPDX-License-Identifier: MIT
"""debian/ builds by Debian's own tools with LTO, the same bytes in two folders, which install, work and go again."""
import pathlib
import re
import subprocess
import sys
import tempfile

from project import root, skip
from tree import copy_sources, has, plain_environment, run

NAMES = ("libatomrt1", "libatomrt-dev", "atomrt")
if not has("dpkg-buildpackage", "dh", "lintian", "pkg-config"):
    skip("no dpkg-dev, debhelper or lintian")


def fail(*lines):
    print(*lines, sep="\n")
    sys.exit(1)


def build(folder):
    """The packages by their names."""
    source = copy_sources(folder / "atomrt")
    # Without its header there are no USDT probes.
    has_header = subprocess.run(["dpkg-query", "-W", "systemtap-sdt-dev"], capture_output=True, check=False).returncode == 0
    profile = [] if has_header else ["-Ppkg.atomrt.nousdt"]
    unmet = subprocess.run(["dpkg-checkbuilddeps", *profile], cwd=source, capture_output=True, text=True, check=False)
    if unmet.returncode != 0:
        skip(unmet.stderr.strip())
    # CCACHE: a second compilation of the same would prove less.
    run("dpkg-buildpackage", "-b", "-us", "-uc", "-j2", *profile, cwd=source, env=plain_environment(CCACHE_DISABLE="1"))
    return {path.name.split("_")[0]: path for path in folder.glob("*.deb")}


def check_symbols_file():
    """Of each symbol that the library shows there is a line, and of no other."""
    text = (root() / "tests/abi/exports.txt").read_text()
    shown = set()
    for section in re.findall(r"^\[libatomrt\.so\.1[^]]*\]\n((?:[^\[\n#].*\n)*)", text, re.M):
        shown |= set(section.split())
    listed = set(re.findall(r"^ (?:\(.*\))?(\w+)@Base", (root() / "debian/libatomrt1.symbols").read_text(), re.M))
    if not shown or shown != listed:
        fail(f"debian/libatomrt1.symbols and tests/abi/exports.txt differ: {' '.join(sorted(shown ^ listed))}")


def check_version():
    version = re.search(r"version: '([^']+)'", (root() / "meson.build").read_text())[1]
    packaged = re.match(r"atomrt \(([^-]+)-", (root() / "debian/changelog").read_text())[1]
    spec = re.search(r"^Version: *(\S+)", (root() / "rpm/atomrt.spec").read_text(), re.M)[1]
    news = re.search(r"^## (\S+)", (root() / "NEWS.md").read_text(), re.M)[1]
    if len({version, packaged, spec, news}) != 1:
        fail(f"versions differ: meson.build {version}, debian {packaged}, rpm {spec}, NEWS.md {news}")


def check_no_empty_folder(package):
    entries = [line.split(maxsplit=5)[5].split(" -> ")[0] for line in run("dpkg-deb", "-c", package).splitlines()]
    empty = [folder for folder in entries if folder.endswith("/") and not any(entry.startswith(folder) and entry != folder
                                                                              for entry in entries)]
    if empty:
        fail(f"{package.name} has empty folders:", *empty)


def check_installed(packages, scratch):
    """Into a root folder of its own; nothing of the machine is changed."""
    tree = scratch / "root"
    for folder in ("var/lib/dpkg/updates", "var/lib/dpkg/info", "var/lib/dpkg/triggers"):
        (tree / folder).mkdir(parents=True)
    (tree / "var/lib/dpkg/status").touch()
    # libc6 is not in there.
    dpkg = ("dpkg", f"--root={tree}", "--force-not-root", "--force-depends", f"--log={scratch}/dpkg.log")
    run(*dpkg, "-i", *packages.values())
    launcher, examples = tree / "usr/bin/atomrt", tree / "usr/share/doc/libatomrt-dev/examples"
    (library,) = tree.glob("usr/lib/*/libatomrt.so.1")
    scripts = tree / "usr/share/atomrt/bpftrace"
    for script in ("latency_by_context.bt", "slow_requests.bt", "who_submits.bt"):
        if f"usdt:/{library.relative_to(tree)}:atomrt:submit" not in (scripts / script).read_text():
            fail(f"{script} names another library")
    for page in ("man1/atomrt.1", "man7/libatomrt.7", "man7/atomrt-deploy.7", "man3/aio_read64.3atomrt"):
        if not (tree / f"usr/share/man/{page}.gz").exists():
            fail(f"no {page}.gz")
    data, copy = scratch / "data", scratch / "copy"
    data.write_bytes(bytes(range(256)) * 5000)
    environment = plain_environment(PKG_CONFIG_LIBDIR=str(library.parent / "pkgconfig"), PKG_CONFIG_SYSROOT_DIR=str(tree))
    for way in ([], ["-static"]):
        flags = run("pkg-config", *["--static"] * len(way), "--cflags", "--libs", "atomrt", env=environment).split()
        run("gcc", *way, "-I", tree / "usr/include", examples / "copy.c", "-o", scratch / "linked", *flags)
        run(scratch / "linked", data, copy, env=plain_environment(LD_LIBRARY_PATH=str(library.parent)))
        if copy.read_bytes() != data.read_bytes():
            fail(f"a copy by the installed library differs {way}")
    run("gcc", examples / "copy.c", "-o", scratch / "plain")
    run(launcher, "--doctor")
    copy.unlink()
    run(launcher, f"--stats={scratch}/statistics", scratch / "plain", data, copy)
    if copy.read_bytes() != data.read_bytes() or "completed " not in (scratch / "statistics").read_text():
        fail("the installed launcher does not serve")
    run(*dpkg, "--purge", *NAMES)
    left = [path for path in tree.rglob("*") if path.is_file() and "var/lib/dpkg" not in str(path)]
    if left:
        fail("left after purge:", *left)


check_symbols_file()
check_version()
with tempfile.TemporaryDirectory() as place:
    base = pathlib.Path(place)
    one, other = build(base / "one"), build(base / "a-longer-path" / "below")
    if not set(NAMES) <= one.keys() or one.keys() != other.keys():
        fail(f"built {sorted(one)} and {sorted(other)}")
    for package, path in one.items():
        if path.read_bytes() != other[package].read_bytes():
            fail(f"{path.name} differs between two folders")
        check_no_empty_folder(path)
    (changes,) = (base / "one").glob("*.changes")
    print(run("lintian", "--fail-on", "error", "--display-level", ">=warning", "--allow-root", changes))
    check_installed({package: one[package] for package in NAMES}, base)
