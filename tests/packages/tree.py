# SPDX-License-Identifier: MIT
"""What the tests of packages share: a copy of the sources, and commands that must succeed."""
import os
import shutil
import subprocess
import sys

from project import files, root


def copy_sources(folder):
    """What git knows of, as a release holds it."""
    for path in files():
        target = folder / path.relative_to(root())
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
    return folder


def run(*command, **options):
    options = {"check": False, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
    result = subprocess.run(list(map(str, command)), **options)
    if result.returncode:
        print(f"{' '.join(map(str, command))}: status {result.returncode}\n{(result.stdout or '')[-8000:]}")
        sys.exit(1)
    return result.stdout


def plain_environment(**more):
    """Without what would change the build."""
    removed = {"CFLAGS", "CXXFLAGS", "LDFLAGS", "CPPFLAGS", "LD_PRELOAD", "LD_LIBRARY_PATH", "DESTDIR", "MAKEFLAGS"}
    return {name: value for name, value in os.environ.items() if name not in removed} | more


def has(*tools):
    return all(map(shutil.which, tools))
