"""Human monitors, and monitors on terminals, pseudo-terminals and what several share."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import socket
import subprocess
import sys
import termios
import tty

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import DaemonProcess
from tests.daemon.monitors import add, delete, objects
from tests.waiting import wait_until

GREETING = b"QEMU 11.1.3 monitor - type 'help' for more information\r\n(qemu) "


def read_until(source: socket.socket | int, end: bytes) -> bytes:
    fd = source if isinstance(source, int) else source.fileno()
    data = b""
    while not data.endswith(end):
        assert select.select([fd], [], [], 10)[0], data
        piece = os.read(fd, 65536)
        assert piece, data
        data += piece
    return data


def test_a_human_monitor_made_later_has_a_history_of_its_own(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client:
        add(client, **{"qom-type": "monitor-hmp"})
        for expected in (
            b"0: 'p 1'\r\n1: 'info history'\r\n",
            b"0: 'p 1'\r\n1: 'info history'\r\n",
        ):
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(path)
                assert read_until(other, b"(qemu) ") == GREETING
                other.sendall(b"p 1\r")
                read_until(other, b"0x1\r\n(qemu) ")
                other.sendall(b"info history\r")
                assert expected in read_until(other, b"'\r\n(qemu) ")
            wait_until(lambda: "disconnected" in str(client.execute("query-chardev")))


def test_one_that_edits_no_lines_takes_commands_that_end_in_nul(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client:
        add(client, **{"qom-type": "monitor-hmp", "readline": False})
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(path)
            assert read_until(other, b"information\r\n") == GREETING.removesuffix(b"(qemu) ")
            other.sendall(b"p 7\0")
            assert read_until(other, b"\r\n") == b"0x7\r\n"
            other.sendall(b"object_del compat_monitor0\0info chardev\0")
            wait_until(lambda: select.select([other], [], [], 0)[0] == [])
            other.sendall(b"info name\r")
            assert read_until(other, b"\r\n") == b"corrupted command\r\n"


def open_terminal(path: str) -> int:
    """A pseudo-terminal that hands over what is written to it as it is."""
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd)
    return fd


def test_a_pseudo_terminal_has_a_human_monitor_that_was_asked_for_at_the_start() -> None:
    with (
        DaemonProcess("-monitor", "pty", stdout=subprocess.PIPE) as daemon,
        daemon.client() as client,
    ):
        assert daemon.process.stdout is not None
        said = daemon.process.stdout.readline().decode()
        found = re.fullmatch(r"char device redirected to (\S+) \(label compat_monitor1\)\n", said)
        assert found
        shown = client.execute("query-chardev")
        assert {"compat_monitor1": f"pty:{found[1]}"}.items() <= {
            each["label"]: each["filename"] for each in shown
        }.items()
        fd = open_terminal(found[1])
        try:
            read_until(fd, b"(qemu) ")
            os.write(fd, b"info name\rp 7\r")
            read_until(fd, b"0x7\r\n(qemu) ")
        finally:
            os.close(fd)


def test_monitors_are_made_on_devices_that_were_added() -> None:
    with DaemonProcess() as daemon, daemon.client() as client:
        backend = {"type": "pty", "data": {}}
        path = client.execute("chardev-add", {"id": "s", "backend": backend})["pty"]
        add(client)
        fd = open_terminal(path)
        try:
            read_until(fd, b"}\r\n")
            os.write(fd, b'{"execute": "qmp_capabilities"}')
            assert read_until(fd, b"\r\n") == b'{"return": {}}\r\n'
            with pytest.raises(QmpError, match=r"^Chardev 's' is busy$"):
                client.execute("chardev-remove", {"id": "s"})
            delete(client)
            client.execute("chardev-remove", {"id": "s"})
        finally:
            os.close(fd)


def test_a_ring_buffer_keeps_what_a_monitor_says_that_nobody_speaks_to() -> None:
    with DaemonProcess("-chardev", "ringbuf,id=s") as daemon, daemon.client() as client:
        add(client)
        client.execute("stop")
        kept = client.execute("ringbuf-read", {"device": "s", "size": 65536})
        greeting, *rest = kept.splitlines()
        assert json.loads(greeting)["QMP"]["capabilities"] == []  # none could be negotiated
        assert rest == []  # events are for those past negotiation


def test_two_monitors_share_a_terminal_by_a_mux() -> None:
    """Ctrl-a c turns from one to the other; -echr makes it another key."""
    arguments = (
        *("-chardev", "stdio,id=c,mux=on,signal=off", "-echr", "20"),
        *("-object", "monitor-hmp,id=h,chardev=c", "-object", "monitor-qmp,id=q,chardev=c"),
    )
    with DaemonProcess(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
        stdin, stdout = daemon.process.stdin, daemon.process.stdout
        assert stdin is not None
        assert stdout is not None
        greeted = read_until(stdout.fileno(), b'"capabilities": ["oob"]}}\r\n')
        stdin.write(b'{"execute": "qmp_capabilities"}')
        stdin.flush()
        assert read_until(stdout.fileno(), b'{"return": {}}\r\n')
        stdin.write(b"\x14cp 7\r")
        stdin.flush()
        assert b"QEMU 11.1.3 monitor" in greeted + read_until(stdout.fileno(), b"0x7\r\n(qemu) ")
        stdin.write(b'\x14c{"execute": "object-del", "arguments": {"id": "q"}}')
        stdin.flush()
        read_until(stdout.fileno(), b'"desc": "Cannot delete the current QMP monitor"}}\r\n')
        stdin.write(b"\x14cobject_del q\rinfo status\r")
        stdin.flush()
        read_until(stdout.fileno(), b"VM status: running\r\n(qemu) ")
        with daemon.client() as client:
            assert set(objects(client)) == {"compat_monitor0", "h"}
            stdin.write(b"p 8\r")
            stdin.flush()
            read_until(stdout.fileno(), b"0x8\r\n(qemu) ")


def test_nographic_puts_a_human_monitor_on_the_terminal_where_ctrl_c_ends_it() -> None:
    leader, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "qmp_iothreadd", "-M", "none", "-nographic"],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    try:
        os.close(terminal)
        read_until(leader, b"(qemu) ")
        os.write(leader, b"info chardev\r")
        read_until(leader, b"compat_monitor0: filename=stdio\r\r\n(qemu) ")
        os.write(leader, b"\x03")
        _, said = process.communicate(timeout=10)
        assert (process.returncode, said) == (0, b"qmp-iothreadd: terminating on signal 2\n")
    finally:
        process.kill()
        process.wait()
        os.close(leader)
