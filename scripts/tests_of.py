"""What Meson knows of some tests: tests_of.py names|targets BUILD-FOLDER SUITE [PREFIX] prints one a line.

names: as `meson test` takes them; targets: the files that ninja must build for them.
"""
import json
import os
import subprocess
import sys


def introspect(what, folder):
    command = ["meson", "introspect", f"--{what}", folder]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


what, folder, suite, prefix = (sys.argv[1:] + [""])[:4]
tests = [test for test in introspect("tests", folder)
         if any(entry.rpartition(":")[2] == suite for entry in test["suite"]) and test["name"].startswith(prefix)]
if what == "names":
    lines = {test["name"] for test in tests}
else:
    files = {target["id"]: target["filename"] for target in introspect("targets", folder)}
    lines = {os.path.relpath(file, os.path.abspath(folder))
             for test in tests for target in test["depends"] for file in files[target]}
for line in sorted(lines):
    print(line)
