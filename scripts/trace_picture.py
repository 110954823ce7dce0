#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws a trace of atomrt as SVG: a row for each request, in the order of their beginnings, coloured by where it was.

Usage: trace_picture.py TRACE.json PICTURE.svg TITLE [FIRST [COUNT]]     of the requests from the FIRST one (0) on, COUNT (40)
"""
import collections
import html
import json
import sys

WIDTH, LEFT, RIGHT, TOP, ROW, BAR = 900, 150, 90, 66, 14, 10
COLOURS = {
    "running": "#2f7d4f", "held behind earlier requests": "#b9b9b9", "parked until its turn": "#d8c7a0",
    "waiter: left to the thread that waits": "#cfe3d4", "threads: queued": "#e3b04b", "ring: mailed": "#b98bd0",
    "ring: in the kernel": "#7d3fa0", "direct: in the kernel": "#3b6fb6", "direct: polls for its peer": "#9cc1ec",
    "waits for its peer": "#d9e6f5",
}
AT_ONCE = "#2f7d4f"


def load(path):
    with open(path, encoding="ascii") as file:
        text = file.read()
    return json.loads(text)


def requests_of(events):
    """[(begin, end, name, [(phase, begin, end)], context)], times in microseconds; end None: it has none."""
    by_id = collections.defaultdict(list)
    for event in events:
        if "id2" in event:
            by_id[event["id2"]["local"]].append(event)
    requests = []
    for of_one in by_id.values():
        of_one.sort(key=lambda event: event["ts"])
        name, begin, end, phases, begun, context = of_one[0]["name"], of_one[0]["ts"], None, [], {}, ""
        for event in of_one:
            if event["ph"] == "b":
                begun[event["name"]] = event["ts"]
            elif event["ph"] == "e" and event["name"] == name:
                end = event["ts"]
            elif event["ph"] == "e" and event["name"] in COLOURS:
                phases.append((event["name"], begun.pop(event["name"]), event["ts"]))
            elif event["name"] == "done":
                context = event["args"].get("in", event["args"].get("error", ""))
        phases += [(phase, at, None) for phase, at in begun.items() if phase in COLOURS]
        requests.append((begin, end, name, phases, context))
    return sorted(requests)


def text_at(x, y, text, anchor="start", size=11, colour="#333"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{html.escape(text)}</text>'


def bar(x, y, width, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{BAR}" fill="{colour}"/>'


def draw(requests, title):
    start = requests[0][0]
    last = max(time for request in requests for time in (request[0], request[1] or 0) +
               tuple(of_phase[2] or 0 for of_phase in request[3]))
    scale = (WIDTH - LEFT - RIGHT) / max(last - start, 1)

    def place(time):
        return LEFT + ((last if time is None else time) - start) * scale

    bottom = TOP + ROW * len(requests) + 8
    used = [name for name in COLOURS if any(phase[0] == name for request in requests for phase in request[3])]
    parts = [text_at(LEFT, 16, title, size=13)]
    x = LEFT
    for name in used:
        parts += [bar(x, 26, BAR, COLOURS[name]), text_at(x + 14, 35, name)]
        x += 26 + 6.1 * len(name)
    for tick in range(5):
        time = start + (last - start) * tick / 4
        parts.append(f'<line x1="{place(time):.1f}" y1="{TOP - 8}" x2="{place(time):.1f}" y2="{bottom}" stroke="#ddd"/>')
        parts.append(text_at(place(time), TOP - 12, f"{(time - start) / 1000:.2f} ms", "middle"))
    for row, (begin, end, name, phases, context) in enumerate(requests):
        y = TOP + ROW * row
        parts.append(text_at(LEFT - 8, y + BAR - 1, name, "end"))
        parts.append(f'<rect x="{place(begin):.1f}" y="{y}" width="{max(place(end) - place(begin), 1):.1f}" height="{BAR}" '
                     f'fill="{"#f3f3f3" if phases else AT_ONCE}" stroke="#ccc" stroke-width="0.5"/>')
        parts += [bar(place(at), y, place(till) - place(at), COLOURS[phase]) for phase, at, till in phases]
        parts.append(text_at(place(end) + 5, y + BAR - 1, context if end is not None else "in flight", colour="#777"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 6}" font-family="sans-serif">\n'
            f'<rect width="{WIDTH}" height="{bottom + 6}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")


def main():
    if not 4 <= len(sys.argv) <= 6:
        sys.exit(__doc__)
    first, count = (int(text) for text in (sys.argv[4:] + ["0", "40"][len(sys.argv) - 4:]))
    requests = requests_of(load(sys.argv[1]))[first:first + count]
    if not requests:
        sys.exit(f"{sys.argv[1]}: no request")
    with open(sys.argv[2], "w", encoding="ascii") as file:
        file.write(draw(requests, sys.argv[3]))


if __name__ == "__main__":
    main()
