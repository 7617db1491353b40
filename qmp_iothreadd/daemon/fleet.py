"""``--fleet``: many machines in one process, each as if it had been started alone.

They have threads, monitors and run states of their own; the schema, its validators and the modules
they share. A machine that is told to quit ends alone, and the process with the last one.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

from qmp_iothreadd.daemon import capacity
from qmp_iothreadd.daemon.fleet_folder import check_free, fleet_folder
from qmp_iothreadd.daemon.served_machine import ServedMachine
from qmp_iothreadd.iothread.trace_log import TraceLog
from qmp_iothreadd.server.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmp_iothreadd.daemon.config import FleetConfig
    from qmp_iothreadd.machine.machine import Machine

# After so many machines who is connected already, and signals, have their turn.
_AT_ONCE = 8


class Fleet:
    """Made in place of a ``ServedMachine``, and used like one.

    ``ended`` is called when the last machine was told to end, or all are.
    """

    def __init__(self, config: FleetConfig, ended: Callable[[], None]) -> None:
        self.traces = TraceLog()
        self.exit_status = 0
        self._config = config
        self._ended = ended
        self._ending = False
        self._rounds = Rounds(asyncio.get_running_loop())
        self._members: dict[int, tuple[ServedMachine, contextlib.AsyncExitStack]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def measured(self) -> Fleet:
        """What there are metrics of: all machines."""
        return self

    def machines(self) -> list[Machine]:
        """Those that there are now, in their order."""
        return [member.machine for member, _ in self._members.values()]

    def enter(self, stack: contextlib.AsyncExitStack) -> None:
        """Let ``stack`` turn off the traces."""
        stack.callback(self.traces.close)

    async def make_backends(self, stack: contextlib.AsyncExitStack) -> None:
        """Make the folder of the sockets; leaving ``stack`` gives all machines back, then that.

        Raises:
            QmpError: it cannot be had, or a socket in it is in use.
        """
        stack.enter_context(fleet_folder(self._config.folder))
        for number in range(self._config.count):
            check_free(self._config.path(number))
        stack.push_async_callback(self._close)

    async def make_frontends(self, stack: contextlib.AsyncExitStack) -> None:
        """Make the machines, one after the other. The second shows what each takes.

        Raises:
            QmpError, LocatedError: not so many fit, or one of them cannot be had.
        """
        count = self._config.count
        for number in range(count):
            with capacity.checked(count, number):
                await self._make(number)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            if self._ending:
                return
        if self._config.events:
            from qmp_iothreadd.daemon.fleet_events import FleetEvents  # few send any

            events = FleetEvents(self._config.events, count, self._machine)
            stack.callback(events.close)

    def shutdown(self, reason: str) -> None:
        """End all, and let each say why; ``reason`` is a ShutdownCause."""
        self._ending = True
        for machine in self.machines():
            machine.shutdown(reason)
        self._ended()

    def _machine(self, number: int) -> Machine | None:
        """The machine of this number, unless it has ended."""
        found = self._members.get(number)
        return found[0].machine if found else None

    async def _make(self, number: int) -> None:
        config, ended = self._config.machine(number), partial(self._one_ended, number)
        member = ServedMachine(config, ended, self.traces, self._rounds)
        stack = contextlib.AsyncExitStack()
        self._members[number] = member, stack
        member.enter(stack)
        await member.make_backends(stack)
        await member.make_frontends(stack)

    def _one_ended(self, number: int) -> None:
        if not self._ending:
            task = asyncio.get_running_loop().create_task(self._close_one(number))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close_one(self, number: int) -> None:
        member, stack = self._members.pop(number)
        await stack.aclose()
        self.exit_status = max(self.exit_status, member.exit_status)
        if not self._members:
            self._ended()

    async def _close(self) -> None:
        """Stop all threads before the first is waited for, and wait for all clients at once."""
        self._ending = True
        for machine in self.machines():
            machine.request_stop()
        stacks = [stack.aclose() for _, stack in self._members.values()]
        await asyncio.gather(*self._closing, *stacks)
        self._members.clear()
