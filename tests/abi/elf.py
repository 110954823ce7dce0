# SPDX-License-Identifier: MIT
"""What readelf tells of a library, for the tests beside this file."""
import re
import subprocess


def readelf(option, library):
    command = ["readelf", "-W", option, library]
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout


def dynamic_symbols(library):
    """(name with version, section, type) of each dynamic symbol; a section of UND is a reference."""
    for line in readelf("--dyn-syms", library).splitlines():
        fields = line.split()
        if len(fields) >= 8 and re.fullmatch(r"\d+:", fields[0]):
            yield fields[7], fields[6], fields[3]


def exports(library):
    # The version nodes themselves are absolute symbols; sections are no names that anybody asks for.
    return {name for name, section, kind in dynamic_symbols(library) if section not in ("UND", "ABS") and kind != "SECTION"}


def imports(library):
    return {name for name, section, _ in dynamic_symbols(library) if section == "UND"}


def needed(library):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", library))


def is_bound_at_load(program):
    """With what is bound read-only afterwards: full RELRO, in the words of checksec."""
    return bool(re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b|\(BIND_NOW\)", readelf("-d", program))) \
        and "GNU_RELRO" in readelf("-l", program)
