# SPDX-License-Identifier: MIT
"""What the tests have run of src/: coverage.py BUILD-FOLDER LIMITS prints lines and branches by file and in total.

BUILD-FOLDER was configured with -Db_coverage=true, and its tests have run. What several objects have of a line, of a header
or of another build of the same source, counts together: a branch is known by its function's place, its line and its number
there. (So all objects must be compiled alike: where they disagree about a line's branches, that is an error.) LIMITS names
what is not run, and why: `FILE: LINES BRANCHES # reason`, several lines of a file add up. The status is 1 if a file leaves
out more than it names, or if the totals are below 97 % of the lines and 90 % of the branches.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
LEAST_LINES, LEAST_BRANCHES = 97, 90


def told_by_gcov(data):
    words = ["gcov", "--json-format", "--stdout", "--branch-probabilities", str(data)]
    told = json.loads(subprocess.run(words, cwd=data.parent, capture_output=True, check=True).stdout)
    folder = told["current_working_directory"]
    for entry in told["files"]:
        path = pathlib.Path(os.path.normpath(os.path.join(folder, entry["file"])))
        if path.is_relative_to(ROOT / "src"):
            yield str(path.relative_to(ROOT)), entry


class File:
    def __init__(self):
        self.lines = collections.Counter()
        self.branches = collections.Counter()  # of (line, function's line and column, how many there are, which)

    def add(self, entry):
        places = {function["name"]: (function["start_line"], function["start_column"]) for function in entry["functions"]}
        for line in entry["lines"]:
            number, place = line["line_number"], places.get(line.get("function_name"))
            self.lines[number] += line["count"]
            branches = [branch["count"] for branch in line["branches"] if not branch["throw"]]
            for which, count in enumerate(branches):
                self.branches[number, place, len(branches), which] += count

    def disagreements(self):
        numbers = collections.Counter((line, place) for line, place, _, which in self.branches if which == 0)
        return sorted(line for (line, _), count in numbers.items() if count > 1)

    def missing_lines(self):
        return sorted(number for number, count in self.lines.items() if count == 0)

    def missing_branches(self):
        return sorted(key[0] for key, count in self.branches.items() if count == 0)


def collected(folder):
    files = collections.defaultdict(File)
    # The tests' C has nothing of src/.
    data = sorted(path for part in ("src", "preload", "tests") for path in pathlib.Path(folder, part).resolve().rglob("*.gcda")
                  if not path.name.endswith(".c.gcda"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for told in pool.map(lambda path: list(told_by_gcov(path)), data):
            for name, entry in told:
                files[name].add(entry)
    return files


def limits(path):
    found = collections.defaultdict(lambda: [0, 0])
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        words, _, reason = line.partition("#")
        if words.strip():
            name, _, counts = words.partition(":")
            if not reason.strip():
                sys.exit(f"{path}: no reason is given in: {line}")
            for which, count in enumerate(counts.split()):
                found[name.strip()][which] += int(count)
    return found


def percent(part, whole):
    return 100 if whole == 0 else 100 * part / whole


def ranges(numbers):
    spans = []
    for number in numbers:
        if spans and number <= spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def times(numbers):
    counts = collections.Counter(numbers)
    return ", ".join(str(number) if count == 1 else f"{number} ({count})" for number, count in sorted(counts.items()))


def main():
    files = collected(sys.argv[1])
    allowed = limits(sys.argv[2])
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "src").rglob("*.cpp")}
    wrong = [f"{name}: is in no program of the tests" for name in sorted(sources - files.keys() - allowed.keys())]
    wrong += [f"{name}: is named, but is not there" for name in sorted(allowed.keys() - files.keys() - sources)]
    lines = branches = lines_run = branches_run = 0
    print(f"{'':32} lines          branches")
    for name, file in sorted(files.items()):
        no_lines, no_branches = file.missing_lines(), file.missing_branches()
        all_lines, all_branches = len(file.lines), len(file.branches)
        lines, branches = lines + all_lines, branches + all_branches
        lines_run, branches_run = lines_run + all_lines - len(no_lines), branches_run + all_branches - len(no_branches)
        print(f"{name:32} {percent(all_lines - len(no_lines), all_lines):5.1f} % of {all_lines:3}"
              f"  {percent(all_branches - len(no_branches), all_branches):5.1f} % of {all_branches:3}"
              f"{'  not: ' + ranges(no_lines) if no_lines else ''}"
              f"{'; branches of ' + times(no_branches) if no_branches else ''}")
        most_lines, most_branches = allowed.get(name, (0, 0))
        if len(no_lines) > most_lines or len(no_branches) > most_branches:
            wrong.append(f"{name}: {len(no_lines)} lines and {len(no_branches)} branches are not run, and "
                         f"{most_lines} and {most_branches} are allowed")
        if file.disagreements():
            wrong.append(f"{name}: objects disagree about the branches of {ranges(file.disagreements())}")
    share_of_lines, share_of_branches = percent(lines_run, lines), percent(branches_run, branches)
    print(f"{'in total':32} {share_of_lines:5.1f} % of {lines}  {share_of_branches:5.1f} % of {branches}")
    if share_of_lines < LEAST_LINES or share_of_branches < LEAST_BRANCHES:
        wrong.append(f"less than {LEAST_LINES} % of the lines or {LEAST_BRANCHES} % of the branches")
    for finding in wrong:
        print(f"WRONG {finding}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
