"""What the tests of the daemon's parts share: a daemon in the test's own process."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.cli import parse
from qmp_iothreadd.daemon import daemon
from qmp_iothreadd.daemon.background import Background
from qmp_iothreadd.daemon.config import Config
from qmp_iothreadd.errors import Error
from qmp_iothreadd.testing import DaemonProcess


class Signals:
    """In place of the process's signals, which stay blocked once they were read: a pipe."""

    made: list[Signals]

    def __init__(self, on_signal: Callable[[int, int], None]) -> None:
        self._on_signal = on_signal
        self._reader, self._writer = os.pipe()
        self.made.append(self)

    def fileno(self) -> int:
        return self._reader

    def send(self) -> None:
        os.write(self._writer, b"!")

    def read(self) -> None:
        os.read(self._reader, 1)
        self._on_signal(15, os.getpid())

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


class Daemon:
    """A daemon that serves as a task of the test's event loop."""

    def __init__(self) -> None:
        self._task: asyncio.Task[int] | None = None

    def start(self, *arguments: str, background: Background | None = None) -> None:
        self.serve(parse(["prog", *arguments])[0], background)

    def serve(self, config: Config, background: Background | None = None) -> None:
        self._task = asyncio.create_task(daemon.serve(config, background))

    async def refused(self, *arguments: str) -> str:
        """What is said of a command line whose daemon does not start."""
        config, _ = parse(["prog", *arguments])
        async with asyncio.timeout(10):
            with pytest.raises(Error) as raised:
                await daemon.serve(config)
        return config.reporter.format_error(raised.value)

    async def ended(self) -> int:
        """Wait for the end, and give the exit status; what went wrong is raised."""
        assert self._task is not None
        async with asyncio.timeout(10):
            return await self._task

    def signal(self) -> None:
        Signals.made[-1].send()

    async def connect(self, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A client, as soon as somebody listens."""
        async with asyncio.timeout(10):
            while True:
                assert self._task is not None
                if self._task.done():
                    self._task.result()
                with suppress(OSError):
                    return await asyncio.open_unix_connection(path, limit=1 << 20)
                await asyncio.sleep(0.001)

    async def execute(self, path: str, *commands: str) -> list[Any]:
        """What a client of a QMP socket is answered."""
        reader, writer = await self.connect(path)
        replies = []
        try:
            async with asyncio.timeout(10):
                await reader.readline()
                for command in ("qmp_capabilities", *commands):
                    writer.write(json.dumps({"execute": command}).encode())
                    while "event" in (reply := json.loads(await reader.readline())):
                        pass
                    replies.append(reply["return"])
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        return replies[1:]

    async def kill(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


@pytest.fixture
async def in_process(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Daemon]:
    """Starts daemons in this process: ``in_process.start("-qmp", …)``."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setattr(daemon, "ShutdownSignals", Signals)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    Signals.made = []
    made = Daemon()
    yield made
    await made.kill()


@pytest.fixture(name="path")
def spare_path(tmp_path: Path) -> str:
    """Where the device ``s`` of ``daemon`` listens."""
    return str(tmp_path / "other")


@pytest.fixture(name="daemon")
def daemon_with_devices(path: str) -> Iterator[DaemonProcess]:
    """A daemon with two devices that nobody uses: ``s``, a socket on ``path``, and ``n``."""
    chardev = f"socket,id=s,path={path},server=on,wait=off"
    with DaemonProcess("-chardev", chardev, "-chardev", "null,id=n") as made:
        yield made
