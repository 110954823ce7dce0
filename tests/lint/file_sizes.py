# SPDX-License-Identifier: MIT
"""A file holds one concept: at most 400 lines, the licence's own not counted."""
from project import conclude, files, name

MOST_LINES = 400
SUFFIXES = {".h", ".cpp", ".c", ".py", ".sh", ".build", ""}


def lines_of(path):
    with path.open("rb") as file:
        return sum(1 for line in file if b"SPDX-License-Identifier:" not in line)


conclude([
    f"{name(path)}: {lines_of(path)} lines, at most {MOST_LINES}"
    for path in files("src", "include", "preload", "tests", "scripts", "bench")
    if path.suffix in SUFFIXES and lines_of(path) > MOST_LINES
])
