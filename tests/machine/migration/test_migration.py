"""Migration of an empty machine: where it goes, what is said of it, what QEMU says to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.machine.migration.channels import parse_uri
from qmp_iothreadd.machine.migration.incoming import Incoming
from qmp_iothreadd.machine.migration.migration import Migration
from qmp_iothreadd.machine.migration.stream import empty_machine_stream, read_stream
from qmp_iothreadd.testing import make_machine

QEMU = shutil.which("qemu-system-x86_64")


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    made = make_machine()
    made.part(Migration).set_capabilities({"events": True})
    made.heard = []  # type: ignore[attr-defined]
    made.listeners.append(made.heard.append)  # type: ignore[attr-defined]
    yield made
    made.close()


def said(machine: Machine) -> list[str]:
    heard: list[dict[str, Any]] = machine.heard  # type: ignore[attr-defined]
    return [each.get("data", {}).get("status", each["event"]) for each in heard]


def start(machine: Machine, uri: str, **named: int) -> Migration:
    migration = machine.part(Migration)
    migration.start(parse_uri(uri), resume=False, named=named)
    return migration


async def until_over(migration: Migration) -> None:
    async with asyncio.timeout(20):
        while migration.running:
            await asyncio.sleep(0.001)


async def until_quiet() -> None:
    """Wait for what goes on afterwards, such as the end of the command that is sent to."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    if tasks:
        done, _ = await asyncio.wait(tasks, timeout=20)
        assert done == tasks


async def test_nobody_answers(machine: Machine, tmp_path: Path) -> None:
    migration = start(machine, f"unix:{tmp_path}/nobody")
    assert migration.info() == {"status": "setup"}
    with pytest.raises(QmpError, match="There's a migration process in progress"):
        start(machine, "exec:true")
    await until_over(migration)
    reason = f"Failed to connect to '{tmp_path}/nobody': No such file or directory"
    assert migration.info() == {"status": "failed", "error-desc": reason}
    assert said(machine) == ["setup", "failing", "failed"]
    assert machine.running


@pytest.mark.parametrize("where", ["file", "exec", "unix", "fd", "pipe"])
async def test_the_machine_goes_and_is_stopped_here(
    machine: Machine, tmp_path: Path, where: str
) -> None:
    target = tmp_path / "stream"
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    match where:
        case "file":
            migration = start(machine, f"file:{target}")
        case "exec":
            migration = start(machine, f"exec:cat > {target}")
        case "fd":
            migration = start(machine, "fd:x", x=os.dup(theirs.fileno()))
        case "pipe":
            migration = start(machine, "fd:x", x=os.dup(write))
        case _:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(tmp_path / "s"))
            listener.listen()
            migration = start(machine, f"unix:{tmp_path}/s")
    await until_over(migration)
    await until_quiet()
    expected = empty_machine_stream("none", "running")
    theirs.close()
    os.close(write)
    match where:
        case "fd":
            got = ours.recv(1 << 16)
        case "pipe":
            got = os.read(read, 1 << 16)
        case "unix":
            peer, _ = listener.accept()
            got = peer.recv(1 << 16)
            peer.close()
            listener.close()
        case _:
            async with asyncio.timeout(20):
                while not target.exists() or target.stat().st_size < len(expected):
                    await asyncio.sleep(0.001)
            got = target.read_bytes()
    ours.close()
    os.close(read)
    assert got == expected
    assert machine.status == "postmigrate"
    assert migration.info()["ram"]["dirty-sync-count"] == 2
    assert said(machine) == [
        *("setup", "MIGRATION_PASS", "active", "STOP", "device", "MIGRATION_PASS", "completed")
    ]
    with pytest.raises(QmpError, match="Can't migrate the vm that was paused"):
        start(machine, "exec:true")
    machine.cont()
    assert machine.running


async def test_a_peer_that_leaves_lets_the_machine_run_on(machine: Machine) -> None:
    ours, theirs = socket.socketpair()
    migration = start(machine, "fd:x", x=ours.detach())
    theirs.close()
    await until_over(migration)
    assert migration.info()["error-desc"] == "Unable to write to socket: Broken pipe"
    assert machine.running


async def test_a_migration_is_cancelled_before_it_is_connected(machine: Machine) -> None:
    migration = start(machine, "exec:cat > /dev/null")
    migration.cancel()
    migration.cancel()
    await until_quiet()
    assert migration.info() == {"status": "cancelled"}
    assert machine.running
    assert said(machine) == ["setup", "cancelling", "cancelled"]


@pytest.mark.parametrize(
    ("uri", "capability", "message"),
    [
        ("fd:x", "", "File descriptor named 'x' has not been found"),
        ("fd:999999", "", "Invalid file descriptor number '999999'"),
        ("exec:true", "mapped-ram", "requires seekable transport"),
        ("exec:true", "multifd", "requires multi-channel URIs"),
    ],
)
async def test_what_cannot_begin(machine: Machine, uri: str, capability: str, message: str) -> None:
    if capability:
        machine.part(Migration).set_capabilities({capability: True})
    with pytest.raises(QmpError, match=message):
        start(machine, uri)
    assert not machine.part(Migration).running


@pytest.mark.skipif(QEMU is None, reason="there is no QEMU here to load it")
def test_qemu_loads_the_stream(tmp_path: Path) -> None:
    stream = tmp_path / "stream"
    stream.write_bytes(empty_machine_stream("none", "running"))
    assert QEMU is not None
    argv = [QEMU, "-M", "none", "-nodefaults", "-display", "none", "-monitor", "stdio"]
    with subprocess.Popen(
        [*argv, "-incoming", f"exec:cat {stream}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in iter(process.stdout.readline, ""):  # it is asked until it runs, or ends
            if "VM status: running" in line:
                process.stdin.write("quit\n")
            elif "QEMU" in line or "VM status" in line:
                process.stdin.write("info status\n")
            process.stdin.flush()
    assert process.returncode == 0


# -- Where it comes to ----------------------------------------------------------------------------


def await_machine(machine: Machine, uri: str) -> Incoming:
    machine.status = "inmigrate"
    incoming = machine.part(Incoming)
    incoming.start(parse_uri(uri), {}, exit_on_error=False)
    return incoming


async def until_taken(incoming: Incoming) -> None:
    async with asyncio.timeout(20):
        while incoming.status not in ("completed", "failed"):
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("where", ["tcp", "unix", "file", "exec"])
async def test_a_machine_comes_and_runs(machine: Machine, tmp_path: Path, where: str) -> None:
    stream = tmp_path / "stream"
    stream.write_bytes(empty_machine_stream("none", "running"))
    uris = {
        "tcp": "tcp:127.0.0.1:0",
        "unix": f"unix:{tmp_path}/s",
        "file": f"file:{stream}",
        "exec": f"exec:cat {stream}",
    }
    incoming = await_machine(machine, uris[where])
    other = make_machine()
    if where in ("tcp", "unix"):
        (address,) = incoming.info()["socket-address"]
        assert address["type"] == {"tcp": "inet", "unix": "unix"}[where]
        there = f"tcp:127.0.0.1:{address['port']}" if where == "tcp" else uris["unix"]
        await until_over(start(other, there))
    await until_taken(incoming)
    assert incoming.info() == {"status": "completed"}
    assert machine.running
    assert said(machine)[-4:] == ["setup", "active", "RESUME", "completed"]
    other.close()


async def test_a_paused_machine_comes_paused(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "stream").write_bytes(empty_machine_stream("none", "paused"))
    await until_taken(await_machine(machine, f"file:{tmp_path}/stream"))
    assert machine.status == "paused"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ((b"QEVM", b"ELF!"), "Not a migration stream"),
        ((b"none", b"some"), "Machine type received is 'some' and local is 'none'"),
        ((b"globalstate", b"globalstatx"), "Unknown savevm section or instance 'globalstatx' 0"),
        ((b"\x7e\x00\x00\x00\x04", b""), "Stream ends before the machine does|Not a migration"),
    ],
)
async def test_what_is_no_empty_machine_is_refused(
    machine: Machine, tmp_path: Path, damage: tuple[bytes, bytes], message: str
) -> None:
    stream = empty_machine_stream("none", "running")
    assert damage[0] in stream
    (tmp_path / "stream").write_bytes(stream[: stream.index(b'{"page')].replace(*damage, 1)[:-6])
    incoming = await_machine(machine, f"file:{tmp_path}/stream")
    await until_taken(incoming)
    assert re.search(message, incoming.info()["error-desc"])
    assert machine.status == "inmigrate"


@given(st.binary(max_size=300), st.integers(0, 700))
def test_no_stream_does_more_than_be_refused(tail: bytes, cut: int) -> None:
    stream = empty_machine_stream("none", "running")[:cut] + tail
    with contextlib.suppress(QmpError):
        read_stream(stream, "none")


@pytest.mark.skipif(QEMU is None, reason="there is no QEMU here to come from")
async def test_qemus_empty_machine_comes(machine: Machine, tmp_path: Path) -> None:
    incoming = await_machine(machine, f"unix:{tmp_path}/s")
    assert QEMU is not None
    argv = [QEMU, "-M", "none", "-nodefaults", "-display", "none", "-monitor", "stdio"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.write(f"migrate -d unix:{tmp_path}/s\n".encode())
        process.stdin.flush()
        await until_taken(incoming)
        process.stdin.write(b"quit\n")
        process.stdin.flush()
    assert incoming.info() == {"status": "completed"}
    assert machine.running
