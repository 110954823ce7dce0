# SPDX-License-Identifier: MIT
"""Each variable that src/ reads is known to the launcher, which warns of others, and to libatomrt(7)."""
import re

from project import conclude, name, root, sources

READ = re.compile(r'\b(?:environment|read_number)\((?:found, )?"([A-Z_]+)"')
KNOWN = re.compile(r"KNOWN\[\] = \{([^}]*)\}")
LAUNCHER = root() / "preload/launcher/environment.cpp"
PAGE = root() / "man/libatomrt.7"

read = {variable: name(path) for path in sources("src") for variable in READ.findall(path.read_text())}
known = set(re.findall(r'"([A-Z_]+)"', KNOWN.search(LAUNCHER.read_text())[1]))
told = set(re.findall(r"^\.It Ev ATOMRT_([A-Z_]+)", PAGE.read_text(), re.M))
findings = [f"{read[variable]}: reads ATOMRT_{variable}, which {name(LAUNCHER)} calls unknown"
            for variable in sorted(read.keys() - known)]
findings += [f"{name(LAUNCHER)}: src/ reads no ATOMRT_{variable}" for variable in sorted(known - read.keys())]
findings += [f"{name(PAGE)} has no ATOMRT_{variable}" for variable in sorted(read.keys() - told)]
conclude(findings if read else ["found no variable in src/"])
