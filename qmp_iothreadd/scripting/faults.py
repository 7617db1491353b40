"""Faults: what goes wrong between a session and its client, on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qmp_iothreadd.qmp.session_script import Message, ScriptableSession


class Sent(NamedTuple):
    """What becomes of a message: what it is by now, and the bytes to send now.

    ``data`` is None where that are the message's own. ``fault`` names the faults that met it.
    """

    message: Message
    data: bytes | None = None
    fault: str | None = None


class Faults:
    """The faults of a machine."""

    def incoming(self, session: ScriptableSession, request: object) -> bool:
        """A request was read: meet it before it runs. Returns whether it is to run.

        Raises:
            QmpError: what to answer instead of running it.
        """
        return True

    def outgoing(
        self, session: ScriptableSession, message: Message, request: object | None
    ) -> Sent:
        """A message is about to leave, the reply to ``request`` where that is not None."""
        return Sent(message)

    def clear(self) -> None:
        """Forget all faults, and let go what they hold."""

    def closed(self, session: ScriptableSession) -> None:
        """A connection is gone."""

    def left_over(self) -> list[str]:
        """The faults that never fired, in words."""
        return []

    def close(self) -> None:
        """Give back what faults hold: timers."""
