"""The monitors of a daemon: made as the command line asks, and the sessions of their clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import (
    commands,  # noqa: F401 -- they register their functions
    errors,
    hmp,  # noqa: F401
)
from qmp_iothreadd.daemon.config import MODES
from qmp_iothreadd.machine.monitors import Monitor, MonitorHMP, MonitorQMP
from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.server.monitor_server import MonitorServer
from qmp_iothreadd.server.turns import Turns

if TYPE_CHECKING:
    from qmp_iothreadd.daemon.config import MonitorConfig
    from qmp_iothreadd.qmp.dispatch import Dispatcher
    from qmp_iothreadd.qmp.session_protocol import MonitorSession
    from qmp_iothreadd.server.turns import SharedRounds


class Monitors:
    """Serves all monitors of a machine, whoever makes them, behind one dispatcher.

    ``multi_client``: each serves all of its clients at once. ``rounds``: those of a loop
    that serves other machines, too.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        multi_client: bool = False,
        rounds: SharedRounds | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._multi_client = multi_client
        self._turns = Turns(
            asyncio.get_running_loop(), rounds=rounds, together=dispatcher.machine.together
        )
        dispatcher.machine.make_frontend = self._make_frontend

    def stop(self) -> None:
        """Run no more commands: the one that asked for the end was the last."""
        self._turns.stop()

    def close(self) -> None:
        """Cancel the command under way, too."""
        self._turns.close()

    def _make_frontend(self, monitor: Monitor) -> MonitorServer:
        edits_lines = isinstance(monitor, MonitorHMP) and bool(monitor.load("readline"))
        return MonitorServer(
            self._turns,
            self._sessions(monitor),
            monitor.peer_left,
            multi_client=self._multi_client,
            wants_keys=edits_lines,
        )

    def _sessions(self, monitor: Monitor) -> Callable[[], MonitorSession]:
        """What makes the session of a monitor's next client."""
        dispatcher = self._dispatcher
        if isinstance(monitor, MonitorQMP):
            return lambda: Session(dispatcher, monitor)
        if monitor.load("readline"):
            from qmp_iothreadd.hmp.line_editor import History  # only where there is one
            from qmp_iothreadd.hmp.session import HMPSession

            history = History()  # the monitor's: it outlives each connection
            return lambda: HMPSession(dispatcher, monitor, history)
        from qmp_iothreadd.hmp.plain_session import PlainSession  # seldom

        return lambda: PlainSession(dispatcher, monitor)


def object_options(config: MonitorConfig) -> dict[str, Any]:
    """The ObjectOptions of a monitor that ``-mon`` describes, in schema order.

    Raises:
        QmpError: the mode is none, the device is missing, or a human monitor should indent JSON.
    """
    mode = "readline" if config.mode is None else config.mode
    if mode not in MODES:
        raise errors.unaccepted_value("mode", mode)
    if config.chardev is None:
        raise errors.missing_parameter("chardev")
    common = {"id": config.id, "chardev": config.chardev}
    if mode == "control":
        return {"qom-type": MonitorQMP.qom_name, **common, "pretty": config.pretty}
    if config.pretty:
        raise errors.pretty_is_for_qmp()
    return {"qom-type": MonitorHMP.qom_name, **common, "readline": True}
