"""Serial and parallel ports: their character devices, and monitors that share them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

LISTENING = ",server=on,wait=off"


async def chardevs(in_process: Any, path: str) -> dict[str, tuple[str, bool]]:
    """What each device says it is, and whether somebody uses it."""
    [found] = await in_process.execute(path, "query-chardev")
    return {each["label"]: (each["filename"], each["frontend-open"]) for each in found}


async def test_a_port_is_its_character_device(in_process: Any, path: str) -> None:
    in_process.start(
        *("-qmp", f"unix:{path}{LISTENING}", "-serial", "null", "-parallel", "null"),
        *("-chardev", "null,id=c", "-serial", "chardev:c"),
    )
    found = await chardevs(in_process, path)
    assert set(found) == {"compat_monitor0", "serial0", "parallel0", "c"}
    assert found["serial0"] == found["parallel0"] == ("null", False)
    await in_process.execute(path, "quit")
    await in_process.ended()


async def test_a_monitor_shares_a_port(in_process: Any, path: str, tmp_path: Path) -> None:
    port = str(tmp_path / "port")
    in_process.start(
        "-qmp", f"unix:{path}{LISTENING}", "-serial", f"mon:unix:{port}{LISTENING}", "-S"
    )
    reader, writer = await in_process.connect(port)
    async with asyncio.timeout(10):
        writer.write(b"\x01c")  # Ctrl-a c: from the port to the monitor
        assert b"QEMU 11.1.3 monitor" in await reader.readuntil(b"(qemu) ")
        writer.write(b"info status\n")
        await reader.readuntil(b"VM status: paused (prelaunch)\r\n")
    in_process.signal()
    await in_process.ended()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    assert list(tmp_path.iterdir()) == []


async def test_a_port_can_wait_for_who_listens(
    in_process: Any, path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = f"unix:{tmp_path}/port,server=on"
    in_process.start("-qmp", f"unix:{path}{LISTENING}", "-serial", port)
    reader, writer = await in_process.connect(str(tmp_path / "port"))
    found = await chardevs(in_process, path)
    assert found["serial0"][0].startswith("unix:")
    in_process.signal()
    await in_process.ended()
    assert await reader.read() == b""
    writer.close()
    assert capsys.readouterr().err.startswith(
        f"prog: -serial {port}: info: QEMU waiting for connection on: disconnected:{port}\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pipe:/nope/x", "Could not open '/nope/x': No such file or directory"),
        (
            "unix:/nope/x,server=on,wait=off",
            "Failed to bind socket to /nope/x: No such file or directory",
        ),
        (
            "mon:unix:/nope/x,server=on",
            "Failed to bind socket to /nope/x: No such file or directory",
        ),
        ("chardev:zz", None),
        ("foo", "'foo' is not a valid char driver"),
    ],
)
async def test_a_port_that_cannot_be_had(in_process: Any, text: str, said: str | None) -> None:
    """As QEMU 7.2 says it."""
    messages = [] if said is None else [said]
    messages.append(f"could not connect serial device to character backend '{text}'")
    assert await in_process.refused("-nodefaults", "-serial", text) == "".join(
        [f"prog: -serial {text}: {each}\n" for each in messages]
    )


async def test_the_id_of_a_port_can_be_taken(in_process: Any) -> None:
    assert await in_process.refused(
        "-nodefaults", "-chardev", "null,id=serial0", "-serial", "null"
    ) == (
        "prog: -serial null: Duplicate ID 'serial0' for chardev\n"
        "prog: -serial null: could not connect serial device to character backend 'null'\n"
    )
