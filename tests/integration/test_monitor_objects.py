"""Monitors that are objects, as libvirt and systemd use them, with clients that others wrote."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from qemu.qmp import ExecuteError, QMPClient
from qemu.qmp.error import QMPError

from qmp_iothreadd.testing import Client, DaemonProcess

TIMEOUT_S = 15


@asynccontextmanager
async def connected(path: str) -> AsyncIterator[QMPClient]:
    client = QMPClient("test")
    async with asyncio.timeout(TIMEOUT_S):
        await client.connect(path)
    try:
        yield client
    finally:
        with contextlib.suppress(QMPError, EOFError, ConnectionError):
            await client.disconnect()


async def test_qemus_own_client_speaks_to_a_monitor_that_was_added(tmp_path: Path) -> None:
    path = str(tmp_path / "added")
    with DaemonProcess("-chardev", f"socket,id=c,path={path},server=on,wait=off") as daemon:
        async with connected(daemon.path) as owner:
            options = {"qom-type": "monitor-qmp", "id": "m", "chardev": "c"}
            await owner.execute("object-add", options)
            async with connected(path) as guest:
                assert await guest.execute("query-status") == {
                    "status": "running",
                    "running": True,
                }
                with pytest.raises(ExecuteError, match="Cannot delete the current QMP monitor"):
                    await guest.execute("object-del", {"id": "m"})
                with owner.listener("STOP") as heard:
                    await guest.execute("stop")
                    async with asyncio.timeout(TIMEOUT_S):
                        assert (await heard.get())["event"] == "STOP"
            await owner.execute("object-del", {"id": "m"})


def test_qmp_shell_speaks_to_a_monitor_that_was_added(tmp_path: Path) -> None:
    path = str(tmp_path / "added")
    chardev = ("-chardev", f"socket,id=c,path={path},server=on,wait=off")
    with DaemonProcess(*chardev, "-object", "monitor-qmp,id=m,chardev=c"):
        done = subprocess.run(
            [sys.executable, "-m", "qemu.qmp.qmp_shell", path],
            input="query-status\nquery-name\n",
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    assert "Connected to QEMU 11.1.3" in done.stdout
    assert '"status": "running"' in done.stdout


def test_a_domain_of_libvirt_starts_with_its_monitor_as_an_object(tmp_path: Path) -> None:
    """The command line of libvirt 12.8: a socket that listens is handed over as a descriptor."""
    path = str(tmp_path / "monitor.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        number = listener.fileno()
        arguments = (
            "-name guest=t1,debug-threads=on -S -machine none,usb=off,dump-guest-core=off "
            '-accel tcg -object {"qom-type":"iothread","id":"iothread1"} '
            "-uuid 11111111-2222-3333-4444-555555555555 -display none -no-user-config -nodefaults "
            f"-chardev socket,id=charmonitor,fd={number},server=on,wait=off "
            '-object {"qom-type":"monitor-qmp","id":"monitor","chardev":"charmonitor"} '
            "-no-shutdown -boot strict=on -msg timestamp=on"
        )
        command = [sys.executable, "-m", "qmp_iothreadd", *arguments.split()]
        with subprocess.Popen(command, pass_fds=[number], stderr=subprocess.PIPE) as process:
            listener.close()
            for _ in range(2):  # it reconnects
                with Client.connect(path) as client:
                    client.negotiate()
                    [shown] = client.execute("query-chardev")
                    assert shown == {
                        "frontend-open": True,
                        "filename": f"unix:{path},server=on",
                        "label": "charmonitor",
                    }
                    found = client.execute("qom-list", {"path": "/objects"})
                    assert {each["name"] for each in found} == {"type", "monitor", "iothread1"}
                    assert client.execute("query-status")["status"] == "prelaunch"
            process.send_signal(signal.SIGTERM)
            assert process.wait(TIMEOUT_S) == 0


def test_a_connected_pair_is_a_monitor_for_as_long_as_its_other_end_lives(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        number = theirs.fileno()
        arguments = (
            *("-chardev", f"socket,id=c,fd={number}"),
            *("-object", "monitor-qmp,id=m,chardev=c,close-action=delete"),
        )
        with (
            DaemonProcess(*arguments, pass_fds=[number]) as daemon,
            daemon.client() as client,
        ):
            theirs.close()
            stream = ours.makefile("rwb", buffering=0)
            assert "QMP" in json.loads(stream.readline())
            stream.write(b'{"execute": "qmp_capabilities"}')
            assert json.loads(stream.readline()) == {"return": {}}
            stream.close()
            ours.close()
            while len(client.execute("query-chardev")) > 1:
                pass
            found = client.execute("qom-list", {"path": "/objects"})
            assert [each["name"] for each in found] == ["type", "compat_monitor0"]
