"""Descriptors sent to a daemon with SCM_RIGHTS, as libvirt and qemu.qmp send them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any

from qemu.qmp import QMPClient

from qmp_iothreadd.testing import DaemonProcess
from tests.waiting import wait_until


class RawClient:
    """A client that can send descriptors with a request."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.file.readline()
        self.call("qmp_capabilities")

    def call(self, command: str, *fds: int, **arguments: Any) -> Any:
        request = json.dumps({"execute": command, "arguments": _dashed(arguments)}).encode()
        socket.send_fds(self.socket, [request], fds)
        reply = json.loads(self.file.readline())
        return reply["return"] if "return" in reply else reply["error"]["desc"]

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()


def _dashed(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in arguments.items()}


def held(daemon: DaemonProcess, target: Path) -> int:
    """How many descriptors of a file the daemon has."""
    found = 0
    for fd in os.listdir(f"/proc/{daemon.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found += os.readlink(f"/proc/{daemon.pid}/fd/{fd}") == str(target)
    return found


def test_names_and_sets_over_a_socket(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with DaemonProcess() as daemon, target.open("w") as file:
        fd = file.fileno()
        with RawClient(daemon.path) as client:
            assert client.call("getfd", fd, fdname="a") == {}
            assert client.call("getfd", fd, fd, fd, fdname="b") == {}
            assert held(daemon, target) == 2
            added = client.call("add-fd", fd, opaque="mine")
            assert added["fdset-id"] == 0
            assert os.readlink(f"/proc/{daemon.pid}/fd/{added['fd']}") == str(target)
            client.call("query-name", fd)  # takes none
            assert held(daemon, target) == 4
            assert client.call("closefd", fdname="a") == {}
        wait_until(lambda: held(daemon, target) == 2)  # what nobody took goes with the client
        with RawClient(daemon.path) as client:
            assert client.call("closefd", fdname="b") == {}
            sets = [{"fdset-id": 0, "fds": [{"fd": added["fd"], "opaque": "mine"}]}]
            assert client.call("query-fdsets") == sets
            assert client.call("remove-fd", fdset_id=0) == {}
            assert held(daemon, target) == 0


def test_qemus_own_library_sends_descriptors(tmp_path: Path) -> None:
    async def talk(path: str, fd: int) -> object:
        client = QMPClient("test")
        await client.connect(path)
        try:
            client.send_fd_scm(fd)
            return await client.execute("add-fd", {"fdset-id": 7})
        finally:
            await client.disconnect()

    with DaemonProcess() as daemon, (tmp_path / "f").open("w") as file:
        added = asyncio.run(talk(daemon.path, file.fileno()))
        assert isinstance(added, dict)
        assert added["fdset-id"] == 7
        assert held(daemon, tmp_path / "f") == 1


def test_a_character_device_writes_to_what_is_in_a_set(tmp_path: Path) -> None:
    target = tmp_path / "file"
    device = {"type": "file", "data": {"out": "/dev/fdset/3"}}
    with DaemonProcess() as daemon, RawClient(daemon.path) as client:
        reply = client.call("chardev-add", id="c", backend=device)
        assert reply.endswith("Could not open '/dev/fdset/3': No such file or directory")
        with target.open("w") as file:
            client.call("add-fd", file.fileno(), fdset_id=3)
        assert client.call("chardev-add", id="c", backend=device) == {}
        assert held(daemon, target) == 2
        client.call("remove-fd", fdset_id=3)
        assert client.call("query-fdsets") == [{"fds": [], "fdset-id": 3}]
        client.call("chardev-remove", id="c")
        wait_until(lambda: held(daemon, target) == 0)
        assert client.call("query-fdsets") == []
