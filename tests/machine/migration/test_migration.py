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
from qmp_iothreadd.machine.migration.channels import Address, parse_uri
from qmp_iothreadd.machine.migration.incoming import Incoming
from qmp_iothreadd.machine.migration.migration import Migration
from qmp_iothreadd.machine.migration.stream import empty_machine_stream, read_stream
from qmp_iothreadd.testing import make_machine
from tests.children import children

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
    async with asyncio.timeout(20):
        while children():
            await asyncio.sleep(0.001)


async def test_nobody_answers(machine: Machine, tmp_path: Path) -> None:
    migration = start(machine, f"unix:{tmp_path}/nobody")
    assert migration.info() == {"status": "setup"}
    for begin in (
        lambda: start(machine, "exec:true"),
        lambda: migration.set_capabilities({"xbzrle": True}),
    ):
        with pytest.raises(QmpError, match="There's a migration process in progress"):
            begin()
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


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (
            {"transport": "socket", "type": "inet", "host": "127.0.0.1", "port": "1"},
            "Failed to connect to '127.0.0.1:1': Connection refused",
        ),
        (
            {"transport": "socket", "type": "inet", "host": "127.0.0.1", "port": "no such"},
            "address resolution failed for 127.0.0.1:no such: ",
        ),
        (
            {"transport": "exec", "args": ["/nonexistent/command"]},
            "Failed to execute child process “/nonexistent/command” (No such file or directory)",
        ),
        (
            {"transport": "exec", "args": ["a\0b"]},
            "Failed to execute child process “a\0b” (Invalid argument)",
        ),
        (
            {"transport": "exec", "args": []},
            "Failed to execute child process “” (No such file or directory)",
        ),
        (
            {"transport": "file", "filename": "/nonexistent/file", "offset": 0},
            "Could not open '/nonexistent/file': No such file or directory",
        ),
        (
            {"transport": "file", "filename": "/dev/null", "offset": 1},
            "failed to truncate migration file to offset of '/dev/null': Invalid argument",
        ),
    ],
)
async def test_where_it_cannot_go(machine: Machine, address: Address, reason: str) -> None:
    migration = machine.part(Migration)
    migration.start(address, resume=False, named={})
    await until_over(migration)
    await until_quiet()
    assert migration.info()["error-desc"].startswith(reason)
    assert machine.running


@pytest.mark.parametrize("running", [True, False])
async def test_a_migration_is_cancelled_while_it_is_written(
    machine: Machine, running: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not running:
        machine.stop()
    monkeypatch.setattr("qmp_iothreadd.machine.migration.migration.empty_machine_stream", a_lot)
    ours, theirs = socket.socketpair()
    migration = start(machine, "fd:x", x=ours.detach())
    async with asyncio.timeout(20):
        while migration.status != "device":
            await asyncio.sleep(0)
        migration.cancel()
        theirs.setblocking(False)
        while await asyncio.get_running_loop().sock_recv(theirs, 1 << 16):
            pass
    theirs.close()
    await until_quiet()
    assert migration.info() == {"status": "cancelled"}
    assert machine.status == ("running" if running else "paused")


async def test_a_cancelled_migration_does_not_fail_afterwards(machine: Machine) -> None:
    migration = machine.part(Migration)
    migration.start({"transport": "exec", "args": ["/nonexistent"]}, resume=False, named={})
    migration.cancel()
    await until_quiet()
    assert migration.info() == {"status": "cancelled"}
    assert said(machine) == ["setup", "cancelling", "cancelled"]


async def test_a_machine_that_waits_for_another_does_not_go(machine: Machine) -> None:
    machine.status = "inmigrate"
    with pytest.raises(QmpError, match="Guest is waiting for an incoming migration"):
        start(machine, "exec:true")


async def test_the_end_of_the_process_ends_the_command(machine: Machine) -> None:
    migration = start(machine, "exec:sleep 1000")
    async with asyncio.timeout(20):
        while migration.running:
            await asyncio.sleep(0.001)
    assert migration.status == "completed"
    machine.close()  # the command is still there, and is ended with the machine
    await until_quiet()


def a_lot(machine: str, status: str) -> bytes:
    """More than a socket takes before somebody reads."""
    return bytes(1 << 22)


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


@pytest.mark.parametrize("kind", ["socket", "pipe", "file"])
async def test_a_machine_comes_through_a_descriptor(
    machine: Machine, tmp_path: Path, kind: str
) -> None:
    stream = empty_machine_stream("none", "running")
    (tmp_path / "stream").write_bytes(stream)
    match kind:
        case "socket":
            source, theirs = socket.socketpair()
            theirs.sendall(stream)
            theirs.close()
            descriptor = source.detach()
        case "pipe":
            descriptor, end = os.pipe()
            os.write(end, stream)
            os.close(end)
        case _:
            descriptor = os.open(tmp_path / "stream", os.O_RDONLY)
    machine.status = "inmigrate"
    incoming = machine.part(Incoming)
    incoming.start(parse_uri("fd:x"), {"x": descriptor}, exit_on_error=False)
    await until_taken(incoming)
    assert (incoming.info(), machine.running) == ({"status": "completed"}, True)


async def test_a_descriptor_that_nothing_can_be_read_from(machine: Machine, tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    machine.status = "inmigrate"
    incoming = machine.part(Incoming)
    incoming.start(parse_uri("fd:x"), {"x": descriptor}, exit_on_error=False)
    await until_taken(incoming)
    reason = "load of migration failed: Invalid argument: Invalid argument"
    assert incoming.info()["error-desc"] == reason
    assert not machine.shutting_down


async def test_what_cannot_be_awaited_ends_the_process_where_that_is_asked_for(
    machine: Machine,
) -> None:
    machine.status = "inmigrate"
    incoming = machine.part(Incoming)
    incoming.start({"transport": "exec", "args": ["/no"]}, {}, exit_on_error=True)
    await until_taken(incoming)
    reason = "Failed to execute child process “/no” (No such file or directory)"
    assert incoming.info()["error-desc"] == reason
    assert (machine.exit_status, machine.shutting_down) == (1, True)


async def test_a_file_that_is_not_there_is_not_awaited(machine: Machine) -> None:
    with pytest.raises(QmpError, match="Could not open '/nonexistent/file': No such file"):
        await_machine(machine, "file:/nonexistent/file")
    assert not machine.part(Incoming).started


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


def _head(name: bytes, number: int) -> bytes:
    return b"QEVM\0\0\0\x03\x01" + bytes([0, 0, 0, number, len(name)]) + name + bytes(8)


def test_commands_between_the_sections_are_skipped() -> None:
    stream = empty_machine_stream("none", "paused")
    begin = stream.index(b"none") + 4
    command = b"\x08\x00\x01\x00\x02ab"
    assert read_stream(stream[:begin] + command + stream[begin:], "none") == "paused"


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (b"QEVM\0\0\0\x03\x05\0\0\0\0", "Not a migration stream"),
        (_head(b"ram", 2) + bytes(8), "Unknown ramblock, cannot accept migration"),
    ],
)
def test_a_stream_of_another_machine_is_refused(stream: bytes, message: str) -> None:
    with pytest.raises(QmpError, match=message):
        read_stream(stream, "none")


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
