"""A command on a terminal of its own."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SECONDS = 60
_ESCAPE = re.compile(r"\x1b\[(?P<how>[?\d;]*)(?P<what>[A-Za-z])")


class Terminal:
    """What a person who started a command sees."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self.written = ""
        """All that came, with what moves the cursor."""
        self._end = end
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def screen(self) -> list[str]:
        """The lines that are seen now."""
        lines, row = [""], 0
        for part in re.split(r"(\x1b\[[?\d;]*[A-Za-z]|\r\n|\r)", self.written):
            escape = _ESCAPE.fullmatch(part)
            if escape and escape["what"] == "A":
                row -= int(escape["how"] or 1)
            elif escape and (escape["how"], escape["what"]) == ("2", "K"):
                lines[row] = ""
            elif part == "\r\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif not escape and part != "\r":
                lines[row] += part
        return [line.rstrip() for line in lines]

    @property
    def cursor(self) -> bool:
        """Whether the cursor is seen."""
        return self.written.rfind("\x1b[?25l") <= self.written.rfind("\x1b[?25h")

    def wait_for(self, text: str) -> None:
        """Look until it is on the screen.

        Raises `TimeoutError` that shows the screen.
        """
        deadline = time.monotonic() + _SECONDS
        while not any(text in line for line in self.screen):
            if time.monotonic() > deadline or not self._reader.is_alive():
                raise TimeoutError("\n".join([f"no {text!r} on", *self.screen]))
            time.sleep(0.05)

    def ended(self) -> int:
        """The exit status, when all has been seen."""
        code = self.process.wait(_SECONDS)
        self._reader.join(_SECONDS)
        return code

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        while True:
            try:
                found = os.read(self._end, 4096)
            except OSError:  # Linux says so when nobody has the terminal any more.
                return
            self.written += decoder.decode(found)


@contextmanager
def terminal(*command: str, columns: int = 100, rows: int = 30) -> Iterator[Terminal]:
    """The command on a terminal of this size; killed when the block ends before it."""
    ours, its_own = pty.openpty()
    fcntl.ioctl(its_own, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        command,
        stdin=its_own,
        stdout=its_own,
        stderr=its_own,
        env={**env, "TERM": "xterm"},
    )
    os.close(its_own)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
