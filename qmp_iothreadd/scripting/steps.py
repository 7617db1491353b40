"""What goes out on a connection otherwise than at once: steps, one after the other.

A step is bytes, which are one message, or a function that does something to the connection's wire.
Whoever carries the session plays them (``server/wire.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol


class Gate:
    """What is held until somebody opens it. A ``ticket`` waits for the first opening after it."""

    def __init__(self) -> None:
        self._opened = 0
        self._waiting: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def ticket(self) -> int:
        """What is held from now on."""
        return self._opened

    def is_open(self, ticket: int) -> bool:
        """Whether it was opened since."""
        return self._opened > ticket

    def wait(self, go_on: Callable[[], None]) -> None:
        """Call this when it is opened next."""
        self._waiting.append(go_on)

    def forget(self, go_on: Callable[[], None]) -> None:
        """Do not call it, if that is still to come."""
        if go_on in self._waiting:
            self._waiting.remove(go_on)

    def open(self) -> None:
        """Let go all that is held."""
        self._opened += 1
        waiting, self._waiting = self._waiting, []
        for go_on in waiting:
            go_on()


class Wire(Protocol):
    """What steps can do. Steps after a ``pause`` or ``hold`` wait for its end."""

    def pause(self, seconds: float) -> None:
        """Wait."""

    def hold(self, gate: Gate, ticket: int) -> None:
        """Wait for a gate."""

    def mute(self, gate: Gate, ticket: int) -> None:
        """Drop what is sent until a gate opens."""

    def stop_reading(self, gate: Gate, ticket: int, seconds: float | None) -> None:
        """Read and run nothing until a gate opens, or so long."""

    def gather(self, messages: int, seconds: float) -> None:
        """Send the next messages in one write; those that came in this time, if fewer did."""

    def send_behind(self, message: bytes, others: int) -> None:
        """Send a message after so many others."""

    def pour(self, pieces: Iterator[bytes], pause: float | None = None) -> None:
        """Send pieces as the client takes them, each in a write, and wait between two of them."""

    def cut(self) -> None:
        """Close the connection once what was sent is delivered."""

    def reset(self) -> None:
        """Close the connection at once, by RST where it is TCP."""

    def run_session(self) -> None:
        """Let the session go on with what it has read."""


Step = bytes | Callable[[Wire], None]
