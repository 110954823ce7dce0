# SPDX-License-Identifier: MIT
"""What Meson knows of some tests: tests_of.py names|targets BUILD-FOLDER SUITE [PREFIX [LIMITS]] prints one a line.

names: as `meson test` takes them; targets: the files that ninja must build for them. Only tests whose name starts with
PREFIX count, and is not in the file LIMITS: there one name a line, without PREFIX, and a reason after #.
"""
import json
import os
import sys


def introspect(what, folder):
    """What `meson introspect` prints is in these files; to start Meson for it takes ten times as long."""
    with open(os.path.join(folder, "meson-info", f"intro-{what}.json"), encoding="utf-8") as answer:
        return json.load(answer)


def listed(path):
    if not path:
        return set()
    with open(path, encoding="utf-8") as lines:
        return {line.partition("#")[0].strip() for line in lines} - {""}


what, folder, suite, prefix, limits = (sys.argv[1:] + ["", ""])[:5]
left_out = {prefix + name for name in listed(limits)}
tests = [test for test in introspect("tests", folder)
         if any(entry.rpartition(":")[2] == suite for entry in test["suite"])
         and test["name"].startswith(prefix) and test["name"] not in left_out]
if what == "names":
    output = {test["name"] for test in tests}
else:
    files = {target["id"]: target["filename"] for target in introspect("targets", folder)}
    output = {os.path.relpath(file, os.path.abspath(folder))
              for test in tests for target in test["depends"] for file in files[target]}
sys.stdout.writelines(f"{line}\n" for line in sorted(output))
