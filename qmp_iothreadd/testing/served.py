"""What is served from ``with`` to its end, on an event loop of its own or on the one that runs."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from qmp_iothreadd.testing.left_open import Before
from qmp_iothreadd.testing.loop_thread import LoopThread, running_loop

if TYPE_CHECKING:
    from collections.abc import Collection

    from qmp_iothreadd.testing.serving import Address


class Served(ABC):
    """A server, or several: ``with`` has a loop in a thread of its own, ``async with`` takes the
    one of asyncio that runs. ``start`` and ``close`` are ``with`` in two calls, ``astart`` and
    ``aclose`` the other: threads that came meanwhile are none of theirs. It starts once.

    ``loop_errors`` are those that nothing of its own loop's caught.
    """

    _called: ClassVar[str]
    """What errors call it."""

    def __init__(self) -> None:
        self._thread: LoopThread | None = None
        self._started = self._closed = False
        self._before: Before | None = None
        self.loop_errors: list[str] = []

    def start(self) -> Self:
        """Serve, on a loop in a thread of its own, until ``close``.

        Raises:
            QmpError: an address cannot be had, or so many do not fit.
        """
        self._start_once()
        self._thread = thread = LoopThread(f"qmp {self._called}")
        thread.start()
        try:
            thread.run(self._open_on_own_loop())
        except BaseException:
            thread.close()
            raise
        return self

    def close(self, *, check: bool = True) -> None:
        """End what ``start`` began; a second time, nothing happens.

        Raises:
            LeftOpenError: something is left open, and ``check`` is true.
        """
        thread = self._thread
        if thread is None or self._closed:
            return
        try:
            left = thread.run(self._end(check=check))
        finally:
            thread.close()
        self._raise_left(left)

    def __enter__(self) -> Self:
        self._before = Before()
        return self.start()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close(check=error is None)

    async def __aenter__(self) -> Self:
        if running_loop() is None:
            word = self._called
            raise RuntimeError(
                f"`async with {word.title()}()` serves on asyncio's loop, and none runs here; use "
                f"`with {word.title()}() as {word}:`, which has a loop in a thread of its own"
            )
        self._before = Before()
        await self.astart()
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        await self.aclose(check=error is None)

    async def astart(self) -> None:
        """Serve on the loop that runs, until ``aclose``.

        Raises:
            QmpError: an address cannot be had, or so many do not fit.
        """
        self._start_once()
        await self._open()

    async def aclose(self, *, check: bool = True) -> None:
        """End what ``astart`` or ``async with`` began, on its loop.

        Raises:
            LeftOpenError: something is left open, and ``check`` is true.
        """
        self._raise_left(await self._end(check=check))

    @abstractmethod
    async def _open(self) -> None:
        """Serve on the loop that runs; a failure leaves nothing, and is as good as an end."""

    @abstractmethod
    async def _end(self, *, check: bool) -> list[str]:
        """Give everything back. Returns what was left open, in words, where ``check`` is true."""

    @abstractmethod
    def _raise_left(self, left: list[str]) -> None:
        """Raise LeftOpenError, where something was left open."""

    def _left_here(self, addresses: Collection[Address]) -> list[str]:
        """What of this process's the block has left: threads, and sockets to the addresses."""
        return self._before.left(addresses) if self._before is not None else []

    async def _open_on_own_loop(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._keep_error)
        await self._open()

    def _start_once(self) -> None:
        if self._started:
            raise RuntimeError(f"a {self._called.title()} starts once: make another one")
        self._started = True

    def _keep_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        what = f"{type(error).__name__}: {error}" if error else context["message"]
        self.loop_errors.append(f"an error in the {self._called}'s event loop: {what}")
