"""A session with a human monitor that edits no lines: a command each time that something is read.

What is read at once is a command, ended by a NUL byte; anything else is refused (monitor/hmp's
monitor_read). Programs speak so, gdb's ``monitor`` among them.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from qmp_iothreadd.hmp import messages, text
from qmp_iothreadd.hmp.session import BaseSession
from qmp_iothreadd.qmp.session_protocol import IDLE

if TYPE_CHECKING:
    from qmp_iothreadd.machine.monitors import Monitor
    from qmp_iothreadd.qmp.dispatch import Dispatcher


class PlainSession(BaseSession):
    """The state of one connection: what was read and not yet run, and the output."""

    __slots__ = ("_output", "_unread")

    def __init__(self, dispatcher: Dispatcher, monitor: Monitor) -> None:
        super().__init__(dispatcher, monitor)
        self._unread: deque[bytes] = deque()
        self._output = bytearray()
        self._print(self.greeting())

    @property
    def suspended(self) -> bool:
        """Whether nothing more should be read for now."""
        return bool(self._unread)

    def receive_data(self, data: bytes) -> None:
        """Take what was read at once."""
        self._unread.append(data)

    def data_to_send(self) -> bytes:
        """All output so far; it is the caller's now."""
        data = bytes(self._output)
        self._output.clear()
        self.output_size = 0
        return data

    def focus_changed(self, focused: bool) -> None:
        """End the line where another front end will write."""
        if not focused:
            self._print(b"\r\n")

    def close(self) -> None:
        """The connection is gone: drop what was not read."""
        self.inbox.close()
        self._unread.clear()
        self._output.clear()
        self.output_size = 0

    def step(self) -> object | None:
        """Run one command. Returns: ``IDLE`` when there is none, else None."""
        if not self._unread or self.machine.shutting_down:
            return IDLE
        data = self._unread.popleft()
        if data.endswith(b"\0"):
            self._print(self.execute(text.decode(data.partition(b"\0")[0])))
        else:
            self._print(text.to_terminal(f"{messages.CORRUPTED}\n"))
        return None

    def _print(self, shown: bytes) -> None:
        self._output += shown
        self.output_size = len(self._output)
