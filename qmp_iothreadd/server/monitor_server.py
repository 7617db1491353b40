"""A monitor as the front end of a character device: a session for each peer."""

from __future__ import annotations

from collections.abc import Callable

from qmp_iothreadd.qmp.session_protocol import MonitorSession
from qmp_iothreadd.server.connection import Connection, Turns


class MonitorServer:
    """Makes a session for each peer of a monitor's device.

    ``multi_client``: serve all at once. ``wants_keys``: its sessions show what is typed.
    """

    is_open = True

    def __init__(
        self,
        turns: Turns,
        make_session: Callable[[], MonitorSession],
        *,
        multi_client: bool = False,
        wants_keys: bool = False,
    ) -> None:
        self._turns = turns
        self._make_session = make_session
        self.multi_client = multi_client
        self.wants_keys = wants_keys

    def connect(self) -> Connection:
        """A connection for a new peer."""
        return Connection(self._turns, self._make_session())
