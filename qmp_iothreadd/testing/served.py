"""What is served from ``with`` to its end, on an event loop of its own or on the one that runs."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from qmp_iothreadd.testing.loop_thread import LoopThread, running_loop


class Served(ABC):
    """A server, or several: ``with`` has a loop in a thread of its own, ``async with`` takes the
    one of asyncio that runs, ``start`` and ``close`` are ``with`` in two calls. It starts once.

    ``loop_errors`` are those that nothing of its own loop's caught.
    """

    _called: ClassVar[str]
    """What errors call it."""

    def __init__(self) -> None:
        self._thread: LoopThread | None = None
        self._started = self._closed = False
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
        self._start_once()
        await self._open()
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        await self.aclose(check=error is None)

    async def aclose(self, *, check: bool = True) -> None:
        """End what ``async with`` began, on its loop.

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
