# SPDX-License-Identifier: MIT
"""Each source file names its licence in one of its first three lines."""
from project import conclude, files, name

LINE = "SPDX-License-Identifier: MIT"
SUFFIXES = {".h", ".cpp", ".c", ".py", ".sh", ".build", ".map", ".bash", ".fish", ".bt"}


def is_source(path):
    if path.suffix in SUFFIXES:
        return True
    with path.open("rb") as file:
        return path.suffix == "" and file.read(2) == b"#!"


def head(path):
    with path.open(encoding="utf-8") as file:
        return "".join(line for line, _ in zip(file, range(3)))


conclude([f"{name(path)} has no line '{LINE}' at its top"
          for path in files() if is_source(path) and LINE not in head(path)])
