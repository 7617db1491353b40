"""A QMP server in the test's own process, for plain tests and for those with an event loop.

with Server() as server:                # on a loop in a thread of its own
    my_tool.run(server.path)

async with Server() as server:          # on asyncio's loop that runs the test
    await qmp.connect(server.path)
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from qmp_iothreadd.scripting.transcript import transcript
from qmp_iothreadd.testing.guard import folder_name, own_folder
from qmp_iothreadd.testing.left_open import LeftOpenError, number, patiently
from qmp_iothreadd.testing.loop_thread import OnLoop, call_on, running_loop
from qmp_iothreadd.testing.memory import make_dispatcher, make_machine
from qmp_iothreadd.testing.scripted import Scripted
from qmp_iothreadd.testing.served import Served
from qmp_iothreadd.testing.serving import Address, Serving
from qmp_iothreadd.testing.waiting import Happening

if TYPE_CHECKING:
    from pathlib import Path

    from qmp_iothreadd.iothread.event_loop import IOThread
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qmp.dispatch import Dispatcher
    from qmp_iothreadd.qmp.registry import CommandFunction
    from qmp_iothreadd.server.turns import SharedRounds
    from qmp_iothreadd.testing.recordings import Recording

_T = TypeVar("_T")

HOST = "127.0.0.1"


class Server(Scripted, Served):
    """Monitors on sockets, the first one at ``path``, or ``port``; all works from any thread.

    ``with`` serves on an event loop in a thread of its own, ``async with`` on the one of asyncio
    that runs; ``start`` and ``close`` are ``with`` in two calls. A server starts once.

    ``machine`` is what is served: made, and closed in the end, where none is given; ``options`` are
    those of ``make_machine`` then. ``path`` is a Unix socket of one's choice, else one in a folder
    of its own; ``port`` a TCP port instead (0: any that is free). More ``monitors`` get sockets
    beside it; each serves all of its clients at once with ``multi_client``. ``functions`` are
    commands by name, which join the daemon's, or replace them, as in ``respond``. ``strict``: what
    is scripted has to be in the schema. ``replay`` is a recording, or its file (``recordings``):
    what the daemon has no function for, the recording answers. ``quit`` ends the serving, not the
    block: ``stopped`` is set.

    What is left open when the block ends without an error raises LeftOpenError, unless
    ``allow_left_open``: clients that are connected, requests without a reply, what was scripted in
    vain, threads that came meanwhile, sockets to the server; and so does what a scripted function
    raised.
    """

    _called = "server"

    def __init__(
        self,
        machine: Machine | None = None,
        *,
        path: str | Path | None = None,
        port: int | None = None,
        monitors: int = 1,
        multi_client: bool = False,
        functions: Mapping[str, CommandFunction] | None = None,
        strict: bool = False,
        replay: Recording | str | Path | None = None,
        allow_left_open: bool = False,
        rounds: SharedRounds | None = None,
        **options: Any,
    ) -> None:
        _check_address(path, port, monitors)
        if machine is not None and options:
            raise TypeError(f"{', '.join(options)}: goes with a machine that the server makes")
        self._machine = machine or make_machine(**options)
        self._owned = machine is None
        Scripted.__init__(self, self._machine, strict=strict)
        Served.__init__(self)
        self._first = (HOST, port) if port is not None else path and str(path)
        self._count = monitors
        self._multi_client = multi_client
        self._allow_left_open = allow_left_open
        self._rounds = rounds
        self._serving: Serving | None = None
        self._addresses: list[Address] = []
        self.stopped = Happening()
        self._dispatcher = self._make_dispatcher(functions or {})
        if replay is not None:
            from qmp_iothreadd.testing.recordings.answers import script_recording  # few replay one

            known = {*self._dispatcher.names(), *(functions or ())}
            script_recording(replay, self._script, known)

    @classmethod
    def qemu(cls, version: str | Sequence[int], **options: Any) -> Self:
        """A server that is a QEMU of a version, "8.2" for one; ``options`` are Server's.

        It says so in the greeting, and lacks the commands, events, members, values and objects that
        came later.

        Raises:
            ValueError: it is no version, or not one that is known.
        """
        return cls(qemu=version, **options)

    # -- Where it is ------------------------------------------------------------------------------

    @property
    def address(self) -> Address:
        """What clients connect to: the first monitor's path, or its host and port."""
        return self.addresses[0]

    @property
    def addresses(self) -> list[Address]:
        """Those of all monitors."""
        if not self._addresses:
            raise RuntimeError(
                "the server has not started, so nothing listens yet; use it inside of "
                "`with Server() as server:` (or `async with`), or call start() and close()"
            )
        return self._addresses

    @property
    def path(self) -> str:
        """The first monitor's Unix socket."""
        return self.paths[0]

    @property
    def paths(self) -> list[str]:
        """The Unix sockets of all monitors."""
        if not isinstance(self.address, str):
            raise RuntimeError(f"the server has no path, but a port: {self.address}")
        return cast("list[str]", self.addresses)

    @property
    def port(self) -> int:
        """The first monitor's TCP port, on 127.0.0.1."""
        if isinstance(self.address, str):
            raise RuntimeError(f"the server has a path: {self.path}; for a port, say port=0")
        return self.address[1]

    # -- From start to end ------------------------------------------------------------------------

    async def _open(self) -> None:
        """Open all monitors on the loop that runs; a failure leaves nothing."""
        self._stack = contextlib.AsyncExitStack()
        try:
            if self._owned:
                self._stack.callback(self._machine.close)
            addresses = self._choose_addresses()
            self._serving = Serving(
                self._dispatcher,
                multi_client=self._multi_client,
                on_end=self.stopped.set,
                rounds=self._rounds,
            )
            self._stack.push_async_callback(self._serving.aclose)
            self._addresses = [
                self._serving.open(f"compat_monitor{number}", address)
                for number, address in enumerate(addresses)
            ]
        except BaseException:
            await self._close()
            raise

    async def _close(self) -> None:
        """Give everything back; what was left open is not looked at any more."""
        if not self._closed:
            self._closed = True
            await self._stack.aclose()

    async def _end(self, *, check: bool) -> list[str]:
        try:
            return await self._left_in_the_end() if check and not self._allow_left_open else []
        finally:
            await self._close()

    def _make_dispatcher(self, functions: Mapping[str, CommandFunction]) -> Dispatcher:
        """The daemon's commands, and ``functions``: those that the schema lacks are scripted."""
        known = self._machine.schema.commands
        for name, function in functions.items():
            if name not in known:
                self.respond(name, function, optional=True)
        return make_dispatcher(self._machine, {k: v for k, v in functions.items() if k in known})

    def _choose_addresses(self) -> list[Address]:
        """Where the monitors listen: as asked for, or in a folder that is made for them."""
        first = self._first
        if isinstance(first, tuple):
            return [first, *[(HOST, 0)] * (self._count - 1)]
        if first:
            return [first, *(f"{first}.{number}" for number in range(1, self._count))]
        folder = folder_name()
        self._stack.enter_context(own_folder(folder))
        return [str(folder / f"qmp{number}.sock") for number in range(self._count)]

    # -- What is left open ------------------------------------------------------------------------

    def left_open(self) -> list[str]:
        """What is open still, in words: clients, and what was scripted and did not happen.

        What is just going away has a moment for it, but for that of this very thread's loop.
        """
        if self._serving is None or self._closed:
            return []
        if self._thread is not None:
            self._thread.run(patiently(self._under_way))
        return [*self.call(self._under_way), *self.call(self._left_behind)]

    async def _left_in_the_end(self) -> list[str]:
        """The same, and what this process has."""
        goes = await patiently(lambda: [*self._under_way(), *self._left_here(self._addresses)])
        return [*goes, *self._left_behind()]

    def _under_way(self) -> list[str]:
        """The clients, and the requests that have no reply yet."""
        connected = self._serving.connected() if self._serving is not None else {}
        found = [
            f"{number(count, 'client')} still connected to {name}"
            for name, count in connected.items()
        ]
        for session in self._script.sessions:
            found += session.left_over()
        return found

    def _left_behind(self) -> list[str]:
        """What does not go away by itself."""
        responses, faults = self._script.responses, self._script.faults
        raised = [f"a scripted function raised {each!r}" for each in responses.failures]
        return [*responses.left_over(), *faults.left_over(), *raised, *self.loop_errors]

    def _raise_left(self, left: list[str]) -> None:
        if left:
            raise LeftOpenError(f"left open: {'; '.join(left)}")

    def tell(self) -> list[tuple[str, str]]:
        """What a report of a failure says of the server: titles and texts."""
        return [("transcript", transcript(self.history))]

    # -- What it serves ---------------------------------------------------------------------------

    def call(self, function: Callable[..., _T], *args: Any, **keywords: Any) -> _T:
        """Call a function on the server's loop, where all that it touches may be touched."""
        if self._serving is None or self._closed:
            return function(*args, **keywords)
        return call_on(self._serving.loop, function, *args, **keywords)

    @property
    def machine(self) -> Machine:
        """What is served. From other threads its methods run on the server's loop."""
        serving = self._serving
        if serving is None or self._closed or running_loop() is serving.loop:
            return self._machine
        return cast("Machine", OnLoop(self._machine, serving.loop))

    @property
    def iothreads(self) -> Mapping[str, IOThread]:
        """The iothreads there are now, by id."""
        return MappingProxyType({each.name: each for each in self.call(self._machine.iothreads)})

    def disconnect(self) -> None:
        """Cut off every client at once; new ones may come."""
        if self._serving is not None:
            self.call(self._serving.disconnect)


def _check_address(path: object, port: int | None, monitors: int) -> None:
    if monitors < 0:
        raise ValueError(f"monitors={monitors}: a server has as many monitors, or none")
    if path is not None and port is not None:
        raise ValueError("a server has a path or a port: give one of them")
    if port is not None and not 0 <= port <= 65535:
        raise ValueError(f"port={port}: a port is 0 (any that is free) to 65535")
