"""Pseudo-terminals: whoever opens the other side is the peer, until it is closed."""

from __future__ import annotations

import asyncio
import errno
import os
import termios
from pathlib import Path

import pytest

from qmp_iothreadd.chardev import pty
from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echoes
from tests.waiting import wait_until_async


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pty, "_POLL_S", 0.01)


def add(chardevs: Chardevs) -> pty.ChardevPty:
    made = chardevs.add("c", {"type": "pty", "data": {}})
    assert isinstance(made, pty.ChardevPty)
    return made


async def read(fd: int, size: int) -> bytes:
    """So many bytes from the other side."""
    got = b""
    async with asyncio.timeout(10):
        while len(got) < size:
            try:
                got += os.read(fd, size - len(got))
            except BlockingIOError:
                await asyncio.sleep(0.005)
    return got


def open_other_side(made: pty.ChardevPty) -> int:
    return os.open(made.terminal, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


async def test_it_says_where_it_is(chardevs: Chardevs) -> None:
    said: list[str] = []
    chardevs.say = said.append
    made = add(chardevs)
    assert made.filename == f"pty:{made.terminal}"
    assert said == [f"char device redirected to {made.terminal} (label c)"]


async def test_who_opens_the_other_side_is_greeted_each_time(chardevs: Chardevs) -> None:
    made = add(chardevs)
    echoes = Echoes(b"hi\n")
    made.attach(echoes)
    for number in (1, 2):
        fd = open_other_side(made)
        assert await read(fd, 3) == b"hi\n"
        os.write(fd, b"a\r\x03")
        assert await read(fd, 3) == b"a\r\x03"
        os.close(fd)
        await wait_until_async(lambda: not made.peers)
        assert len(echoes.made) == number
        assert echoes.made[-1].calls == ["lost"]


async def test_a_path_leads_to_it_while_it_is_there(chardevs: Chardevs, tmp_path: Path) -> None:
    path = tmp_path / "link"
    backend = {"type": "pty", "data": {"path": str(path)}}
    made = chardevs.add("c", backend)
    assert made.filename == f"pty:{path.readlink()}"
    with pytest.raises(QmpError, match="Failed to create PTY symlink: File exists"):
        chardevs.add("d", backend)
    chardevs.remove("c")
    assert not os.path.lexists(path)


async def test_the_terminal_is_raw(chardevs: Chardevs) -> None:
    made = add(chardevs)
    fd = open_other_side(made)
    try:
        assert not termios.tcgetattr(fd)[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
    finally:
        os.close(fd)


async def test_without_a_front_end_nobody_is_looked_for(chardevs: Chardevs) -> None:
    made = add(chardevs)
    fd = open_other_side(made)
    try:
        assert not made.peers
        echoes = Echoes(b"hi\n")
        made.attach(echoes)
        assert await read(fd, 3) == b"hi\n"
        made.detach(echoes)
        assert echoes.made[0].calls == ["lost"]
        made.attach(Echoes(b"ho\n"))
        assert await read(fd, 3) == b"ho\n"
    finally:
        os.close(fd)


async def test_the_descriptor_is_given_back(chardevs: Chardevs) -> None:
    before = len(os.listdir("/proc/self/fd"))
    made = add(chardevs)
    chardevs.remove("c")
    assert len(os.listdir("/proc/self/fd")) == before
    made = add(chardevs)
    echoes = Echoes(b"hi\n")
    made.attach(echoes)
    fd = open_other_side(made)
    await read(fd, 3)
    made.detach(echoes)
    chardevs.remove("c")
    await chardevs.drained()
    os.close(fd)
    assert len(os.listdir("/proc/self/fd")) == before


async def test_there_may_be_none_left(chardevs: Chardevs, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> tuple[int, int]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "openpty", fail)
    with pytest.raises(QmpError, match="Failed to create PTY: No space left on device"):
        add(chardevs)
