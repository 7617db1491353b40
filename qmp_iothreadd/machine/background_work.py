"""Work that goes on after the command that began it has been answered."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

Work = Coroutine[Any, Any, None]


class BackgroundWork:
    """Coroutines in the event loop that runs, or, where none does, until ``run``."""

    def __init__(self, machine: Machine) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: list[Work] = []

    def spawn(self, work: Work) -> None:
        """Begin with ``work`` at the next turn of the event loop."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._waiting.append(work)
            return
        task = loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def run(self) -> None:
        """Do what waits; it must be of the kind that waits for nothing.

        Raises:
            NotImplementedError: it waits for something, which needs an event loop.
        """
        while self._waiting:
            work = self._waiting.pop(0)
            try:
                work.send(None)
            except StopIteration:
                continue
            work.close()
            raise NotImplementedError("work that takes its time needs an event loop")

    def close(self) -> None:
        """Give up what is not done."""
        for work in self._waiting:
            work.close()
        for task in tuple(self._tasks):
            task.cancel()
