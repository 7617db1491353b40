"""What a session asks before it does what it does by itself, where somebody scripted its machine.

The session knows this much of it; what answers is in the room ``scripting``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.machine.monitors import MonitorQMP
    from qmp_iothreadd.qmp.dispatch import BoundCommand, Dispatcher

Message = dict[str, Any]


class SessionScript(Protocol):
    """The hooks of one session. ``request`` is always the object that ``incoming`` was given."""

    def incoming(self, request: object) -> bool:
        """A request was read, or the error that it is; whether the session is to run it.

        Raises:
            QmpError: what to answer instead.
        """

    def find(self, name: str) -> BoundCommand:
        """The command of this name, as ``Dispatcher.find`` gives it."""

    def outgoing(self, message: Message, request: object | None) -> bytes | None:
        """A message is about to leave; what to send now instead of it, None: nothing.

        ``request`` is the one that it answers, None where it is a greeting or an event.
        """

    def close(self) -> None:
        """The connection is gone."""


class ScriptableSession(Protocol):
    """What a script uses of a session."""

    dispatcher: Dispatcher
    monitor: MonitorQMP
    negotiated: bool
    script: SessionScript | None
    wake: Callable[[], None]

    @property
    def machine(self) -> Machine:
        """The state that commands act on."""

    def put(self, data: bytes) -> None:
        """Send bytes as they are; ``wake`` afterwards, unless it is within a hook."""

    def put_steps(self, steps: Sequence[Any]) -> None:
        """Send what goes out otherwise than at once; ``wake`` as above."""

    def hold_back(self, request: object) -> None:
        """Run nothing in band before ``give_back``; ``incoming`` returns False to this request."""

    def give_back(self, request: object) -> None:
        """Run this next: ``incoming`` is asked once more."""


class MachineScript(Protocol):
    """What new sessions of a scripted machine ask."""

    def join(self, session: ScriptableSession) -> SessionScript | None:
        """The hooks of a new session, None where it is left alone."""
