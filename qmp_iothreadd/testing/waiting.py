"""Waiting for what another thread tells, in plain code and in coroutines by the same call."""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import Any

from qmp_iothreadd.testing.loop_thread import running_loop


def wait(future: Future[Any], timeout: float | None, late: Callable[[], str]) -> Any:
    """The value of ``future``; under asyncio or trio, a coroutine that returns it.

    Raises:
        TimeoutError: nothing came within ``timeout`` seconds; its text is what ``late`` returns.
    """
    if running_loop() is not None:
        return _wait_in_asyncio(future, timeout, late)
    trio = _running_trio()
    if trio is not None:
        return _wait_in_trio(trio, future, timeout, late)
    try:
        return future.result(timeout)
    except TimeoutError:
        return _value(future, late)


def tell(future: Future[Any], value: Any) -> None:
    """Give a future its value, unless it has one, or nobody waits any more."""
    with contextlib.suppress(InvalidStateError, CancelledError):
        future.set_result(value)


def _value(future: Future[Any], late: Callable[[], str]) -> Any:
    if not future.done():
        future.cancel()
        raise TimeoutError(late())
    return future.result()


async def _wait_in_asyncio(
    future: Future[Any], timeout: float | None, late: Callable[[], str]
) -> Any:
    loop = asyncio.get_running_loop()
    came = asyncio.Event()

    def done(_: Future[Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(came.set)

    future.add_done_callback(done)
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(came.wait(), timeout)
        return _value(future, late)
    finally:
        future.cancel()  # who is cancelled waits no more


async def _wait_in_trio(
    trio: Any, future: Future[Any], timeout: float | None, late: Callable[[], str]
) -> Any:
    token, came = trio.lowlevel.current_trio_token(), trio.Event()

    def done(_: Future[Any]) -> None:
        with contextlib.suppress(trio.RunFinishedError):
            token.run_sync_soon(came.set)

    future.add_done_callback(done)
    try:
        with trio.move_on_after(math.inf if timeout is None else timeout):
            await came.wait()
        return _value(future, late)
    finally:
        future.cancel()


def _running_trio() -> Any:
    """The module trio, if it runs in this thread, else None."""
    trio: Any = sys.modules.get("trio")
    if trio is not None:
        with contextlib.suppress(RuntimeError):
            trio.lowlevel.current_task()
            return trio
    return None


class Happening:
    """Something that happens once, seen from any thread and any coroutine."""

    def __init__(self) -> None:
        self._future: Future[None] = Future()

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._future.done()

    def set(self) -> None:
        """It happens."""
        tell(self._future, None)

    def wait(self, timeout: float | None = None) -> Any:
        """Wait for it, for so many seconds: to be awaited in a coroutine.

        Raises:
            TimeoutError: it did not happen.
        """
        shared: Future[None] = Future()  # each who waits has one: giving up ends the wait alone
        self._future.add_done_callback(lambda _: tell(shared, None))
        return wait(shared, timeout, lambda: f"it did not happen within {timeout} s")
