# SPDX-License-Identifier: MIT
"""Columns of C++ end at 120."""
from project import conclude, files, name

MOST_COLUMNS = 120

conclude([
    f"{name(path)}:{number}: {len(line)} columns, at most {MOST_COLUMNS}"
    for path in files("src", "include", "preload")
    if path.suffix in {".h", ".cpp"}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    if len(line) > MOST_COLUMNS
])
