# SPDX-License-Identifier: MIT
"""Adds up what `meson test` logged: totals.py [--failures] LOG.json... prints "PASSED FAILED SKIPPED", or the failures,
each with what its program said of it at last."""
import json
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP", "IGNORED"}


def results(paths):
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                yield json.loads(line)


def last_words(test):
    lines = [line.strip() for line in (test.get("stdout", "") + "\n" + test.get("stderr", "")).splitlines()]
    told = [line for line in lines if line.startswith("[   LINE") or line.startswith("[  FAILED") and "listed" not in line]
    lines = told or [line for line in lines if line]
    return "; ".join(dict.fromkeys(lines[-3:]))[:300]


def main(arguments):
    if arguments[:1] == ["--failures"]:
        for test in results(arguments[1:]):
            if test["result"] not in PASSED | SKIPPED:
                name = test["name"].partition(" / ")[2] or test["name"]
                print(f"{name}: {test['result']}: {last_words(test)}")
        return
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for test in results(arguments):
        result = test["result"]
        counts["passed" if result in PASSED else "skipped" if result in SKIPPED else "failed"] += 1
    print(counts["passed"], counts["failed"], counts["skipped"])


main(sys.argv[1:])
