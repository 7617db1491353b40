"""One message on its way out, or a command about to run, and what faults make of it."""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.scripting.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qmp_iothreadd.qmp.session_script import Message, ScriptableSession
    from qmp_iothreadd.scripting.steps import Wire


class Delivery:
    """What is to go out: ``before`` the message, the message, and ``after`` it.

    ``message`` is None where a command is about to run. ``body`` are the steps that stand for the
    message, None as long as it goes as it is; those of a command let it run. ``previous_id`` is the
    one of the reply before, in a list, empty where there was none.
    """

    def __init__(
        self,
        session: ScriptableSession,
        message: Message | None,
        body: list[Step] | None = None,
        previous_id: list[Any] | None = None,
    ) -> None:
        self.session = session
        self.message = message
        self.before: list[Step] = []
        self.body = body
        self.after: list[Step] = []
        self.previous_id = previous_id or []
        self.met: list[str] = []

    @property
    def runs(self) -> bool:
        """Whether it is a command that is about to run."""
        return self.message is None

    @property
    def data(self) -> bytes:
        """The bytes of the message, as they are by now."""
        if self.body is None:
            return self.session.monitor.encode(self.message)
        return b"".join([step for step in self.body if isinstance(step, bytes)])

    def replace(self, *body: Step) -> None:
        """Send this instead of the message; nothing: neither send nor run it."""
        self.body = [step for step in body if step != b""]

    def change(self, message: Message) -> None:
        """Send another message; what is no message any more stays as it is."""
        if self.body is None:
            self.message = message

    def cut(self) -> None:
        """Close the connection afterwards."""
        self.after.append(lambda wire: wire.cut())

    def pour(self, pieces: Iterator[bytes], pause: float | None = None) -> Step:
        """A step that sends pieces as the client takes them."""

        def pour(wire: Wire) -> None:
            wire.pour(pieces, pause)

        return pour

    def event(self, name: str, data: Any = None) -> bytes:
        """An event of now, as it is on the wire."""
        now = time.time_ns()
        timestamp = {"seconds": now // 10**9, "microseconds": now // 1000 % 10**6}
        event = {"event": name, "timestamp": timestamp}
        return self.session.monitor.encode(event if data is None else {**event, "data": data})

    def steps(self) -> list[Step] | None:
        """All steps; None where only the message goes out, as it is by now."""
        if self.body is None and not (self.before or self.after):
            return None
        return [*self.before, *([self.data] if self.body is None else self.body), *self.after]


def padded(data: bytes, size: int, piece: int) -> Iterator[bytes]:
    """A message with so many spaces before its end that it has ``size`` bytes, in pieces."""
    end = data.rindex(b"}") if b"}" in data else len(data)
    whole, rest = divmod(max(0, size - len(data)), piece)
    spaces = b" " * piece
    return chain([data[:end]], (spaces for _ in range(whole)), [spaces[:rest] + data[end:]])


def pieces_of(data: bytes, size: int) -> Iterator[bytes]:
    """Pieces of so many bytes."""
    return (data[start : start + size] for start in range(0, len(data), size))
