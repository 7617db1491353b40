"""An event loop in a thread of its own, and what other threads do with what lives on a loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")

# A loop that runs answers in far less; one that does not is waited for by its own thread.
ANSWER_S = 15.0


class LoopThread:
    """asyncio's loop in a thread, from ``start`` to ``close``."""

    def __init__(self, name: str) -> None:
        # Not the policy's: uvloop's keep a pipe for ever, and a policy may refuse other threads.
        self.loop: asyncio.AbstractEventLoop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Run the loop."""
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on the loop, from another thread. Returns its value."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def close(self) -> None:
        """Cancel what still runs, and end the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def _run(self) -> None:
        loop = self.loop
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that runs in this thread, or None."""
    with contextlib.suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None


def call_on(
    loop: asyncio.AbstractEventLoop, function: Callable[..., _T], *args: Any, **keywords: Any
) -> _T:
    """Call a function in the thread that runs ``loop``: here, if this is it.

    Raises:
        RuntimeError: the loop does not come to it, since its thread waits for something else.
    """
    if running_loop() is loop or not loop.is_running():
        return function(*args, **keywords)
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(function(*args, **keywords))
        except BaseException as error:  # whatever it is, it is the caller's
            future.set_exception(error)

    loop.call_soon_threadsafe(run)
    try:
        return future.result(ANSWER_S)
    except TimeoutError:
        if future.done():
            raise
        raise RuntimeError(
            "the server's event loop does not run: its thread waits for something else; let that "
            "wait in another thread (asyncio.to_thread), or use `with Server()`, which has its own"
        ) from None


class OnLoop:
    """Stands for an object that lives on a loop: its methods run there, from whichever thread."""

    __slots__ = ("_loop", "_object")

    def __init__(self, target: object, loop: asyncio.AbstractEventLoop) -> None:
        object.__setattr__(self, "_object", target)
        object.__setattr__(self, "_loop", loop)

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # isinstance is to see what it stands for
        return type(self._object)

    def __getattr__(self, name: str) -> Any:
        loop = self._loop
        found = call_on(loop, getattr, self._object, name)
        if not callable(found):
            return found
        return lambda *args, **keywords: call_on(loop, found, *args, **keywords)

    def __setattr__(self, name: str, value: Any) -> None:
        call_on(self._loop, setattr, self._object, name, value)

    def __repr__(self) -> str:
        return repr(self._object)
