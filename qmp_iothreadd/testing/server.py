"""A QMP server in the test's own process, on the event loop that runs the test.

async with Server() as server:
    await qmp.connect(server.path)
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from qmp_iothreadd.daemon.monitors import MakeSession, Monitors
from qmp_iothreadd.machine.monitors import MonitorQMP
from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.testing.guard import folder_name, own_folder
from qmp_iothreadd.testing.memory import make_dispatcher, make_machine

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.chardev import Chardev
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qmp.registry import CommandFunction


class Server:
    """Monitors on Unix sockets in a folder of their own; ``path`` is the first one's.

    ``machine`` is what they serve: made, and closed in the end, where none is given. ``functions``
    are commands by name, which join the daemon's; they need to be in the machine's schema, and may
    be coroutine functions. One that does not fit its command raises FunctionError. ``quit`` ends
    the serving, not the block: ``stopped`` is set. Any event loop will do that asyncio can run.
    """

    def __init__(
        self,
        machine: Machine | None = None,
        *,
        monitors: int = 1,
        multi_client: bool = False,
        functions: Mapping[str, CommandFunction] | None = None,
        session: MakeSession = Session,
    ) -> None:
        self.machine = machine or make_machine()
        self._owned = machine is None
        self._count = monitors
        self._multi_client = multi_client
        self._dispatcher = make_dispatcher(self.machine, functions)
        self._make_session = session
        self._chardevs: list[Chardev] = []
        self._stack = contextlib.AsyncExitStack()
        self.paths: list[str] = []
        self.stopped = asyncio.Event()

    @property
    def path(self) -> str:
        """The first monitor's socket."""
        return self.paths[0]

    async def __aenter__(self) -> Self:
        stack = self._stack
        folder = folder_name()
        stack.enter_context(own_folder(folder))
        if self._owned:
            stack.callback(self.machine.close)
        self._monitors = Monitors(
            self._dispatcher, multi_client=self._multi_client, session=self._make_session
        )
        stack.push_async_callback(self.machine.chardevs.drained)
        stack.callback(self._monitors.close)
        self.machine.on_shutdown = self._stop
        try:
            for number in range(self._count):
                self._open(f"compat_monitor{number}", str(folder / f"qmp{number}.sock"))
        except BaseException:
            await stack.aclose()
            raise
        return self

    async def __aexit__(self, *details: Any) -> None:
        self._monitors.close()
        await self._stack.aclose()

    def disconnect(self) -> None:
        """Cut off every client at once; new ones may come."""
        for chardev in self._chardevs:
            chardev.disconnect()

    def _stop(self) -> None:
        self._monitors.stop()
        # Later: the command that asked for it is still to be answered.
        asyncio.get_running_loop().call_soon(self._shut_down)

    def _shut_down(self) -> None:
        for chardev in self._chardevs:
            chardev.close()
        self.stopped.set()

    def _open(self, name: str, path: str) -> None:
        address = {"type": "unix", "data": {"path": path}}
        backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
        chardev = self.machine.chardevs.add(name, backend)
        self._stack.callback(chardev.close)
        self._stack.callback(chardev.unparent)
        monitor = self.machine.add_object(MonitorQMP.qom_name, name, {"chardev": name})
        self._stack.callback(monitor.finalize)
        self._stack.callback(monitor.unparent)
        self._chardevs.append(chardev)
        self.paths.append(path)
