# SPDX-License-Identifier: MIT
"""src/<layer>/<name> has tests/unit/<layer>/<name>_test.cpp, and the other way round; mirror_exceptions.txt says why not.

posix/ is the conformance suite's.
"""
from project import LAYERS, conclude, root, sources


def exceptions():
    text = (root() / "tests/lint/mirror_exceptions.txt").read_text()
    entries = [line.partition("#") for line in text.splitlines() if line.partition("#")[0].strip()]
    return {entry.strip(): reason.strip() for entry, _, reason in entries}


def findings():
    excepted = exceptions()
    source_names = {"/".join(path.with_suffix("").parts[-2:]) for path in sources("src")}
    tested = {
        "/".join(path.parts[-2:]).removesuffix("_test.cpp")
        for path in sources("tests/unit") if path.name.endswith("_test.cpp") and path.parent.name in LAYERS
    }
    for source in sorted(source_names - tested - excepted.keys()):
        if not source.startswith("posix/"):
            yield f"src/{source} has no tests/unit/{source}_test.cpp"
    for test in sorted(tested - source_names):
        yield f"tests/unit/{test}_test.cpp tests nothing in src/"
    for entry, reason in excepted.items():
        if entry not in source_names or entry in tested:
            yield f"mirror_exceptions.txt: {entry} is gone or has a test"
        if not reason:
            yield f"mirror_exceptions.txt: {entry} gives no reason"


conclude(list(findings()))
