"""What ``qmp-tap`` says: on standard error, and by its status."""

from __future__ import annotations

import sys
from typing import Final

PROGRAM: Final = "qmp-tap"

DIFFERENT: Final = 1
TROUBLE: Final = 2


def say(text: str) -> None:
    """Say something on standard error."""
    print(f"{PROGRAM}: {text}", file=sys.stderr, flush=True)


def show_progress(text: str) -> None:
    """Where standard error is a terminal: one line, which the next overwrites."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}\r", end="", file=sys.stderr, flush=True)
