"""How a session without IO is driven, QMP's and the human monitor's alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from qmp_iothreadd.qmp.descriptor_inbox import DescriptorInbox

IDLE: Final = object()
"""What ``step`` returns when there is nothing to do until more bytes arrive."""


class MonitorSession(Protocol):
    """What a connection drives, whichever language the session speaks."""

    eof: bool
    inbox: DescriptorInbox
    output_size: int
    plan: list[Any] | None
    """The steps of a script that are to go out instead of ``data_to_send``, or None."""
    wake: Callable[[], None]

    @property
    def suspended(self) -> bool:
        """Whether nothing more should be read for now."""

    @property
    def running(self) -> bool:
        """Whether a command of the session is under way."""

    def receive_data(self, data: bytes) -> None:
        """Take what the client sent."""

    def receive_eof(self) -> None:
        """The client will send nothing more."""

    def data_to_send(self) -> bytes:
        """All output so far; it is the caller's now."""

    def step(self) -> Any:
        """Read some input, or run the next request: ``IDLE``, a coroutine to await, or None."""

    def fill(self) -> bool:
        """Read some input ahead while another command runs; whether more may be read."""

    def focus_changed(self, focused: bool) -> None:
        """A multiplexer gives the keyboard to the session, or is about to take it away."""

    def close(self) -> None:
        """The connection is gone."""
