# SPDX-License-Identifier: MIT
"""Makes the root folder of a guest with its list of tests, and prints how many these are. See --help.

What `meson introspect` names for the tests chosen here is copied to the path that it has, with the libraries that it
needs.
"""
import argparse
import json
import pathlib
import re
import shlex
import shutil
import subprocess

PROGRAMS = ["/usr/bin/busybox", "/usr/bin/dash", "/usr/bin/env", "/usr/bin/fio", "/usr/bin/true"]
# No program needs these; some ask for them by name.
LIBRARIES = ["librt.so.1", "libpthread.so.0", "libdl.so.2", "libgcc_s.so.1"]
MODULES = ["libcrc32c", "loop", "fuse", "xfs", "tun"]  # in this order
ALL_CONTEXTS = "head-waiter-direct-ring-threads"

# This many claims, evenly spread over those that an emulated machine is not too slow for.
CLAIMS = 66
SLOW_CLAIMS = re.compile(r"0x7ffff000|thousand|storm|many_threads|lists_cost|again_and_again|callers_once")
# These look at glibc's archives, which are not there.
UNIT_BUT = re.compile(r"library/allocation|os/older_glibc/|wrapped_names_exist")
HOSTILE = {
    "a_daemon_starts_afresh", "a_filter_may_be_entered_with_requests_in_flight",
    "a_process_may_end_with_requests_outstanding", "children_that_exec_leave_requests_alone",
    "descriptors_of_any_number_may_be_replaced", "descriptors_that_a_program_does_not_know_may_be_closed",
    "descriptors_used_up_leave_requests_alone", "many_threads_may_fork_at_once",
    "privileges_may_be_given_up_with_requests_in_flight", "programs_at_a_fixed_address_close_as_before",
    "select_accept_and_recv_see_no_eintr", "submitters_that_end_at_once_lose_nothing",
    "the_disk_interrupts_no_blocking_call", "use_before_and_after_main",
}
LOADER = re.compile(r"loader_.*/lazy-" + ALL_CONTEXTS)
# Each job has a file of its own: all run at the same time, and two that write one file find each other's blocks in it.
FIO = {
    "depth-1": "--rw=randwrite --iodepth=1",
    "depth-16": "--rw=randrw --iodepth=16",
    "direct": "--rw=randwrite --iodepth=8 --direct=1",
    "fsync": "--rw=randrw --iodepth=8 --fsync=16",
}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.partition(".")[0])
    parser.add_argument("--only", default="", metavar="PATTERN", help="the chosen tests whose names have it")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="each so often")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("modules", type=pathlib.Path, help="the kernel's")
    arguments = parser.parse_args()
    for name in "build", "root", "modules":
        setattr(arguments, name, getattr(arguments, name).resolve())
    return arguments


def meson_tests(build):
    command = ["meson", "introspect", "--tests", str(build)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def chosen(tests):
    """Those of meson's tests that are run, claims last: they are the most, and the shortest."""
    claims = [test["name"].partition("/")[2] for test in tests if test["name"].startswith("linked/")
              and test["suite"][0].endswith("conformance")]
    claims = sorted(claim for claim in set(claims) if not SLOW_CLAIMS.search(claim))
    claims = set(claims[number * len(claims) // CLAIMS] for number in range(CLAIMS))

    def rank(test):
        setup, _, name = test["name"].partition("/")
        suite = test["suite"][0].rpartition(":")[2]
        if suite == "unit":
            return None if UNIT_BUT.search(test["name"]) else 0
        if suite == "hostile":
            if LOADER.fullmatch(test["name"]):
                return 1
            return 1 if name in HOSTILE and setup in ("linked", "preload-" + ALL_CONTEXTS) else None
        return 2 if suite == "conformance" and name in claims and re.fullmatch("linked|preload-.*", setup) else None

    return sorted((test for test in tests if rank(test) is not None), key=rank)


class Root:
    """The folder."""

    def __init__(self, place):
        self.place = place
        for folder in "dev etc ext4 modules proc run sys tmp xfs usr/bin usr/lib usr/lib64".split():
            (place / folder).mkdir(parents=True)
        for link in "bin", "lib", "lib64":
            (place / link).symlink_to(f"usr/{link}")
        (place / "usr/sbin").symlink_to("bin")

    def copy(self, path, to=None):
        target = self.place / str(to or path).lstrip("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)

    def copy_program(self, path):
        self.copy(path)
        output = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        for library in re.findall(r"(/\S+) \(0x", output):
            self.copy(pathlib.Path(library).resolve(), library)

    def furnish(self, modules):
        for path in PROGRAMS:
            self.copy_program(path)
        self.copy("/usr/bin/dash", "/usr/bin/sh")  # a preload does not reach busybox, which is static
        for name in LIBRARIES:
            place = pathlib.Path("/usr/lib/x86_64-linux-gnu") / name
            self.copy(place.resolve(), place)
        applets = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout
        for applet in applets.split():
            if not (self.place / "usr/bin" / applet).exists():
                (self.place / "usr/bin" / applet).symlink_to("busybox")
        (self.place / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        (self.place / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
        for number, name in enumerate(MODULES):
            for found in modules.rglob(f"{name}.ko*"):
                target = self.place / "modules" / f"{number}-{name}.ko"
                if found.suffix == ".xz":
                    target.write_bytes(subprocess.run(["xz", "-dc", found], capture_output=True, check=True).stdout)
                else:
                    shutil.copy2(found, target)
        self.copy(pathlib.Path(__file__).parent / "init", "/init")


def fio_jobs(launcher):
    for folder in "ext4", "xfs":
        for job, options in FIO.items():
            name = f"fio-verify-{job}-on-{folder}"
            yield name, (f"{launcher} fio --name={name} --directory=/{folder} --ioengine=posixaio --size=8m --bs=4k "
                         f"--verify=crc32c --verify_fatal=1 {options}").split()


def main():
    arguments = parse()
    build = arguments.build
    root = Root(arguments.root)
    root.furnish(arguments.modules)
    launcher = build / "preload/atomrt"
    for path in launcher, build / "preload/libatomrt-preload.so", build / "preload/libatomrt-audit.so":
        root.copy_program(path)
    for library in build.glob("src/libatomrt.so*"):
        if library.is_file():
            root.copy(library)
    for module in build.glob("tests/**/*.so"):
        root.copy(module)
    runs = [("doctor", [str(launcher), "--doctor"]), *fio_jobs(launcher)]
    for test in chosen(meson_tests(build)):
        if not re.search(arguments.only, test["name"]):
            continue
        words = [str(build / word) if (build / word).is_file() else word for word in test["cmd"]]
        for word in words:
            if word.startswith(str(build)):
                root.copy_program(word)
        settings = [f"{key}={value}" for key, value in test["env"].items()]
        runs.append((test["name"], ["env", *settings, *words]))
    runs = [run for run in runs if re.search(arguments.only, run[0])] * arguments.repeat
    lines = [shlex.join(["run", name, *command]) for name, command in runs]
    (arguments.root / "tests").write_text("".join(line + "\n" for line in lines))
    print(len(runs))


main()
