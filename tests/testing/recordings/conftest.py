"""A real server behind a tap, for the tests of recordings."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qmp_iothreadd.testing import Client, Server
from qmp_iothreadd.testing.recordings import Entry, Recording
from qmp_iothreadd.testing.recordings.addresses import Address, listening
from qmp_iothreadd.testing.recordings.tap import Tap


class RunningTap:
    """A tap on a loop in a thread of its own; ``recording`` is complete when it has ended."""

    def __init__(self, upstream: Address, listen: Address) -> None:
        self.upstream = upstream
        self.address = listen
        self.recording = Recording(of=str(upstream))
        self.said: list[str] = []
        self.write: Callable[[Entry], None] = self.recording.entries.append
        self._ready = threading.Event()
        self._errors: list[BaseException] = []

    @contextmanager
    def running(self) -> Iterator[RunningTap]:
        loop = asyncio.new_event_loop()
        tap = Tap(self.upstream, self.write, self.said.append)
        thread = threading.Thread(target=self._serve, args=(loop, tap))
        thread.start()
        assert self._ready.wait(10)
        try:
            yield self
        finally:
            if not self._errors:
                loop.call_soon_threadsafe(tap.stop)
            thread.join()
            loop.close()
        if self._errors:
            raise self._errors[0]

    def _serve(self, loop: asyncio.AbstractEventLoop, tap: Tap) -> None:
        try:
            with listening(self.address) as listener:
                self._ready.set()
                loop.run_until_complete(tap.serve(listener))
        except BaseException as error:
            self._errors.append(error)

    def connect(self) -> Client:
        return Client.connect(self.address.name)

    def lines(self, client: int = 1) -> list[str]:
        """What each entry of a client is, in a word."""
        return [
            entry.command or entry.closed or next(name for name, _ in entry.messages())
            for entry in self.recording.clients()[client]
        ]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server for as many clients as come."""
    with Server(multi_client=True, allow_left_open=True) as made:
        yield made


@pytest.fixture
def tap(server: Server, tmp_path: Path) -> RunningTap:
    """A tap before it, which runs in ``with tap.running():``."""
    return RunningTap(Address(server.path), Address(str(tmp_path / "tap.sock")))
