# SPDX-License-Identifier: MIT
"""C++ includes of the kernel's headers only those that have proved to be C++ on every Debian: they are written for C."""
import re

from project import conclude, name, sources

# Of <linux/ioprio.h>, f. i., an update to a stable release has a parameter that is named class.
PROVED = {"aio_abi.h", "filter.h", "fuse.h", "futex.h", "if_tun.h", "io_uring.h", "loop.h", "seccomp.h"}
INCLUDE = re.compile(r"^\s*#\s*include\s*<linux/([^>]+)>", re.M)

conclude([f"{name(path)}: <linux/{header}> is written for C and may be no C++: write out what is needed of it"
          for path in sources("src", "preload", "tests", "bench") if path.suffix != ".c"
          for header in INCLUDE.findall(path.read_text()) if header not in PROVED])
