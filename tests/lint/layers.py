# SPDX-License-Identifier: MIT
"""Each file of src/ includes only its own layer or those to its left, as "layer/file.h"; liburing is exec's alone."""
import re

from project import LAYERS, conclude, name, root, sources

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def findings_in(path):
    layer = path.relative_to(root() / "src").parts[0]
    if layer not in LAYERS:
        yield f"{name(path)}: src/{layer} is no layer"
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        where, (quote, header) = f"{name(path)}:{number}", match.groups()
        first = header.split("/")[0]
        if quote == "<":
            if first.startswith("liburing") and layer != "exec":
                yield f"{where}: only exec may include <{header}>"
            if first in LAYERS and "/" in header:
                yield f"{where}: a header of the project is included in quotes: <{header}>"
        elif "/" not in header or first not in LAYERS:
            yield f'{where}: "{header}" names no layer'
        elif LAYERS.index(first) > LAYERS.index(layer):
            yield f"{where}: {layer} must not include {first}: it is to the right"
        elif not (root() / "src" / header).is_file():
            yield f'{where}: there is no "{header}"'


conclude([finding for path in sources("src") for finding in findings_in(path)])
