# SPDX-License-Identifier: MIT
"""The calls of calls.txt: `calls.py table LIST` prints them as a table for C, `calls.py check LIST ROOT LIBRARY...` fails
where the sources below ROOT, or the imports of the libraries, know one that the list does not."""
import pathlib
import re
import subprocess
import sys

# Which argument says what a call is to do, and how those constants begin.
CHOOSERS = {"fcntl": (1, "F_"), "fcntl64": (1, "F_"), "getsockopt": (2, "SO_"), "io_uring_register": (1, "IORING_REGISTER_"),
            "ioctl": (1, "TC"), "madvise": (2, "MADV_"), "prctl": (0, "PR_")}
# Newer than the headers, by number: on every architecture but alpha.
NUMBERS = {"statmount": 457}


def read_list(path):
    calls, functions = [], {}
    for line in path.read_text().splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "=":
            functions[words[1]] = words[2:]
        elif words[0] == "-":
            functions.update(dict.fromkeys(words[1:], []))
        else:
            calls.append(tuple(words))
    listed = {call[0] for call in calls}
    through_functions = sorted({call for made in functions.values() for call in made} - listed)
    return calls + [(call,) for call in through_functions], functions


def table(calls):
    print("/* Made by calls.py. The fields of struct call: number, which argument is looked at (-1: none), for what, name. */")
    for name, *constant in calls:
        number = NUMBERS.get(name)
        print(f"#ifdef SYS_{name}" if number is None else "#if 1")
        chooser = CHOOSERS[name][0] if constant else -1
        print(f'{{{number or "SYS_" + name}, {chooser}, {constant[0] if constant else 0}, "{" ".join([name, *constant])}"}},')
        print("#endif")


def asked_in_sources(root):
    for folder in ("src", "preload"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cpp") and "launcher" not in path.parts:  # a program that becomes another
                yield path.relative_to(root), re.sub(r"//.*", "", path.read_text())


def missing_in_sources(calls, functions, root):
    listed = {call[0] for call in calls}
    constants = {call[1] for call in calls if len(call) > 1}
    beginnings = {beginning for _, beginning in CHOOSERS.values()}
    for path, text in asked_in_sources(root):
        for name in sorted(set(re.findall(r"\bSYS_(\w+)", text)) - listed):
            yield f"{path}: {name}"
        for name in sorted(set(re.findall(r"\b(io_uring_\w+)\(", text)) - functions.keys()):
            yield f"{path}: {name}()"
        # The rest of a call's line, and the next, hold its constants.
        for call in re.findall(r"system_call\(([^;]*);", text):
            named = set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", call))
            for constant in sorted(named - constants):
                if any(constant.startswith(beginning) for beginning in beginnings):
                    yield f"{path}: {constant}"
            first = call.split(",")[0].split(")")[0].strip()
            known = re.fullmatch(r"SYS_\w+|number|long number|\w+ \? SYS_\w+ : SYS_\w+|[A-Z_]+", first)
            if not known:
                yield f"{path}: a call of no name: {first}"
        for name in re.findall(r"system_call\(([A-Z]+),", text):
            number = re.search(rf"constexpr long {name} = (\d+);", text)
            if number and NUMBERS.get(name.lower()) != int(number[1]):
                yield f"{path}: {name}, number {number[1]},"


def missing_in_libraries(functions, libraries):
    for library in libraries:
        names = subprocess.run(["nm", "-D", "--undefined-only", library], capture_output=True, text=True, check=True).stdout
        imports = {line.split()[-1].partition("@")[0] for line in names.splitlines() if line.split()}
        for name in sorted(imports - functions.keys()):
            yield f"{pathlib.Path(library).name}: {name}()"


def main():
    calls, functions = read_list(pathlib.Path(sys.argv[2]))
    if sys.argv[1] == "table":
        table(calls)
        return
    missing = [*missing_in_sources(calls, functions, pathlib.Path(sys.argv[3])),
               *missing_in_libraries(functions, sys.argv[4:])]
    for finding in missing:
        print(f"{finding} is not in calls.txt")
    sys.exit(bool(missing))


main()
