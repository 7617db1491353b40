from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from qmp_iothreadd.testing.recordings import Entry, Recording
from qmp_iothreadd.testing.recordings.addresses import Address, listening
from qmp_iothreadd.testing.recordings.messages import Message
from qmp_iothreadd.testing.recordings.player import Player
from qmp_iothreadd.testing.recordings.serving import ReplayServer

GREETING = Entry(greeting=Message({"QMP": {}}))
CONT = Entry(request=Message({"execute": "cont"}), reply=Message({"return": {}}), time=1, took=0.01)
QUIT = Entry(request=Message({"execute": "quit"}), reply=Message({"return": {}}), time=2)
RESUME = Entry(event=Message({"event": "RESUME"}), time=1.5)
CLOSED = Entry(closed="server", time=3)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def serve(folder: Path, recording: Recording, talk: Talk, *, timing: bool = False) -> int:
    """Talk to a replay of a recording; returns how many requests it had."""
    path = str(folder / "replay")
    with listening(Address(path)) as listener:
        server = ReplayServer(Player(recording), timing=timing)
        serving = asyncio.create_task(server.serve(listener))
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            await asyncio.wait_for(talk(reader, writer), 10)
        finally:
            server.stop()
            await serving
            writer.close()
    assert server.clients == 1
    return server.requests


async def test_a_recording_is_served(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b'{"QMP": {}}\r\n'
        writer.write(b'{"execute": "cont"}{"execute": "quit"}')
        assert [json.loads(line) for line in (await reader.read()).splitlines()] == [
            {"return": {}},
            {"event": "RESUME"},
            {"return": {}},
        ]

    recording = Recording([GREETING, CONT, RESUME, QUIT, CLOSED])
    assert await serve(tmp_path, recording, talk) == 2


async def test_a_reply_takes_its_time_where_that_is_asked_for(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    took: list[float] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        began = loop.time()
        writer.write(b'{"execute": "cont"}')
        await reader.readline()
        took.append(loop.time() - began)

    await serve(tmp_path, Recording([CONT]), talk, timing=True)
    assert took[0] >= 0.005  # a loop's clock may count milliseconds


async def test_a_client_that_stays_is_cut_off_at_the_end(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b'{"execute": ' + b" " * 100)

    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, fault: faults.append(fault))
    assert await serve(tmp_path, Recording([GREETING, CONT]), talk) == 0
    await asyncio.sleep(0)
    assert not faults


async def test_a_long_request_is_read_in_pieces(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"execute": "x", "arguments": {"a": [%b1]}}' % (b"1," * 20_000))
        assert b"CommandNotFound" in await reader.readline()

    assert await serve(tmp_path, Recording([CONT]), talk) == 1
