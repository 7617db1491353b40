"""What a multiplexer makes of keys and of output, without IO (chardev/char-mux.c).

An escape key (Ctrl-a) and a second key are a command; what else is typed is for the front end that
has the focus.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qmp_iothreadd.chardev.line_marks import LineMarks

FRONTENDS_LIMIT: Final = 4
"""The most front ends of one device."""

CTRL_A: Final = 0x01

_HELP = (
    ("h", "show these keys"),
    ("x", "end the emulator"),
    ("s", "write what disks changed back to their files (with -snapshot)"),
    ("t", "put a time before each line of output, or stop that"),
    ("b", "send a break (magic SysRq)"),
    ("c", "go to the next of console and monitors"),
)
_COMMANDS = frozenset([key for key, _ in _HELP])


class MuxKeys:
    """Finds commands among what is typed. ``escape``: the key that begins one, 0 to 255."""

    def __init__(self, escape: int = CTRL_A) -> None:
        self.escape = escape
        self._escaped = False

    def split(self, data: bytes) -> tuple[bytes, str, bytes]:
        """Read the start of ``data``, which is not empty.

        Returns: what is for the front end, the command's key, either of which may be empty, and
            the rest, which is yet to be read. Unknown commands are left out; the escape key twice
            is the key itself.
        """
        if self._escaped:
            self._escaped = False
            return self._command(data[:1], data[1:])
        plain, found, rest = data.partition(bytes([self.escape]))
        self._escaped = bool(found)
        return plain, "", rest

    def _command(self, key: bytes, rest: bytes) -> tuple[bytes, str, bytes]:
        if key[0] == self.escape:
            return key, "", rest
        name = key.decode("latin-1").replace("?", "h")
        return b"", name if name in _COMMANDS else "", rest

    def help(self) -> bytes:
        """What the command h shows."""
        if 0 < self.escape < 26:
            name, start = f"C-{chr(ord('a') + self.escape - 1)}", "\n\r"
        else:
            name = "Escape-Char"
            start = f"\n\rEscape-Char set to Ascii: 0x{self.escape:02x}\n\r\n\r"
        lines = [f"{name} {key}    {text}\n\r" for key, text in _HELP]
        return "".join([start, *lines, f"{name} {name}  send {name}\n\r"]).encode()


class Timestamps:
    """Puts the time since the first line before each line of output, once switched on."""

    def __init__(self, now: Callable[[], float]) -> None:
        """``now``: a clock, in seconds."""
        self._now = now
        self._on = False
        self._start: float | None = None
        self._marks = LineMarks(self._stamp, at_line_start=False)

    def toggle(self) -> None:
        """Switch on or off; the line that is being written is left as it is."""
        self._on = not self._on
        self._start = None
        self._marks.at_line_start = False

    def mark(self, data: bytes) -> bytes:
        """``data`` as it is to be written."""
        return self._marks.add(data) if self._on else data

    def _stamp(self) -> bytes:
        now = self._now()
        if self._start is None:
            self._start = now
        total = int((now - self._start) * 1000)
        seconds, ms = divmod(total, 1000)
        hours, minutes = seconds // 3600, seconds // 60 % 60
        return b"[%02d:%02d:%02d.%03d] " % (hours, minutes, seconds % 60, ms)
