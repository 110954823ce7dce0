# SPDX-License-Identifier: MIT
"""What the lints share: the project's files, and how a finding is told."""
import pathlib
import subprocess
import sys

LAYERS = ["base", "os", "aiocb", "chain", "exec", "engine", "posix"]  # each may use those to its left
SOURCE_SUFFIXES = {".h", ".cpp", ".c"}
SKIPPED = 77


def root():
    return pathlib.Path(sys.argv[1]).resolve()


def known_to_git():
    """What git knows or would add; None in a release, or without git."""
    command = ["git", "-C", str(root()), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return None if result.returncode else [root() / path for path in set(result.stdout.split("\0")) - {""}]


def files(*folders):
    """The project's files below the given folders (all of it without any), in order."""
    paths = known_to_git()
    if paths is None:
        paths = [path for path in root().rglob("*") if not path.relative_to(root()).parts[0].startswith(("build", ".git"))]
    starts = [root() / folder for folder in folders] or [root()]
    return sorted(path for path in paths if path.is_file() and any(path.is_relative_to(start) for start in starts))


def sources(*folders):
    return (path for path in files(*folders) if path.suffix in SOURCE_SUFFIXES)


def name(path):
    return str(path.relative_to(root()))


def conclude(findings):
    """One line a finding, and the exit status of the lint."""
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)
