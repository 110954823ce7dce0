# SPDX-License-Identifier: MIT
"""Each header compiles by itself, without warnings: arguments are the project, then the C and the C++ compiler, by `--`."""
import concurrent.futures
import re
import subprocess
import sys

from project import conclude, name, root, sources

WARNINGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-D_GNU_SOURCE", "-U_FILE_OFFSET_BITS"]
FOLDERS = [f"-I{root() / folder}" for folder in ("src", "include", "preload")]
SEPARATOR = sys.argv.index("--", 3)
C_COMPILER, CPP_COMPILER = sys.argv[3:SEPARATOR], sys.argv[SEPARATOR + 1:]
AS_CPP = CPP_COMPILER + ["-x", "c++", "-std=c++20", "-fno-exceptions", "-fno-rtti", "-Wconversion"]
AS_C = C_COMPILER + ["-x", "c", "-std=gnu11"]


def failure(job):
    path, compiler = job
    # Included by an empty file: a #pragma once of the main file would be warned of.
    command = compiler + WARNINGS + FOLDERS + ["-include", str(path), "/dev/null"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{name(path)} does not compile alone:\n{result.stderr}" if result.returncode else None


def begins_its_source(header):
    """Then each build compiles it by itself, as the first that NAME.cpp includes."""
    source = header.with_suffix(".cpp")
    first = re.search(r'^#include ["<](.*)[">]', source.read_text(), re.M) if source.exists() else None
    return first is not None and any(header == root() / folder / first[1] for folder in ("src", "preload"))


headers = [path for path in sources("src", "include", "preload") if path.suffix == ".h"]
jobs = [(path, AS_CPP) for path in headers if not begins_its_source(path)]
jobs += [(path, AS_C) for path in sources("include")]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    conclude([text for text in pool.map(failure, jobs) if text])
