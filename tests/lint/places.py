# SPDX-License-Identifier: MIT
"""ARCHITECTURE.md shows the moves between places as src/chain/place.h has them."""

import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
BY = {"OWNER": "owner", "LANE_LOCK": "lane's lock", "QUEUE_LOCK": "queue's lock",
      "LIST_LOCK": "list's lock", "CLAIM": "claim"}

code = (ROOT / "src/chain/place.h").read_text()
moves = re.findall(r'\{Place::(\w+), Place::(\w+), MovedBy::(\w+), "([^"]+)"\}', code)
rows = [f"| `{origin}` | `{to}` | {BY[by]} | {who} |" for origin, to, by, who in moves]
shown = [line for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines() if re.match(r"\| `[A-Z_]+` \| `", line)]
if not rows or rows != shown:
    print("ARCHITECTURE.md, Places: not the moves of src/chain/place.h, which are")
    print("\n".join(rows))
    sys.exit(1)
