"""What was said on a machine's monitors, as lines to read."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from qmp_iothreadd.scripting.history import Entry, History

# Of long transcripts the end is shown, and of long messages the beginning.
_ENTRIES = 200
_CHARACTERS = 500

FILE_BYTES_MAX: Final = 4 << 20
"""A file that grows beyond begins anew, with the end of what was said."""

_ARROWS = {"request": "→", "reply": "←", "event": "←", "greeting": "←"}


def transcript(history: History, first: Entry | None = None) -> str:
    """The history as lines: seconds since ``first``, by default the first entry that is kept, the
    monitor where there are several, the way, the message, and the faults that met it.
    """
    entries = list(history)
    shown = entries[-_ENTRIES:]
    missing = history.dropped + len(entries) - len(shown)
    several = len({each.monitor for each in shown}) > 1
    begin = (first or entries[0]).time if entries else 0.0
    lines = [_line(each, each.time - begin, several=several) for each in shown]
    return "\n".join([f"({missing} before)", *lines] if missing else lines)


def _line(entry: Entry, seconds: float, *, several: bool) -> str:
    text = json.dumps(entry.message, ensure_ascii=False) if entry.message is not None else "no JSON"
    if len(text) > _CHARACTERS:
        text = f"{text[:_CHARACTERS]}… ({len(text)} characters)"
    where = f" {entry.monitor}" if several else ""
    met = f"  [{entry.fault}]" if entry.fault else ""
    return f"{seconds:9.4f}{where} {_ARROWS[entry.kind]} {text}{met}"


class TranscriptFile:
    """The history in a file, a line for each entry as it comes: whoever dies, it is there.

    A pipe or a terminal has no limit, and lacks the lines for which it has no room: none is waited
    for.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, path: str, history: History) -> None:
        self._history = history
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NONBLOCK
        self._fd = os.open(path, flags, 0o666)
        self._is_file = stat.S_ISREG(os.fstat(self._fd).st_mode)
        self._size = 0
        self._first: Entry | None = None
        history.watchers.append(self._add)

    def close(self) -> None:
        """Write no more."""
        self._history.watchers.remove(self._add)
        os.close(self._fd)

    def _add(self, entry: Entry) -> None:
        first = self._first = self._first or entry
        text = _line(entry, entry.time - first.time, several=entry.monitor != first.monitor)
        # A full disk is no reason to serve nobody.
        with contextlib.suppress(OSError):
            if self._is_file and self._size > FILE_BYTES_MAX:
                text = transcript(self._history, first)
                os.lseek(self._fd, 0, os.SEEK_SET)
                os.ftruncate(self._fd, 0)
                self._size = 0
            self._size += os.write(self._fd, f"{text}\n".encode(errors="replace"))
