# SPDX-License-Identifier: MIT
"""A file holds one concept: at most 350 lines in the library, 400 elsewhere, the licence's own not counted."""
from project import conclude, files, name

MOST_IN_LIBRARY = 350
MOST_ELSEWHERE = 400
SUFFIXES = {".h", ".cpp", ".c", ".py", ".sh", ".build", ""}


def lines_of(path):
    with path.open("rb") as file:
        return sum(1 for line in file if b"SPDX-License-Identifier:" not in line)


def findings(most, *folders):
    for path in files(*folders):
        if path.suffix in SUFFIXES and lines_of(path) > most:
            yield f"{name(path)}: {lines_of(path)} lines, at most {most}"


conclude([
    *findings(MOST_IN_LIBRARY, "src", "include"),
    *findings(MOST_ELSEWHERE, "preload", "tests", "scripts", "bench"),
])
