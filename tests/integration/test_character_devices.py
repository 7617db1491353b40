"""Monitors on every kind of character device, as people and tools use them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import DaemonProcess
from tests.chardev.websocket_client import frame, request

GREETING = rb'\{"QMP": \{.*\}\}\r\n'
PROMPT = rb"\(qemu\) "
NEGOTIATE = b'{"execute": "qmp_capabilities"}\n'
STATUS = b'{"execute": "query-status"}\n'


class End:
    """The other end of a device: bytes in and out, by descriptors."""

    def __init__(self, source: int, sink: int | None = None) -> None:
        self._source = source
        self._sink = source if sink is None else sink

    def type(self, data: bytes) -> None:
        os.write(self._sink, data)

    def read(self, pattern: bytes, seconds: float = 10) -> bytes:
        """Read until all that came matches ``pattern``."""
        got = b""
        deadline = time.monotonic() + seconds
        while not re.fullmatch(pattern, got, re.DOTALL):
            left = deadline - time.monotonic()
            assert left > 0, f"not yet: {got!r}"
            if select.select([self._source], [], [], left)[0]:
                piece = os.read(self._source, 65536)
                assert piece, f"the end: {got!r}"
                got += piece
        return got


@contextlib.contextmanager
def opened(path: str, flags: int = os.O_RDWR | os.O_NOCTTY) -> Iterator[End]:
    fd = os.open(path, flags)
    try:
        yield End(fd)
    finally:
        os.close(fd)


def mon(device: str, mode: str) -> tuple[str, ...]:
    """The arguments for a monitor on a device that is described."""
    return ("-chardev", device, "-object", f"monitor-{mode},id=m,chardev=c")


def devices(daemon: DaemonProcess) -> dict[str, Any]:
    with daemon.client() as client:
        return {each["label"]: each for each in client.execute("query-chardev")}


# -- Terminals ------------------------------------------------------------------------------------


def test_a_person_types_at_a_pty() -> None:
    options: dict[str, Any] = {"stdout": subprocess.PIPE}
    with DaemonProcess(*mon("pty,id=c", "hmp"), **options) as daemon:
        assert daemon.process.stdout is not None
        said = daemon.process.stdout.readline().decode()
        found = re.fullmatch(r"char device redirected to (/dev/pts/\d+) \(label c\)\n", said)
        assert found, said
        assert devices(daemon)["c"]["filename"] == f"pty:{found[1]}"
        with opened(found[1]) as terminal:
            terminal.read(rb"QEMU 11\.1\.3 monitor - .*\r\n" + PROMPT)
            terminal.type(b"info statu\t\r")
            terminal.read(rb".*\r\nVM status: running\r\n" + PROMPT)


def test_chardev_add_gives_the_path_of_a_pty_and_says_nothing() -> None:
    options: dict[str, Any] = {"stdout": subprocess.PIPE}
    with DaemonProcess(**options) as daemon, daemon.client() as client:
        backend = {"type": "pty", "data": {}}
        path = client.execute("chardev-add", {"id": "c", "backend": backend})["pty"]
        client.execute("object-add", {"qom-type": "monitor-qmp", "id": "m", "chardev": "c"})
        with opened(path) as terminal:
            terminal.read(GREETING)
            terminal.type(NEGOTIATE + STATUS)
            terminal.read(rb'\{"return": \{\}\}\r\n\{"return": \{"status": "running".*\}\}\r\n')
            client.execute("object-del", {"id": "m"})
            client.execute("chardev-remove", {"id": "c"})
            with pytest.raises((OSError, AssertionError), match=r"Input/output error|the end"):
                terminal.read(b"never")
        daemon.stop()
        assert daemon.process.stdout is not None
        assert daemon.process.stdout.read() == b""


def test_a_serial_line_of_the_host() -> None:
    master, slave = os.openpty()
    try:
        with DaemonProcess(*mon(f"serial,id=c,path={os.ttyname(slave)}", "qmp")):
            line = End(master)
            line.read(GREETING)
            line.type(NEGOTIATE)
            line.read(rb'\{"return": \{\}\}\r\n')
    finally:
        os.close(master)
        os.close(slave)


def test_ctrl_a_c_switches_between_monitors_on_a_terminal() -> None:
    master, slave = os.openpty()
    device = f"serial,id=c,mux=on,path={os.ttyname(slave)}"
    both = ("-object", "monitor-hmp,id=one,chardev=c", "-object", "monitor-hmp,id=two,chardev=c")
    greeting = rb"QEMU 11\.1\.3 monitor - [^\n]*\n" + PROMPT
    try:
        with DaemonProcess("-chardev", device, *both) as daemon:
            line = End(master)
            line.read(greeting)
            line.type(b"\x01c")
            line.read(rb"\r\n" + greeting)
            line.type(b"info na")
            line.read(rb".*info na\x1b\[K")
            line.type(b"\x01c")
            line.read(rb"\r\n" + PROMPT)
            line.type(b"info status\r")
            line.read(rb".*\r\nVM status: running\r\n" + PROMPT)
            assert devices(daemon)["c"]["filename"] == "mux"
            assert devices(daemon)["c-base"]["filename"] == "serial"
            line.type(b"\x01h")
            line.read(rb"\n\rC-a h .*C-a C-a  [^\n]*\n\r")
            line.type(b"\x01x")
            line.read(rb"QEMU: Terminated\n\r")
            assert daemon.wait() == 0
    finally:
        os.close(master)
        os.close(slave)


def test_the_escape_key_can_be_another() -> None:
    args = ("-echr", "0x14", "-chardev", "stdio,id=c,mux=on")
    monitor = ("-object", "monitor-hmp,id=m,chardev=c")
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with DaemonProcess(*args, *monitor, **options) as daemon:
        stdin, stdout = daemon.process.stdin, daemon.process.stdout
        assert stdin is not None
        assert stdout is not None
        end = End(stdout.fileno(), stdin.fileno())
        end.read(rb"QEMU .*" + PROMPT)
        end.type(b"\x14x")
        end.read(rb"QEMU: Terminated\n\r")
        assert daemon.wait() == 0


# -- Files and memory -----------------------------------------------------------------------------


def test_qmp_on_a_pair_of_named_pipes(tmp_path: Path) -> None:
    path = tmp_path / "p"
    for way in ("in", "out"):
        os.mkfifo(f"{path}.{way}")
    with DaemonProcess(*mon(f"pipe,id=c,path={path}", "qmp")):
        flags = os.O_RDWR
        with opened(f"{path}.in", flags) as typed, opened(f"{path}.out", flags) as shown:
            shown.read(GREETING)
            typed.type(NEGOTIATE + STATUS)
            shown.read(rb'\{"return": \{\}\}\r\n\{"return": \{.*"running": true\}\}\r\n')


def test_events_go_to_a_file_and_commands_come_from_one(tmp_path: Path) -> None:
    typed, shown = tmp_path / "in", tmp_path / "out"
    typed.write_bytes(NEGOTIATE + b'{"execute": "stop"}')
    device = f"file,id=c,path={shown},input-path={typed}"
    with DaemonProcess(*mon(device, "qmp")) as daemon, daemon.client() as client:
        client.execute("cont")
        events = [json.loads(line).get("event") for line in shown.read_bytes().splitlines()]
        assert events == [None, None, "STOP", None, "RESUME"]


def test_the_greeting_is_in_the_ring_buffer() -> None:
    with DaemonProcess(*mon("ringbuf,id=c", "qmp")) as daemon, daemon.client() as client:
        read = {"device": "c", "size": 1000}
        assert json.loads(client.execute("ringbuf-read", read))["QMP"]["version"]["qemu"]
        assert client.execute("ringbuf-read", read) == ""


def test_what_a_monitor_says_is_logged(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with DaemonProcess(*mon(f"null,id=c,logfile={log},logtimestamp=on", "qmp")):
        assert re.fullmatch(rb"\d{4}-\d\d-\d\dT[\d:.]+Z " + GREETING, log.read_bytes())


# -- Sockets --------------------------------------------------------------------------------------


def port_of(daemon: DaemonProcess) -> int:
    found = re.search(r":(\d+),server=on", devices(daemon)["c"]["filename"])
    assert found
    return int(found[1])


SERVER = "socket,id=c,host=127.0.0.1,port=0,server=on,wait=off"


def test_telnet_shows_the_human_monitor() -> None:
    telnet = shutil.which("telnet")
    with DaemonProcess(*mon(f"{SERVER},telnet=on", "hmp")) as daemon:
        assert devices(daemon)["c"]["filename"].startswith("disconnected:telnet:127.0.0.1:")
        with socket.create_connection(("127.0.0.1", port_of(daemon))) as sock:
            end = End(sock.fileno())
            end.read(rb"\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00QEMU .*" + PROMPT)
            end.type(b"info \xff\xfd\x03status\r")
            end.read(rb".*\r\nVM status: running\r\n" + PROMPT)
        if telnet is None:
            return
        command = [telnet, "127.0.0.1", str(port_of(daemon))]
        done = subprocess.run(command, input=b"quit\n", capture_output=True, timeout=20)
        assert b"monitor - type 'help'" in done.stdout


def test_qmp_over_a_websocket() -> None:
    with (
        DaemonProcess(*mon(f"{SERVER},websocket=on", "qmp")) as daemon,
        socket.create_connection(("127.0.0.1", port_of(daemon))) as sock,
    ):
        end = End(sock.fileno())
        end.type(request())
        end.read(rb"HTTP/1\.1 101 .*\r\n\r\n\x82." + GREETING)
        end.type(frame(NEGOTIATE + STATUS))
        end.read(rb'.*\{"return": \{\}\}\r\n.*"running": true\}\}\r\n')
        end.type(frame(b"", 8))
        end.read(rb"\x88\x16\x03\xe8peer requested close")


CERTIFICATES = Path(__file__).parents[1] / "chardev" / "tls"
CREDS = f"tls-creds-x509,id=t,dir={CERTIFICATES},endpoint=server"


def client_context() -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=CERTIFICATES / "ca-cert.pem")
    made.load_cert_chain(CERTIFICATES / "client-cert.pem", CERTIFICATES / "client-key.pem")
    return made


@pytest.mark.parametrize(
    ("identity", "allowed"), [(r"C=GB,,L=London,,O=Ex\,, Ample,,CN=client", True), ("CN=x", False)]
)
def test_qmp_over_tls_for_who_may_come(identity: str, allowed: bool) -> None:
    authz = f"authz-simple,id=a,identity={identity}"
    device = mon(f"{SERVER},tls-creds=t,tls-authz=a", "qmp")
    with DaemonProcess("-object", CREDS, "-object", authz, *device) as daemon:
        with socket.create_connection(("127.0.0.1", port_of(daemon))) as sock:
            sock.settimeout(10)
            with client_context().wrap_socket(sock, server_hostname="localhost") as tls:
                said = tls.recv(65536)
        assert said.startswith(b'{"QMP"') if allowed else said == b""


def test_a_monitor_calls_over_tls() -> None:
    purpose = ssl.Purpose.CLIENT_AUTH
    context = ssl.create_default_context(purpose, cafile=CERTIFICATES / "ca-cert.pem")
    context.load_cert_chain(CERTIFICATES / "server-cert.pem", CERTIFICATES / "server-key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    creds = CREDS.replace("endpoint=server", "endpoint=client")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        port = listening.getsockname()[1]
        device = mon(f"socket,id=c,host=127.0.0.1,port={port},tls-creds=t", "qmp")
        with (
            DaemonProcess("-object", creds, *device),
            context.wrap_socket(listening.accept()[0], server_side=True) as tls,
        ):
            assert tls.recv(65536).startswith(b'{"QMP"')
            tls.sendall(NEGOTIATE)
            assert tls.recv(65536) == b'{"return": {}}\r\n'


def test_qmp_in_datagrams() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        device = f"udp,id=c,host=127.0.0.1,port={sock.getsockname()[1]},localaddr=127.0.0.1"
        sock.settimeout(10)
        with DaemonProcess(*mon(device, "qmp")):
            greeting, address = sock.recvfrom(65536)
            assert re.fullmatch(GREETING, greeting)
            sock.sendto(NEGOTIATE, address)
            assert sock.recv(65536) == b'{"return": {}}\r\n'


def test_a_hub_shows_one_monitor_to_two(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "ab"]
    chardevs = [
        argument
        for path in paths
        for argument in ("-chardev", f"socket,id={path.name},path={path},server=on,wait=off")
    ]
    hub = mon("hub,id=c,chardevs.0=a,chardevs.1=b", "qmp")
    with DaemonProcess(*chardevs, *hub), contextlib.ExitStack() as stack:
        ends = []
        for path in paths:
            sock = stack.enter_context(socket.socket(socket.AF_UNIX))
            sock.connect(str(path))
            ends.append(End(sock.fileno()))
        ends[0].read(GREETING)
        ends[1].type(NEGOTIATE)
        ends[0].read(rb'\{"return": \{\}\}\r\n')


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("ringbuf,id=c,size=3", "size of ringbuf chardev must be power of two"),
        ("file,id=c,path=/none/x", "Could not open '/none/x': No such file or directory"),
        ("null,id=c,logfile=/none/x", "Could not create '/none/x': No such file or directory"),
        ("serial,id=c,path=/none", "Could not open '/none': No such file or directory"),
        ("mux,id=c,chardev=nope", "mux: base chardev nope not found"),
        (f"{SERVER},tls-creds=nope", "No TLS credentials with id 'nope'"),
        (f"{SERVER},tls-authz=nope", "'tls_authz' option requires 'tls_creds' option"),
    ],
)
def test_what_cannot_be_is_said(device: str, said: str) -> None:
    with (
        pytest.raises(RuntimeError, match=re.escape(f": -chardev {device}: {said}\n")),
        DaemonProcess("-chardev", device),
    ):
        pass
