"""Character devices that the command line asks for, each with a monitor, in this process."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest


def qmp_on(chardev: str) -> tuple[str, ...]:
    return ("-chardev", chardev, "-mon", "chardev=c,mode=control")


async def greeting(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(10):
        return await reader.readline()


async def test_a_listening_descriptor(in_process: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        fd = os.dup(listener.fileno())
        os.set_inheritable(fd, True)  # as what is handed over
        in_process.start(*qmp_on(f"socket,id=c,fd={fd},server=on,wait=off"))
        [chardevs] = await in_process.execute(path, "query-chardev")
        assert chardevs[0]["filename"] == f"unix:{path},server=on"
        await in_process.execute(path, "quit")
        await in_process.ended()
    assert os.path.exists(path)  # not ours


async def test_a_connected_descriptor(in_process: Any) -> None:
    ours, theirs = socket.socketpair()
    theirs.set_inheritable(True)
    in_process.start(*qmp_on(f"socket,id=c,fd={theirs.detach()}"))
    reader, writer = await asyncio.open_connection(sock=ours)
    assert b"QMP" in await greeting(reader)
    in_process.signal()
    await in_process.ended()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_a_client_connects_out(in_process: Any, tmp_path: Path) -> None:
    greetings: asyncio.Queue[bytes] = asyncio.Queue()

    async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greetings.put(await greeting(reader))
        writer.close()

    async with await asyncio.start_unix_server(greeted, tmp_path / "s"):
        in_process.start("-qmp", f"unix:{tmp_path}/s")
        async with asyncio.timeout(10):
            assert b"QMP" in await greetings.get()
    in_process.signal()
    await in_process.ended()


async def test_a_client_that_nobody_answers_is_refused_where_it_is_named(
    in_process: Any, tmp_path: Path
) -> None:
    path = f"{tmp_path}/nobody"
    said = await in_process.refused("-qmp", f"unix:{path}")
    assert said == (
        f"prog: -qmp unix:{path}: Failed to connect to '{path}': No such file or directory\n"
    )


async def test_tcp_shows_the_port_that_it_has(in_process: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    in_process.start(
        *("-qmp", f"unix:{path},server=on,wait=off"),
        *("-qmp", "tcp:127.0.0.1:0,server=on,wait=off", "-qmp", "null"),
    )
    [chardevs] = await in_process.execute(path, "query-chardev")
    names = {each["label"]: each["filename"] for each in chardevs}
    assert names["compat_monitor2"] == "null"
    port = names["compat_monitor1"].removesuffix(",server=on").rpartition(":")[2]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    assert b"QMP" in await greeting(reader)
    writer.close()
    await writer.wait_closed()
    in_process.signal()
    await in_process.ended()


async def test_everything_waits_for_the_first_client(
    in_process: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    in_process.start("-qmp", f"unix:{first},server=on", "-qmp", f"unix:{second},server=on")
    reader, writer = await in_process.connect(str(first))
    _, other = await in_process.connect(str(second))
    assert b"QMP" in await greeting(reader)
    in_process.signal()
    await in_process.ended()
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == [
        f"prog: -qmp unix:{path},server=on: info: QEMU waiting for connection on: "
        f"disconnected:unix:{path},server=on"
        for path in (first, second)
    ]
    for each in (writer, other):
        each.close()


async def test_a_human_monitor(in_process: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    in_process.start("-monitor", f"unix:{path},server=on,wait=off")
    reader, writer = await in_process.connect(path)
    async with asyncio.timeout(10):
        assert (await reader.readuntil(b"(qemu) ")).startswith(b"QEMU ")
        writer.write(b"quit\n")
        await reader.read()
        await in_process.ended()
    writer.close()
