"""Standard input and output as a device: one has them, and sets the terminal for its front end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from qmp_iothreadd.chardev import stdio
from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.chardev.sink import SinkTransport
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echoes

STDIO = {"type": "stdio", "data": {}}


class Terminal:
    """In place of standard input and output: what is written, and how the terminal is set."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.settings: list[dict[str, bool]] = []

    def transport(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        source: int,
        sink: int,
        input_ended: Callable[[], None],
    ) -> SinkTransport:
        assert (source, sink) == (0, 1)
        return SinkTransport(loop, protocol, self.written.append)

    def set(self, fd: int, **settings: bool) -> Callable[[], None]:
        assert fd == 0
        self.settings.append(settings)
        return lambda: self.settings.append({})


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    made = Terminal()
    monkeypatch.setattr(stdio, "FdTransport", made.transport)
    monkeypatch.setattr(stdio, "set_terminal", made.set)
    return made


async def test_the_front_end_says_whether_it_shows_keys(
    chardevs: Chardevs, terminal: Terminal
) -> None:
    made = chardevs.add("c", STDIO)
    line = Echoes(b"qmp ")
    made.attach(line)
    made.detach(line)
    made.attach(Echoes(b"hmp ", wants_keys=True))
    assert terminal.written == [b"qmp ", b"hmp "]
    keys = [each["keys"] for each in terminal.settings if each]
    assert keys == [True, False, True, True]
    assert made.filename == "stdio"
    chardevs.close()
    await chardevs.drained()
    assert terminal.settings[-1] == {}


@pytest.mark.parametrize(
    ("data", "signals"), [({}, True), ({"signal": True}, True), ({"signal": False}, False)]
)
async def test_keys_may_raise_signals(
    chardevs: Chardevs, terminal: Terminal, data: dict[str, Any], signals: bool
) -> None:
    chardevs.add("c", {"type": "stdio", "data": data})
    assert terminal.settings == [{"keys": True, "signals": signals}]


async def test_one_device_has_it(chardevs: Chardevs) -> None:
    chardevs.add("c", STDIO)
    with pytest.raises(QmpError, match="cannot use stdio by multiple character devices"):
        chardevs.add("d", STDIO)


async def test_a_daemon_lets_go_of_it(chardevs: Chardevs) -> None:
    chardevs.daemonize = True
    with pytest.raises(QmpError, match="cannot use stdio with -daemonize"):
        chardevs.add("c", STDIO)


async def test_a_front_end_that_goes_last_leaves_the_terminal_alone(
    chardevs: Chardevs, terminal: Terminal
) -> None:
    frontend = Echoes()
    made = chardevs.add("c", STDIO)
    made.attach(frontend)
    chardevs.close()
    made.detach(frontend)
    assert terminal.settings[-1] == {}
