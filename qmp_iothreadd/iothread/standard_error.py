"""Standard error without waiting: whoever reads it may have stopped."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator

# Of a pipe that takes anything, the kernel takes so many bytes at once.
PIECE_SIZE = select.PIPE_BUF


def takes_more(wait_ms: int = 0) -> bool:
    """Whether a write of ``PIECE_SIZE`` bytes at most would not wait; an error does not."""
    try:
        fd = sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):
        return True  # it is no descriptor's
    poller = select.poll()
    poller.register(fd, select.POLLOUT)
    return bool(poller.poll(wait_ms))


def write_lines(text: str) -> int:
    """Write whole lines as far as standard error takes them now.

    Returns: how many lines were not written.

    Raises:
        OSError: it is closed, or its disk is full.
    """
    lines = text.splitlines(keepends=True)
    written = 0
    for piece in _pieces(lines):
        if not takes_more():
            break
        sys.stderr.write("".join(piece))
        sys.stderr.flush()
        written += len(piece)
    return len(lines) - written


def _pieces(lines: list[str]) -> Iterator[list[str]]:
    """As many lines at a time as are no longer than a piece together; they are ASCII."""
    piece: list[str] = []
    size = 0
    for line in lines:
        if piece and size + len(line) > PIECE_SIZE:
            yield piece
            piece, size = [], 0
        piece.append(line)
        size += len(line)
    if piece:
        yield piece
