"""The wire of a session in memory: faults act as on a socket, and no time passes."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd.server.wire import Wire

if TYPE_CHECKING:
    from qmp_iothreadd.qmp.session import Session


class _Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class MemoryWire:
    """Carries a session that faults met: loop, transport and connection of a ``Wire`` in one.

    What waits for a time comes as soon as there is nothing else to do, in the order of its time.
    ``hung_up``: a fault closed the connection.
    """

    def __init__(self, session: Session) -> None:
        self.hung_up = False
        self._session = session
        self._output: list[bytes] = []
        self._blocked: set[str] = set()
        self._timers: list[tuple[float, int, _Timer]] = []
        self._numbers = count()
        self._now = 0.0
        loop, transport = cast(asyncio.AbstractEventLoop, self), cast(asyncio.Transport, self)
        self._wire = Wire(loop, transport, self)

    def play(self, work: Callable[[], None]) -> bytes:
        """Take all that comes; ``work`` lets the session run what it has read."""
        while not self.hung_up:
            if not self._blocked:
                work()
            plan = self._session.plan
            if plan is None:
                self.write(self._session.data_to_send())
            elif plan:
                self._session.plan, self._session.output_size = [], 0
                self._wire.add(plan)
                continue
            if not self._pass_time():
                break
        output = b"".join(self._output)
        self._output.clear()
        return output

    def close(self) -> None:
        """Hang up."""
        self.hung_up = True
        self._wire.close()

    abort = close

    def _pass_time(self) -> bool:
        """Come to the next thing that is waited for; whether there is one."""
        while self._timers:
            self._now, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                timer.callback()
                return True
        return False

    # -- The loop ---------------------------------------------------------------------------------

    def call_later(self, seconds: float, callback: Callable[[], object]) -> _Timer:
        """Call it when the time has come."""
        made = _Timer(callback)
        heapq.heappush(self._timers, (self._now + seconds, next(self._numbers), made))
        return made

    def call_soon(self, callback: Callable[[], object]) -> _Timer:
        """Call it next."""
        return self.call_later(0.0, callback)

    # -- The transport ----------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """The client takes everything."""
        self._output.append(data)

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self.hung_up

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """There is no socket."""
        return default

    # -- The connection ---------------------------------------------------------------------------

    def block(self, reason: str) -> None:
        """Run nothing."""
        self._blocked.add(reason)

    def unblock(self, reason: str) -> None:
        """Go on, unless there are other reasons."""
        self._blocked.discard(reason)

    def run(self) -> None:
        """It goes on by itself."""

    def wire_done(self) -> None:
        """What the session sends may leave at once again."""
        if not self._session.plan:
            self._session.plan = None

    def end(self) -> None:
        """Nothing more is read or sent."""
        self.hung_up = True
