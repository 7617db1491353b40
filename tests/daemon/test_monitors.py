"""Monitors come and go: on the command line, by object-add, with the client that leaves."""

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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client, DaemonProcess
from tests.waiting import wait_until

GREETING = b"QEMU 11.1.3 monitor - type 'help' for more information\r\n(qemu) "


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "other")


@pytest.fixture
def daemon(path: str) -> Iterator[DaemonProcess]:
    """A daemon with two devices that nobody uses: ``s``, a socket on ``path``, and ``n``."""
    chardev = f"socket,id=s,path={path},server=on,wait=off"
    with DaemonProcess("-chardev", chardev, "-chardev", "null,id=n") as daemon:
        yield daemon


def add(client: Client, **options: Any) -> None:
    client.execute("object-add", {"qom-type": "monitor-qmp", "id": "m", "chardev": "s", **options})


def delete(client: Client, name: str = "m") -> None:
    client.execute("object-del", {"id": name})


def objects(client: Client) -> list[str]:
    return [each["name"] for each in client.execute("qom-list", {"path": "/objects"})][1:]


def in_use(client: Client) -> dict[str, bool]:
    return {each["label"]: each["frontend-open"] for each in client.execute("query-chardev")}


# -- On the command line --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "option",
    [
        "monitor-qmp,id=m,chardev=s",
        '{"qom-type": "monitor-qmp", "id": "m", "chardev": "s"}',
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_monitor_object_is_made_after_all_character_devices(
    option: str, first: bool, path: str
) -> None:
    chardev = ("-chardev", f"socket,id=s,path={path},server=on,wait=off")
    arguments = ("-object", option, *chardev) if first else (*chardev, "-object", option)
    with DaemonProcess(*arguments) as daemon, Client.connect(path) as client:
        client.negotiate()
        assert set(objects(client)) == {"m", "compat_monitor0"}
        assert daemon.stderr == ""


def test_every_way_makes_the_same_object(path: str) -> None:
    with (
        DaemonProcess(
            *("-chardev", "null,id=a", "-mon", "chardev=a,mode=control,pretty=on,id=x"),
            *("-chardev", "null,id=b", "-object", "monitor-qmp,id=y,chardev=b,pretty=on"),
            *("-chardev", "null,id=c", "-mon", "c"),
            *("-qmp-pretty", "null", "-monitor", "null"),
        ) as daemon,
        daemon.client() as client,
    ):
        found = {
            name: client.execute("qom-list-get", {"paths": [f"/objects/{name}"]})[0]["properties"]
            for name in objects(client)
        }
        shown = {
            name: {each["name"]: each["value"] for each in properties}
            for name, properties in found.items()
        }
        qmp = {"type": "monitor-qmp", "pretty": True, "close-action": "none"}
        hmp = {"type": "monitor-hmp", "readline": True}
        assert shown == {
            "compat_monitor0": {**qmp, "chardev": "compat_monitor0", "pretty": False},
            "compat_monitor1": {**qmp, "chardev": "compat_monitor1"},
            "compat_monitor2": {**hmp, "chardev": "compat_monitor2"},
            "compat_monitor3": {**hmp, "chardev": "c"},
            "x": {**qmp, "chardev": "a"},
            "y": {**qmp, "chardev": "b"},
        }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("-object monitor-qmp,id=m,chardev=zz", 'chardev "zz" not found'),
        ("-object monitor-qmp,id=m,chardev=c -mon c", "-mon c: chardev 'c' is already in use"),
        ("-mon c,id=m -mon c", "-mon c: chardev 'c' is already in use"),
        (
            "-object iothread,id=compat_monitor1 -mon c",
            "-mon c: attempt to add duplicate property 'compat_monitor1' to object "
            "(type 'container')",
        ),
        ("-mon zz", '-mon zz: chardev "zz" not found'),
        ("-mon mode=control", "-mon mode=control: Parameter 'chardev' is missing"),
        ("-mon mode=x", "-mon mode=x: Parameter 'mode' does not accept value 'x'"),
        ("-mon c,pretty=on", "-mon c,pretty=on: 'pretty' is not compatible with HMP monitors"),
        ("-qmp chardev:zz", '-qmp chardev:zz: chardev "zz" not found'),
        # Late objects come after the machine, and monitors after them.
        ("-object monitor-qmp,id=m,chardev=zz -mon mode=x", 'chardev "zz" not found'),
        (
            "-object monitor-qmp,id=m,chardev=zz -object iothread,id=a,poll-weight=64",
            "poll-weight value must be in range [0, 63]",
        ),
    ],
)
def test_what_cannot_be_made_ends_the_start(arguments: str, said: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        DaemonProcess("-chardev", "null,id=c", *arguments.split(" ")).__enter__()
    assert str(raised.value).rstrip("\n").split("qmp-iothreadd: ")[-1] == said


# -- While it runs --------------------------------------------------------------------------------


def test_a_monitor_on_a_socket_greets_who_is_there_and_who_comes(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client, Client.connect(path) as early:
        early.send(b'{"execute": "qmp_capabilities"}')
        assert in_use(client) == {"compat_monitor0": True, "s": False, "n": False}
        add(client)
        assert in_use(client) == {"compat_monitor0": True, "s": True, "n": False}
        assert "QMP" in json.loads(early.receive_line())
        assert json.loads(early.receive_line()) == {"return": {}}
        assert early.execute("query-name") == {}
    with Client.connect(path) as late:
        late.negotiate()


def test_a_deleted_monitor_leaves_its_client_unheard_and_another_greets_it(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client:
        add(client)
        with Client.connect(path) as other:
            other.negotiate()
            delete(client)
            assert in_use(client)["s"] is False
            client.execute("stop")  # an event, which only those who are served hear
            other.send(b'{"execute": "query-name", "id": 1}')
            add(client, id="again")
            assert "QMP" in json.loads(other.receive_line())
            reply = json.loads(other.receive_line())
            assert (reply["id"], reply["error"]["class"]) == (1, "CommandNotFound")


def test_a_hundred_monitors_come_and_go_and_leave_nothing(daemon: DaemonProcess, path: str) -> None:
    with daemon.client() as client:
        with pytest.raises(QmpError):
            delete(client, "nope")  # the texts of errors are loaded, for which files are opened
        before = daemon.descriptor_count(), len(daemon.threads()), objects(client)
        for number in range(100):
            add(client, id=f"m{number}")
            if number % 3:
                with Client.connect(path) as other:
                    other.negotiate()
                    delete(client, f"m{number}")
            else:
                delete(client, f"m{number}")
        wait_until(
            lambda: (daemon.descriptor_count(), len(daemon.threads()), objects(client)) == before
        )
        assert in_use(client)["s"] is False


def test_events_reach_all_monitors_past_negotiation(daemon: DaemonProcess, path: str) -> None:
    with daemon.client() as client:
        add(client)
        add(client, id="nobody", chardev="n")
        with Client.connect(path) as other:
            assert "QMP" in json.loads(other.receive_line())
            client.execute("stop")
            other.send(b'{"execute": "qmp_capabilities"}')
            assert json.loads(other.receive_line()) == {"return": {}}
            client.execute("cont")
            assert other.receive_event()["event"] == "RESUME"


def test_pretty_acts_at_once(daemon: DaemonProcess) -> None:
    with daemon.client() as client:
        own = {"path": "/objects/compat_monitor0", "property": "pretty"}
        client.send({"execute": "qom-set", "arguments": {**own, "value": True}})
        assert client.receive_line() == b"{\r\n"
        assert client.receive_line() == b'    "return": {\r\n'
        assert client.receive_line() == b"    }\r\n"
        assert client.receive_line() == b"}\r\n"
        client.send({"execute": "qom-set", "arguments": {**own, "value": False}})
        assert client.receive_line() == b'{"return": {}}\r\n'


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chardev": "zz"}, 'chardev "zz" not found'),
        ({"chardev": "compat_monitor0"}, "chardev 'compat_monitor0' is already in use"),
        ({"pretty": 1}, "Invalid parameter type for 'pretty', expected: boolean"),
        ({"close-action": "x"}, "Parameter 'close-action' does not accept value 'x'"),
        ({"readline": True}, "Parameter 'readline' is unexpected"),
        ({"qom-type": "monitor"}, "Parameter 'qom-type' does not accept value 'monitor'"),
    ],
)
def test_what_is_refused_leaves_nothing(
    daemon: DaemonProcess, options: dict[str, Any], message: str
) -> None:
    with daemon.client() as client:
        before = objects(client), in_use(client)
        with pytest.raises(QmpError) as raised:
            add(client, **options)
        assert raised.value.desc == message
        assert (objects(client), in_use(client)) == before


def test_a_monitor_deletes_others_but_neither_itself_nor_human_ones(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client:
        add(client)
        add(client, **{"qom-type": "monitor-hmp", "id": "h", "chardev": "n"})
        for name, message in (
            ("compat_monitor0", "Cannot delete the current QMP monitor"),
            ("h", "Deleting HMP monitors is not supported"),
        ):
            with pytest.raises(QmpError) as raised:
                delete(client, name)
            assert raised.value.desc == message
            line = {"command-line": f"object_del {name}"}
            assert client.execute("human-monitor-command", line) == f"Error: {message}\r\n"
        with Client.connect(path) as other:
            other.negotiate()
            other.execute("object-del", {"id": "compat_monitor0"})
            assert set(objects(other)) == {"m", "h"}


def test_requests_that_wait_are_dropped_with_their_monitor(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client:
        add(client)
        with Client.connect(path) as other:
            other.negotiate("oob")
            # One who does not read: replies fill the socket, and requests wait.
            other.send(b'{"execute": "query-qmp-schema"}' * 64)
            delete(client)
            assert in_use(client)["s"] is False
            assert client.execute("query-status")["running"] is True


# -- What happens when the client leaves ----------------------------------------------------------


@pytest.mark.parametrize("later", [True, False])
def test_a_monitor_may_go_with_its_client(daemon: DaemonProcess, path: str, later: bool) -> None:
    with daemon.client() as client:
        add(client, **({} if later else {"close-action": "delete"}))
        with Client.connect(path) as other:
            other.negotiate()
            if later:
                own = {"path": "/objects/m", "property": "close-action", "value": "delete"}
                other.execute("qom-set", own)
        wait_until(lambda: objects(client) == ["compat_monitor0"])
        assert in_use(client) == {"compat_monitor0": True, "n": False}
        assert not Path(path).exists()


def test_the_end_of_standard_input_is_a_client_that_leaves() -> None:
    arguments = (
        *("-chardev", "stdio,id=s"),
        *("-object", "monitor-qmp,id=m,chardev=s,close-action=delete"),
    )
    with (
        DaemonProcess(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon,
        daemon.client() as client,
    ):
        assert set(objects(client)) == {"m", "compat_monitor0"}
        assert daemon.process.stdin is not None
        assert daemon.process.stdout is not None
        daemon.process.stdin.write(b'{"execute": "qmp_capabilities"}')
        daemon.process.stdin.close()
        wait_until(lambda: objects(client) == ["compat_monitor0"])
        assert in_use(client) == {"compat_monitor0": True}
        assert daemon.stop() == 0
        said = daemon.process.stdout.read().splitlines()
        assert [list(json.loads(line)) for line in said] == [["QMP"], ["return"]]


def test_the_end_of_the_daemon_is_no_reason_to_delete(daemon: DaemonProcess, path: str) -> None:
    with daemon.client() as client, Client.connect(path) as other:
        add(client, **{"close-action": "delete"})
        other.negotiate()
        assert daemon.stop() == 0
        assert [other.receive_event()["event"], other.receive_line()] == ["SHUTDOWN", b""]
        assert daemon.stderr.count("\n") == 1  # the signal, and no fault


def test_without_that_it_waits_for_the_next_one(daemon: DaemonProcess, path: str) -> None:
    with daemon.client() as client:
        add(client, **{"close-action": "none"})
        for _ in range(3):
            with Client.connect(path) as other:
                other.negotiate()
        assert set(objects(client)) == {"m", "compat_monitor0"}


# -- Human monitors -------------------------------------------------------------------------------


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
