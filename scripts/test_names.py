"""The names of some Meson tests: test_names.py BUILD-FOLDER SUITE PREFIX prints one a line."""
import json
import subprocess
import sys

folder, suite, prefix = sys.argv[1:]
listing = subprocess.run(["meson", "introspect", "--tests", folder], capture_output=True, text=True, check=True).stdout
for test in json.loads(listing):
    if any(entry.rpartition(":")[2] == suite for entry in test["suite"]) and test["name"].startswith(prefix):
        print(test["name"])
