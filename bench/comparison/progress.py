# SPDX-License-Identifier: MIT
"""What is going on, on standard error: one line that is rewritten on a terminal, else a line now and then."""

import sys
import time

QUIET_SECONDS = 30


class Progress:
    def __init__(self, stream=sys.stderr):
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.last = time.monotonic()
        self.width = 0

    def show(self, text):
        if self.is_terminal:
            text = text[:118]
            self.stream.write('\r' + text.ljust(self.width))
            self.width = len(text)
            self.stream.flush()
        elif time.monotonic() - self.last > QUIET_SECONDS:
            self.say(text)
            self.last = time.monotonic()

    def say(self, text):
        """A line that stays."""
        self.clear()
        print(text, file=self.stream, flush=True)

    def clear(self):
        if self.is_terminal and self.width:
            self.stream.write('\r' + ' ' * self.width + '\r')
            self.stream.flush()
        self.width = 0
