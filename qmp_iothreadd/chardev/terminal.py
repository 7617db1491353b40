"""The terminal that a monitor on standard input may be."""

from __future__ import annotations

import os
import termios
from collections.abc import Callable
from typing import Any, Final

_INPUT, _LOCAL, _CONTROL_CHARACTERS = 0, 3, 6

COOKED_INPUT: Final = (
    termios.IGNBRK
    | termios.BRKINT
    | termios.PARMRK
    | termios.ISTRIP
    | termios.INLCR
    | termios.IGNCR
    | termios.ICRNL
    | termios.IXON
)
"""The flags of input that change bytes, or stop them."""


def set_terminal(fd: int, *, keys: bool, signals: bool = True) -> Callable[[], None]:
    """Set how a terminal behaves; where ``fd`` is no terminal nothing happens.

    ``keys``: it hands over each key as it is pressed, without showing it: the line editor does.
    ``signals``: keys that raise signals (Ctrl-C) still do.

    Returns: what puts the terminal back as it was.
    """
    if not os.isatty(fd):
        return lambda: None
    before = termios.tcgetattr(fd)
    wanted = termios.tcgetattr(fd)
    if keys:
        _deliver_keys(wanted)
    if not signals:
        wanted[_LOCAL] &= ~termios.ISIG
    termios.tcsetattr(fd, termios.TCSANOW, wanted)
    return lambda: termios.tcsetattr(fd, termios.TCSANOW, before)


def _deliver_keys(wanted: list[Any]) -> None:
    wanted[_INPUT] &= ~COOKED_INPUT
    wanted[_LOCAL] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.IEXTEN)
    wanted[_CONTROL_CHARACTERS][termios.VMIN] = 1
    wanted[_CONTROL_CHARACTERS][termios.VTIME] = 0
