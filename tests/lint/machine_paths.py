# SPDX-License-Identifier: MIT
"""No file names a folder of the machine that it was written on."""
import re

from project import conclude, files, name

# Put together here, or this file would find itself.
PLACES = re.compile("(?<![\\w.~}])/" + "(work|root)" + "(?![\\w-])")


def findings_in(path):
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return  # a picture
    for number, line in enumerate(text.splitlines(), 1):
        if match := PLACES.search(line):
            yield f"{name(path)}:{number}: names {match[0]}"


conclude([finding for path in files() for finding in findings_in(path)])
