# SPDX-License-Identifier: MIT
"""Puts known faults back into the library, one at a time, and looks whether the search finds them.

Usage: run.py [--build BUILD] [--sample N] [--quick] [--but SCENARIO]... [--seconds S] [NAME]...

Without names all are tried (the long form). --sample N: N of them, others each day. --quick: none that is
found only after long. --but: not by that scenario. Each has to be found within S seconds (120). BUILD is a build folder with tests/schedule/run in it.
"""
import argparse
import concurrent.futures
import datetime
import json
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

from mutants import MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[3]
SEEDS = 4000  # of each scenario in turn


class Failure(Exception):
    pass


def commands_of(build):
    """The compiler's command for each source of the library, from Meson's list."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if "libschedule-library" in entry["output"]:
            source = pathlib.Path(entry["directory"], entry["file"]).resolve()
            found[source.relative_to(ROOT / "src")] = entry
    if not found:
        raise Failure(f"{build} has no tests/schedule")
    return found


def ninja_commands(build, target):
    lines = subprocess.run(["ninja", "-C", build, "-t", "commands", target], capture_output=True, text=True, check=True)
    return lines.stdout.splitlines()


def check(words, folder):
    result = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise Failure(f"{' '.join(map(str, words))[:200]}\n{result.stderr[-2000:]}")


def affected(mutant, sources):
    """What has to be compiled again: a source alone, or all that a header may be in."""
    return [pathlib.Path(mutant.path)] if mutant.path.endswith(".cpp") else list(sources)


def make(mutant, build, folder):
    """The search's program with that fault in it."""
    shutil.copytree(ROOT / "src", folder / "src")
    shutil.copytree(ROOT / "include", folder / "include")
    path = folder / "src" / mutant.path
    text = path.read_text()
    if text.count(mutant.old) != 1:
        raise Failure(f"{mutant.path} has the words {text.count(mutant.old)} times")
    path.write_text(text.replace(mutant.old, mutant.new))
    sources = commands_of(build)
    again = affected(mutant, sources)
    (folder / "objects").mkdir()
    objects = {source: pathlib.Path(entry["directory"], entry["output"]) for source, entry in sources.items()}

    def compile_one(source):
        entry = sources[source]
        target = folder / "objects" / (str(source).replace("/", "_") + ".o")
        words = shlex.split(entry["command"])
        words[words.index("-o") + 1] = str(target)
        words[words.index("-c") + 1] = str(folder / "src" / source)
        for i, word in enumerate(words):
            if word == "-MF" or word == "-MQ":
                words[i + 1] = str(target) + ".d"
            elif word.startswith("-I"):
                named = pathlib.Path(entry["directory"], word[2:]).resolve()
                for own in ("src", "include"):
                    if named == ROOT / own:
                        words[i] = f"-I{folder / own}"
        words = [word for word in words if word not in ("-Werror",)] + ["-w"]
        check(words, entry["directory"])
        objects[source] = target

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(compile_one, again))
    joined, library = folder / "joined.o", folder / "library.o"
    check(["g++", "-r", "-nostdlib", "-fno-lto", "-Wl,--force-group-allocation", "-o", joined, *objects.values()], build)
    check(["objcopy", "--rename-section", ".data=library_data", "--rename-section", ".bss=library_bss",
           "--remove-section=.init_array", "--remove-section=.fini_array", joined, library], build)
    link = shlex.split(ninja_commands(build, "tests/schedule/run")[-1])
    link = [str(library) if word == "tests/schedule/library.o" else word for word in link]
    link[link.index("-o") + 1] = str(folder / "run")
    check(link, build)
    return folder / "run"


def search(program, seconds, but):
    """What finds it: the first lines of the report; or None."""
    begun = time.monotonic()
    first = 1
    before = [["--faults"], ["--systematic"]]  # after the first round of seeds
    while time.monotonic() - begun < seconds:
        if first > 1 and before:
            words = before.pop(0)
        else:
            words = ["--from", str(first), "--seeds", str(SEEDS)]
            first += SEEDS
        try:
            result = subprocess.run([program, *words, *but], capture_output=True, text=True, check=False,
                                    timeout=max(1, seconds - (time.monotonic() - begun)))
        except subprocess.TimeoutExpired:
            continue
        if result.returncode == 1:
            told = [line for line in result.stdout.splitlines() if ": " in line and "schedules" not in line and "runs with" not in line]
            return told[0] if told else "?"
    return None


def chosen(arguments):
    if arguments.names:
        unknown = set(arguments.names) - {mutant.name for mutant in MUTANTS}
        if unknown:
            raise Failure(f"no mutant {', '.join(sorted(unknown))}")
        return [mutant for mutant in MUTANTS if mutant.name in arguments.names]
    known = [mutant for mutant in MUTANTS if mutant.is_quick or not arguments.quick]
    if not arguments.sample:
        return known
    start = datetime.date.today().toordinal() * arguments.sample
    return [known[(start + i) % len(known)] for i in range(arguments.sample)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--but", action="append", default=[])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    missed = 0
    for mutant in chosen(arguments):
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                program = make(mutant, arguments.build.resolve(), pathlib.Path(folder))
                built = time.monotonic()
                told = search(program, arguments.seconds, [word for name in arguments.but for word in ("--but", name)])
                outcome = f"found after {time.monotonic() - built:.1f} s: {told}" if told else "NOT FOUND"
            except Failure as failure:
                told, outcome = None, f"FAILED: {failure}"
        missed += told is None
        print(f"{mutant.name:46} {outcome[:150]}", flush=True)
    print(f"{missed} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
