"""Something at the start of each line of what is written."""

from __future__ import annotations

from collections.abc import Callable


class LineMarks:
    """Puts ``mark()`` before each line; ``at_line_start``: whether the next byte begins one."""

    def __init__(self, mark: Callable[[], bytes], *, at_line_start: bool) -> None:
        self._mark = mark
        self.at_line_start = at_line_start

    def add(self, data: bytes) -> bytes:
        """``data`` with its marks."""
        marked = []
        for line in _lines(data):
            marked.append(self._mark() + line if self.at_line_start else line)
            self.at_line_start = line.endswith(b"\n")
        return b"".join(marked)


def _lines(data: bytes) -> list[bytes]:
    """``data`` cut behind each LF."""
    *whole, last = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])
