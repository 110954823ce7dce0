# SPDX-License-Identifier: MIT
"""Puts known faults back into the library, one at a time, and looks whether the search finds them.

Usage: run.py [--build BUILD] [--sample N] [--quick] [--but SCENARIO]... [--seconds S] [--write] [NAME]...

Without names all are tried (the long form). --sample N: N of them, others each day. --quick: none that is
found only after long. --but: not by that scenario. Each has to be found within S seconds of a processor (120). BUILD is
a build folder with tests/schedule/run in it.

found.txt says what has found each: that schedule is played first, and if it shows nothing any more the search begins.
--write: and does not look there, and notes there what it finds.
"""
import argparse
import collections
import concurrent.futures
import datetime
import functools
import json
import pathlib
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile

from mutants import MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOUND = pathlib.Path(__file__).with_name("found.txt")
SEEDS = 400  # of each scenario in turn


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


def affected(mutant, sources, build):
    """What has to be compiled again: a source alone, or all that a header is in."""
    if mutant.path.endswith(".cpp"):
        return [pathlib.Path(mutant.path)]
    objects = {entry["output"]: source for source, entry in sources.items()}
    told = subprocess.run(["ninja", "-C", build, "-t", "deps", *objects], capture_output=True, text=True, check=True).stdout
    found, source = [], None
    for line in told.splitlines():
        if line and not line[0].isspace():
            source = objects.get(line.split(":")[0])
        elif line.strip().endswith("src/" + mutant.path) and source is not None:
            found.append(source)
    return found


def out_of_date():
    """Of all mutants, those whose words no longer stand in the library, once."""
    texts = {mutant: (ROOT / "src" / mutant.path).read_text() for mutant in MUTANTS}
    return [mutant.name for mutant, text in texts.items() if text.count(mutant.old) != 1]


def make(mutant, build, folder):
    """The search's program with that fault in it."""
    shutil.copytree(ROOT / "src", folder / "src")
    shutil.copytree(ROOT / "include", folder / "include")
    path = folder / "src" / mutant.path
    path.write_text(path.read_text().replace(mutant.old, mutant.new))
    sources = commands_of(build)
    again = affected(mutant, sources, build)
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
    commands = ninja_commands(build, "tests/schedule/run")
    rename = shlex.split(next(command for command in commands if "objcopy" in command))
    check([*rename[:-2], joined, library], build)
    link = shlex.split(commands[-1])
    link = [str(library) if word == "tests/schedule/library.o" else word for word in link]
    link[link.index("-o") + 1] = str(folder / "run")
    check(link, build)
    return folder / "run"


@functools.cache
def places_of_lines(program):
    """Of each line of src/ with atomic operations: where these return to, as far from the program's start."""
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], capture_output=True, text=True, check=True).stdout
    returns, is_call = [], False
    for line in code.splitlines():
        address, colon, instruction = line.partition(":")
        if not colon or not line.startswith(" "):
            continue
        if is_call:
            returns.append(address.strip())
        is_call = "call" in instruction and "<__tsan_atomic" in instruction and "signal_fence" not in instruction
    asked = "\n".join(f"{int(address, 16) - 1:x}" for address in returns)
    told = subprocess.run(["addr2line", "-ia", "-e", program], input=asked, capture_output=True, text=True, check=True).stdout
    found, at, is_known = collections.defaultdict(list), -1, False
    for line in told.splitlines():
        if line.startswith("0x"):
            at, is_known = at + 1, False
        elif "/src/" in line and not is_known:
            path, _, number = line.split(" ")[0].rpartition(":")
            found[(ROOT / path).resolve().relative_to(ROOT / "src"), int(number)].append(returns[at])
            is_known = True
    return found


def leave_out(mutant, program):
    """The options that leave out the orders of the mutant's line."""
    text = (ROOT / "src" / mutant.path).read_text()
    if text.count(mutant.old) != 1:
        raise Failure(f"{mutant.path} has the words {text.count(mutant.old)} times")
    begin = text[: text.index(mutant.old)].count("\n") + 1
    lines = range(begin, begin + mutant.old.count("\n") + 2)
    found = places_of_lines(program)
    places = [place for line in lines for place in found[pathlib.Path(mutant.path), line]]
    if not places:
        raise Failure(f"no operation returns to line {begin} of {mutant.path}")
    return [word for place in places for word in ("--leave-out", place)]


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def schedules():
    """What has found which mutant: a scenario, and the options that play it again."""
    lines = FOUND.read_text(encoding="utf-8").splitlines() if FOUND.exists() else []
    return {name: again.strip() for name, _, again in (line.partition(" ") for line in lines) if again}


def note(name, again):
    known = schedules() | {name: again}
    order = [mutant.name for mutant in MUTANTS if mutant.name in known]
    width = max(map(len, order)) + 1
    FOUND.write_text("".join(f"{entry:{width}} {known[entry]}\n" for entry in order), encoding="utf-8")


def search(program, mutant, seconds, but, options, known=None):
    """What finds it, what the report says, or None and None; and the processor's seconds until then."""
    begun = processor_seconds()
    first = 1
    others = [] if mutant.is_weak else [["--faults"], ["--systematic"], ["--faults", "--from", "9", "--seeds", "60"]]  # after the first round of seeds
    while (spent := processor_seconds() - begun) < seconds:
        if known:
            words, known = ["--quiet", "--scenario", *known.split()], None
        elif first > 1 and others:
            words = others.pop(0)
        else:
            words = ["--from", str(first), "--seeds", str(SEEDS), *(["--weak"] if mutant.is_weak else [])]
            first += SEEDS
        limit = str(max(1, int(seconds - spent)))
        try:
            result = subprocess.run(["prlimit", f"--cpu={limit}", program, "--first", *but, *options, *words],
                                    capture_output=True, text=True, check=False, timeout=20 * seconds)
        except subprocess.TimeoutExpired:
            break
        if result.returncode == 1:
            told = [line for line in result.stdout.splitlines() if ": " in line and " a second" not in line]
            again = [line.partition("--scenario ")[2] for line in told if "play it again: " in line]
            told = told[0] if told else "?"
            if "ended by signal 9" not in told and "ended by signal 24" not in told:
                what = told.partition(": ")[2].replace("../tests/schedule/", "")
                return again[0] if again else told.partition(": ")[0], what, processor_seconds() - begun
    return None, None, processor_seconds() - begun


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
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--but", action="append", default=[])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    stale = out_of_date()
    if stale:
        print(f"src/ has changed where these exchange words: {', '.join(stale)}")
        return 1
    missed, known = 0, {} if arguments.write else schedules()
    for mutant in chosen(arguments):
        with tempfile.TemporaryDirectory() as folder:
            try:
                build = arguments.build.resolve()
                program = build / "tests/schedule/run" if mutant.is_weak else make(mutant, build, pathlib.Path(folder))
                options = [*mutant.options, *(leave_out(mutant, program) if mutant.is_weak else [])]
                but = [word for name in arguments.but for word in ("--but", name)]
                told, what, spent = search(program, mutant, arguments.seconds, but, options, known.get(mutant.name))
                outcome = f"found after {spent:.1f} s by {told}: {what}" if told else f"NOT FOUND in {spent:.0f} s"
                if told and arguments.write:
                    note(mutant.name, told)
            except Failure as failure:
                told, outcome = None, f"FAILED: {failure}"
        missed += told is None
        print(f"{mutant.name:46} {outcome[:150]}", flush=True)
    print(f"{missed} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
