"""Many servers on one event loop: for tools that manage many machines.

with Fleet(1000, iothreads=2) as fleet:
    my_manager.watch(fleet.paths)
    fleet.emit("STOP", over=5)          # one after the other, within five seconds
    assert fleet[17].requests("cont") == [{}]
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from qmp_iothreadd.daemon import capacity
from qmp_iothreadd.daemon.fleet_events import FleetEvent, FleetEvents
from qmp_iothreadd.daemon.fleet_folder import fleet_folder
from qmp_iothreadd.daemon.fleet_names import numbered, uuid_of
from qmp_iothreadd.server.rounds import Rounds
from qmp_iothreadd.testing.guard import folder_name, own_folder
from qmp_iothreadd.testing.left_open import LeftOpenError, patiently
from qmp_iothreadd.testing.loop_thread import call_on
from qmp_iothreadd.testing.served import Served
from qmp_iothreadd.testing.server import Server

if TYPE_CHECKING:
    from pathlib import Path

# What the first of them says is what all do.
_SAID = 3


class Fleet(Served, Sequence[Server]):
    """``count`` servers, each with a machine, a name and a UUID of its own; a sequence of them.

    ``with`` serves on an event loop in a thread of its own, ``async with`` on the one of asyncio
    that runs; ``start`` and ``close`` are ``with`` in two calls. A fleet starts once.

    Each machine has so many ``iothreads`` (``io0``, ``io1``, …), and is called ``name``, with its
    number, from 0, where ``{n}`` stands. Its socket is ``NUMBER.sock`` in ``folder``, which is made
    if need be, or in one that goes with the fleet. ``options`` are Server's, the same for all, and
    their texts have the number, too. The process's limit of descriptors is raised meanwhile.
    """

    _called = "fleet"

    def __init__(
        self,
        count: int,
        *,
        iothreads: int = 0,
        name: str = "vm{n}",
        folder: str | Path | None = None,
        **options: Any,
    ) -> None:
        if count < 1 or iothreads < 0:
            raise ValueError(f"{count} machines with {iothreads} iothreads: expected 1 or more")
        for key in ("machine", "path", "port", "rounds", "uuid"):
            if key in options:
                raise TypeError(f"{key}=: each machine of a fleet has its own")
        super().__init__()
        self._count = count
        self._iothreads = iothreads
        self._name = name if numbered(name, 0) != name else f"{name}-{{n}}"
        self._folder = folder
        self._options = options
        self._servers: list[Server] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._senders: list[FleetEvents] = []

    # -- The servers ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Server]:
        return iter(self._all())

    @overload
    def __getitem__(self, which: int) -> Server: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Server]: ...
    def __getitem__(self, which: int | slice) -> Server | Sequence[Server]:
        return self._all()[which]

    @property
    def servers(self) -> list[Server]:
        """All of them, in their order."""
        return [*self._all()]

    @property
    def paths(self) -> list[str]:
        """The socket of each."""
        return [server.path for server in self._all()]

    # -- Events -----------------------------------------------------------------------------------

    def emit(self, event: str, data: Mapping[str, Any] | None = None, *, over: float = 0.0) -> None:
        """Let each machine send an event: now, or one after the other within ``over`` seconds.

        As ``Server.emit``: any name, and the data of one that the schema has is held against it.
        """
        if over:
            self._send(event, data, over, rounds=1)
        else:
            self._on_loop(lambda: self._emit_now(event, data))

    def _emit_now(self, event: str, data: Mapping[str, Any] | None) -> None:
        for number in range(self._count):
            server = self._server(number)
            if server is not None:
                server.emit(event, data)

    def emit_every(self, seconds: float, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Let each machine send an event every so many seconds, no two at the same time."""
        self._send(event, data, seconds, rounds=None)

    def _send(
        self, event: str, data: Mapping[str, Any] | None, seconds: float, rounds: int | None
    ) -> None:
        if not seconds > 0:
            raise ValueError(f"{seconds:g} seconds: expected more than 0")
        wanted = FleetEvent(event, None if data is None else dict(data), seconds)
        self._on_loop(
            lambda: self._senders.append(
                FleetEvents([wanted], self._count, self._server, rounds=rounds)
            )
        )

    def _server(self, number: int) -> Server | None:
        """One that has not ended."""
        server = self._servers[number]
        return None if server.stopped.is_set() else server

    # -- From start to end ------------------------------------------------------------------------

    async def _open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stack = contextlib.ExitStack()
        try:
            self._stack.enter_context(_descriptor_limit_raised())
            self._options["rounds"] = Rounds(self._loop)
            folder = self._enter_folder()
            for number in range(self._count):
                with capacity.checked(self._count, number):
                    await self._add(number, folder)
        except BaseException:
            await self._end(check=False)
            raise

    def _enter_folder(self) -> str:
        if self._folder is not None:
            self._stack.enter_context(fleet_folder(str(self._folder)))
            return str(self._folder)
        own = folder_name()
        self._stack.enter_context(own_folder(own))
        return str(own)

    async def _add(self, number: int, folder: str) -> None:
        options: dict[str, Any] = {
            key: numbered(value, number) if isinstance(value, str) else value
            for key, value in self._options.items()
        }
        name = numbered(self._name, number)
        path = f"{folder}/{number}.sock"
        server = Server(path=path, name=name, uuid=uuid_of(name), **options)
        await server.astart()
        self._servers.append(server)
        for each in range(self._iothreads):
            server.machine.create_object({"qom-type": "iothread", "id": f"io{each}"})

    async def _end(self, *, check: bool) -> list[str]:
        self._closed = True
        for sender in self._senders:
            sender.close()
        for server in self._servers:
            server.machine.request_stop()  # one after the other, threads would take long
        addresses = [each for server in self._servers for each in server._addresses]
        ends = [server.aclose(check=check) for server in self._servers]
        results = await asyncio.gather(*ends, return_exceptions=True)
        looks = check and not self._options.get("allow_left_open")
        here = await patiently(lambda: self._left_here(addresses)) if looks else []
        self._stack.close()
        found = [
            f"{numbered(self._name, number)}: {result}"
            for number, result in enumerate(results)
            if result is not None
        ]
        return [*found, *here, *self.loop_errors]

    def _raise_left(self, left: list[str]) -> None:
        if left:
            more = f"; and {len(left) - _SAID} more" if len(left) > _SAID else ""
            raise LeftOpenError("; ".join(left[:_SAID]) + more)

    def _all(self) -> list[Server]:
        if self._loop is None or len(self._servers) < self._count:
            raise RuntimeError(
                "the fleet has not started; use it inside of `with Fleet(n) as fleet:` (or "
                "`async with`), or call start() and close()"
            )
        return self._servers

    def _on_loop(self, function: Any) -> None:
        self._all()
        assert self._loop is not None
        call_on(self._loop, function)


@contextlib.contextmanager
def _descriptor_limit_raised() -> Iterator[None]:
    """Let the process have as many descriptors as the system allows; leaving takes that back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
