"""A monitor as the front end of a character device: a session for each peer."""

from __future__ import annotations

from collections.abc import Callable

from qmp_iothreadd.qmp.session_protocol import MonitorSession
from qmp_iothreadd.server.connection import Connection
from qmp_iothreadd.server.turns import Turns


class MonitorServer:
    """Makes a session for each peer of a monitor's device.

    ``peer_left`` is called soon after the last of them left, was taken away, or will send nothing
    more. ``multi_client``: serve all at once. ``wants_keys``: its sessions show what is typed.
    """

    is_open = True

    def __init__(
        self,
        turns: Turns,
        make_session: Callable[[], MonitorSession],
        peer_left: Callable[[], None] = lambda: None,
        *,
        multi_client: bool = False,
        wants_keys: bool = False,
    ) -> None:
        self._turns = turns
        self._make_session = make_session
        self._peer_left = peer_left
        self._connected = 0
        self.multi_client = multi_client
        self.wants_keys = wants_keys

    def connect(self) -> Connection:
        """A connection for a new peer."""
        self._connected += 1
        return Connection(self._turns, self._make_session(), self._lost, self._left)

    def _lost(self) -> None:
        self._connected -= 1
        if not self._connected:
            self._left()

    def _left(self) -> None:
        self._turns.loop.call_soon(self._peer_left)
