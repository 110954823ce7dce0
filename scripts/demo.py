# SPDX-License-Identifier: MIT
"""fio's posixaio on one real file, under glibc and under atomrt in turn, as one table: demo.py LAUNCHER.

Interleaved rounds, medians. The file lies below the build folder: on a disk, not in memory, and gone in any case.
"""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 3
SECONDS = 2.0        # of one measurement
TRIAL_SECONDS = 0.5  # of the one that tells which contexts serve
FILE_MIB = 256
CONTEXTS = ["head", "direct", "ring", "waiter", "threads"]

WORKLOADS = [
    # name, fio's rw, depth, O_DIRECT
    ("cached random read, depth 1", "randread", 1, 0),
    ("O_DIRECT random read, depth 1", "randread", 1, 1),
    ("O_DIRECT random read, depth 32", "randread", 32, 1),
    ("buffered random write, depth 1", "randwrite", 1, 0),
    ("buffered random write, depth 32", "randwrite", 32, 0),
]


class Progress:
    """A line that is written over on a terminal, a line a measurement elsewhere."""

    def __init__(self, steps):
        self.steps, self.step, self.is_terminal = steps, 0, sys.stderr.isatty()

    def show(self, text):
        self.step += 1
        line = f"[{self.step:2}/{self.steps}] {text}"
        print(f"\r\033[K{line}" if self.is_terminal else line, end="" if self.is_terminal else "\n", file=sys.stderr, flush=True)

    def clear(self):
        if self.is_terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, folder, launcher):
        self.folder, self.launcher = folder, launcher
        self.file = os.path.join(folder, "data")
        self.environment = {name: value for name, value in os.environ.items()
                            if name != "LD_PRELOAD" and not name.startswith("ATOMRT_")}

    def make_file(self):
        block = os.urandom(1 << 20)
        with open(self.file, "wb") as file:
            for _ in range(FILE_MIB):
                file.write(block)
            os.fsync(file.fileno())

    def settle(self):
        """The file is on the disk and in the page cache, whatever ran before."""
        with open(self.file, "r+b", buffering=0) as file:
            os.fsync(file.fileno())
            while file.read(1 << 20):
                pass

    def fio(self, prefix, workload, seconds):
        """IOPS, or None where fio cannot do it here (no O_DIRECT)."""
        _, rw, depth, direct = workload
        self.settle()
        command = prefix + [
            "fio", "--name=demo", f"--filename={self.file}", "--ioengine=posixaio", f"--rw={rw}", "--bs=4k",
            f"--iodepth={depth}", f"--direct={direct}", f"--size={FILE_MIB}m", f"--runtime={seconds}s", "--time_based",
            "--invalidate=0", "--norandommap", "--output-format=json"]
        result = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True,
                                check=False, timeout=600)
        if result.returncode:
            if direct and "Invalid argument" in result.stdout + result.stderr:
                return None
            raise RuntimeError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
        job = json.loads(result.stdout[result.stdout.index("{"):])["jobs"][0]
        return job["read" if rw == "randread" else "write"]["iops"]

    def served_by(self, workload):
        """Requests by context, from the statistics of a short run."""
        report = os.path.join(self.folder, "statistics")
        self.fio([self.launcher, f"--stats={report}"], workload, TRIAL_SECONDS)
        counts = dict.fromkeys(CONTEXTS, 0)
        with open(report, encoding="utf-8") as lines:
            for line in lines:
                name, _, value = line.partition(" ")
                context, _, counter = name.partition(".")
                if counter == "requests":
                    counts[context] = counts.get(context, 0) + int(value)
        return counts


def shares(counts):
    total = sum(counts.values())
    parts = [(name, 100 * count / total) for name, count in counts.items() if count]
    return ", ".join(f"{name} {share:.0f} %" if share >= 1 else f"{name} <1 %" for name, share in parts) or "nobody"


def measure(bench):
    sides = {"glibc": [], "atomrt": [bench.launcher]}
    progress = Progress(1 + len(WORKLOADS) * (1 + ROUNDS * len(sides)))
    progress.show(f"writing a file of {FILE_MIB} MiB")
    bench.make_file()
    served, rates = {}, {}
    for workload in WORKLOADS:
        progress.show(f"{workload[0]}: which contexts serve it")
        served[workload] = bench.served_by(workload)
    for number in range(ROUNDS):
        for workload in WORKLOADS:
            for side, prefix in sides.items():
                progress.show(f"round {number + 1} of {ROUNDS}: {workload[0]}, {side}")
                rates.setdefault((workload, side), []).append(bench.fio(prefix, workload, SECONDS))
    progress.clear()
    return served, rates


def print_table(served, rates, seconds):
    print(f"fio posixaio, 4 KiB, one file, one job: IOPS, median of {ROUNDS} interleaved rounds\n")
    print(f"{'':33}{'glibc':>10}{'atomrt':>10}{'ratio':>8}   served by")
    total = dict.fromkeys(CONTEXTS, 0)
    for workload in WORKLOADS:
        glibc, atomrt = rates[workload, "glibc"], rates[workload, "atomrt"]
        if None in glibc + atomrt:
            print(f"{workload[0]:33}   the file system of the build folder has no O_DIRECT")
            continue
        before, after = statistics.median(glibc), statistics.median(atomrt)
        print(f"{workload[0]:33}{before:10,.0f}{after:10,.0f}{after / before:8.2f}   {shares(served[workload])}")
        for name, count in served[workload].items():
            total[name] += count
    print(f"\nAll requests of a short run of each, by context: {shares(total)}. Measured in {seconds:.0f} s.")


def main():
    launcher = os.path.abspath(sys.argv[1])
    if not shutil.which("fio"):
        sys.exit("run: fio is not installed")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    began = time.monotonic()
    build = os.path.dirname(os.path.dirname(launcher))
    try:
        with tempfile.TemporaryDirectory(prefix="demo.", dir=build) as folder:
            served, rates = measure(Bench(folder, launcher))
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
        sys.exit(f"\nrun: the demonstration failed: {error}")
    print_table(served, rates, time.monotonic() - began)
    if not any(sum(counts.values()) for counts in served.values()):
        sys.exit("run: atomrt served nothing")


main()
