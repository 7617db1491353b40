"""The standard streams, which may be closed, or read by nobody."""

from __future__ import annotations

import os
import sys

from qmp_iothreadd.iothread.standard_error import takes_more

_PATIENCE_MS = 100


def open_standard_streams() -> None:
    """Give closed standard streams to /dev/null, so that no socket gets their numbers."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            _discard(name)


def say(text: str, stream: str = "stderr") -> None:
    """Write ``text`` to a standard stream; once nobody reads it any more, say nothing.

    Where whoever reads standard error does not for a while, the text is dropped.

    What stays in the stream's buffer would be tried again when the interpreter ends, and would make
    that a failure.
    """
    if stream == "stderr" and not takes_more(_PATIENCE_MS):
        return
    try:
        getattr(sys, stream).write(text)
        getattr(sys, stream).flush()
    except OSError:
        _discard(stream)


def _discard(stream: str) -> None:
    setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115 -- open until the process ends
