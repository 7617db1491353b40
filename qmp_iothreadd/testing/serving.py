"""A machine's monitors on sockets, on the event loop that runs: what is below ``Server``."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.chardev.socket import ChardevSocket
from qmp_iothreadd.daemon.monitors import Monitors
from qmp_iothreadd.machine.monitors import MonitorQMP

if TYPE_CHECKING:
    from qmp_iothreadd.qmp.dispatch import Dispatcher
    from qmp_iothreadd.server.turns import SharedRounds

Address = str | tuple[str, int]
"""The path of a Unix socket, or a host and a port."""


class Serving:
    """The sockets of a machine's monitors, from ``open`` to ``aclose``.

    ``loop_errors`` are those that nothing of the loop's caught.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        multi_client: bool,
        on_end: Any,
        rounds: SharedRounds | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._machine = dispatcher.machine
        self._on_end = on_end
        self._stack = contextlib.AsyncExitStack()
        self._chardevs: list[ChardevSocket] = []
        self._monitors = Monitors(dispatcher, multi_client=multi_client, rounds=rounds)
        self._stack.push_async_callback(self._machine.chardevs.drained)
        self._stack.callback(self._monitors.close)
        self._machine.on_shutdown = self._stop

    def open(self, name: str, address: Address) -> Address:
        """Open a monitor. Returns the address that it has: a port 0 is any that is free.

        Raises:
            QmpError: the address cannot be had.
        """
        chardevs = self._machine.chardevs
        backend = {"addr": _socket_address(address), "server": True, "wait": False}
        chardev = chardevs.add(name, {"type": "socket", "data": backend})
        assert isinstance(chardev, ChardevSocket)
        self._stack.callback(chardev.close)
        self._stack.callback(chardev.unparent)
        monitor = self._machine.add_object(MonitorQMP.qom_name, name, {"chardev": name})
        self._stack.callback(monitor.finalize)
        self._stack.callback(monitor.unparent)
        self._chardevs.append(chardev)
        if isinstance(address, str):
            return address
        return address[0], int(chardev.address["port"])

    async def aclose(self) -> None:
        """Close all, and give everything back."""
        self._monitors.close()
        await self._stack.aclose()

    def disconnect(self) -> None:
        """Cut off every client at once; new ones may come."""
        for chardev in self._chardevs:
            chardev.disconnect()

    def connected(self) -> dict[str, int]:
        """How many clients the monitors have that have any."""
        return {chardev.name: len(chardev.peers) for chardev in self._chardevs if chardev.peers}

    def _stop(self) -> None:
        self._monitors.stop()
        # Later: the command that asked for it is still to be answered.
        self.loop.call_soon(self._shut_down)

    def _shut_down(self) -> None:
        for chardev in self._chardevs:
            chardev.close()
        self._on_end()


def _socket_address(address: Address) -> dict[str, Any]:
    if isinstance(address, str):
        return {"type": "unix", "data": {"path": address}}
    host, port = address
    return {"type": "inet", "data": {"host": host, "port": str(port)}}
