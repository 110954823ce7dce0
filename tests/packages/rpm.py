# SPDX-License-Identifier: MIT
"""rpm/atomrt.spec builds packages that hold each installed file once; Fedora's macros for Meson are written out here."""
import pathlib
import sys
import tarfile
import tempfile

from project import root, skip
from tree import copy_sources, has, plain_environment, run

NAMES = ("atomrt", "atomrt-libs", "atomrt-devel", "atomrt-static")
if not has("rpmbuild", "rpm"):
    skip("no rpmbuild")

# As Fedora's macros.meson has them, without the flags of its compiler packages.
MACROS = """
%_libdir %{_prefix}/lib64
%meson meson setup --buildtype=plain --prefix=%{_prefix} --libdir=%{_libdir} --bindir=%{_bindir} \\
  --includedir=%{_includedir} --datadir=%{_datadir} --mandir=%{_mandir} . build
%meson_build ninja -C build
%meson_install DESTDIR=%{buildroot} ninja -C build install
"""

with tempfile.TemporaryDirectory() as place:
    scratch = pathlib.Path(place)
    (scratch / "macros").write_text(MACROS.replace("\\\n ", ""))
    spec = (root() / "rpm/atomrt.spec").read_text()
    version = next(line.split()[1] for line in spec.splitlines() if line.startswith("Version:"))
    copy_sources(scratch / f"atomrt-{version}")
    (scratch / "SOURCES").mkdir()
    with tarfile.open(scratch / "SOURCES" / f"atomrt-{version}.tar.gz", "w:gz") as archive:
        archive.add(scratch / f"atomrt-{version}", f"atomrt-{version}")
    (scratch / "atomrt.spec").write_text(spec)
    # Another distribution's rpm knows no packages of this machine: --nodeps.
    run("rpmbuild", "-bb", "--nodeps", "--define", f"_topdir {scratch}", "--load", scratch / "macros",
        "--define", "_unpackaged_files_terminate_build 1", scratch / "atomrt.spec", cwd=scratch, env=plain_environment())
    built = {path.name.rsplit("-", 2)[0]: path for path in (scratch / "RPMS").rglob("*.rpm")}
    if not set(NAMES) <= built.keys():
        print("built only", *built)
        sys.exit(1)
    listed = {name: set(run("rpm", "-qlp", built[name]).split()) for name in NAMES}
    for name in NAMES:
        for other in NAMES:
            both = {path for path in listed[name] & listed[other] if "license" not in path and ".build-id" not in path}
            if name != other and both:
                print(f"{name} and {other} both have", *both)
                sys.exit(1)
    if "/usr/lib64/libatomrt-preload.so" not in listed["atomrt-libs"] or "/usr/bin/atomrt" not in listed["atomrt"]:
        print(listed)
        sys.exit(1)
