"""The daemon's process: signals, sockets, pidfile, background, and what is left when it ends."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import socket
import stat
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import Client, DaemonProcess
from tests.waiting import wait_until

DAEMON = [sys.executable, "-m", "qmp_iothreadd"]


def run(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the daemon until it ends by itself."""
    settings: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 20}
    return subprocess.run([*DAEMON, *args], **{**settings, **options})


# -- The end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_the_daemon_with_an_event_and_leaves_nothing(
    number: signal.Signals, tmp_path: Path
) -> None:
    pidfile = tmp_path / "pid"
    with DaemonProcess("-pidfile", str(pidfile), "-object", "iothread,id=io0") as daemon:
        assert int(pidfile.read_text()) == daemon.pid
        with daemon.client() as client:
            daemon.process.send_signal(number)
            event = client.receive_event()
            assert event["event"] == "SHUTDOWN"
            assert event["data"] == {"guest": False, "reason": "host-signal"}
            assert client.receive_line() == b""
        assert daemon.wait() == 0
        assert not os.path.exists(daemon.path)
        assert not pidfile.exists()
        me = Path("/proc/self/cmdline").read_bytes().split(b"\0")[0].decode()
        said = f"terminating on signal {number.value} from pid {os.getpid()} ({me})"
        assert daemon.stderr.rstrip("\n").endswith(said)


def test_quit_ends_the_daemon(tmp_path: Path) -> None:
    with DaemonProcess() as daemon, daemon.client() as client:
        assert client.execute("quit") == {}
        assert client.events[0]["data"] == {"guest": False, "reason": "host-qmp-quit"}
        assert client.receive_line() == b""
        assert daemon.wait() == 0
        assert daemon.stderr == ""


def test_signal_ends_a_daemon_that_cannot_say_why() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with DaemonProcess(stderr=writer) as daemon:
        os.close(writer)
        assert daemon.stop() == 0


def test_signal_ends_a_daemon_without_standard_streams() -> None:
    command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *DAEMON]
    with DaemonProcess("-object", "iothread,id=io0", command=command) as daemon:
        with daemon.client() as client:
            assert len(client.execute("query-iothreads")) == 1
        assert daemon.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_daemon_that_waits_for_its_first_client_dies_of_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "waiting"
    argv = [sys.executable, "-m", "qmp_iothreadd", "-qmp", f"unix:{path},server=on"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"waiting for connection" in process.stderr.readline()
        process.send_signal(number)
        assert process.wait(timeout=10) == -number  # as QEMU, which handles signals once it serves
        assert process.stderr.read() == b""


def test_the_end_does_not_wait_long_for_clients_that_do_not_read() -> None:
    with DaemonProcess() as daemon, daemon.client() as client:
        client.send(b'{"execute":"query-qmp-schema"}' * 100)
        started = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - started < 5


# -- Unix sockets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o077, 0o007])
def test_who_may_connect_is_the_umasks_to_say(mask: int) -> None:
    with DaemonProcess(umask=mask) as daemon:
        assert stat.S_IMODE(os.stat(daemon.path).st_mode) == 0o777 & ~mask


def test_whatever_lies_at_a_path_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a tool's temporary file")
    option = f"unix:{path},server=on,wait=off"
    with DaemonProcess("-qmp", option), Client.connect(str(path)) as first:
        first.negotiate()
        with DaemonProcess("-qmp", option), Client.connect(str(path)) as second:
            second.negotiate()
            assert first.execute("query-name") == {}  # it is heard no less
        assert not path.exists()


def test_unlinked_socket_is_served_on_and_missed_by_nobody() -> None:
    with DaemonProcess() as daemon:
        with daemon.client() as client:
            os.unlink(daemon.path)
            assert client.execute("query-name") == {}
        assert daemon.stop() == 0


def test_a_socket_that_took_its_place_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "place"
    with DaemonProcess("-qmp", f"unix:{path},server=on,wait=off") as daemon:
        path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            assert daemon.stop() == 0
            assert path.exists()


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = "/tmp/" + "x" * 200
    done = run("-qmp", f"unix:{path},server=on,wait=off", "-nodefaults")
    assert done.returncode == 1
    assert f"UNIX socket path '{path}' is too long\nPath must be less than 108 bytes" in done.stderr


# -- Other ways in --------------------------------------------------------------------------------


def test_tcp_port_0_takes_a_free_one() -> None:
    with (
        DaemonProcess("-qmp", "tcp:127.0.0.1:0,server=on,wait=off") as daemon,
        daemon.client() as client,
    ):
        tcp = client.execute("query-chardev")
        (filename,) = [dev["filename"] for dev in tcp if dev["label"] == "compat_monitor1"]
        port = int(filename.split(":")[-1].split(",")[0])
        assert port > 0
        with Client.connect(("127.0.0.1", port)) as other:
            assert "QMP" in other.negotiate()


def test_listening_socket_handed_over_by_descriptor(tmp_path: Path) -> None:
    path = str(tmp_path / "handed")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        fd = listener.fileno()
        with DaemonProcess(
            "-chardev",
            f"socket,id=mon,fd={fd},server=on,wait=off",
            "-mon",
            "chardev=mon,id=monitor,mode=control",
            pass_fds=[fd],
        ):
            for _ in range(2):
                with Client.connect(path) as client:
                    client.negotiate()
                    assert client.execute("query-name") == {}
    assert os.path.exists(path)


def test_connected_socket_handed_over_by_descriptor() -> None:
    ours, theirs = socket.socketpair()
    with Client(ours) as client, theirs:
        fd = theirs.fileno()
        with DaemonProcess(
            *("-chardev", f"socket,id=mon,fd={fd}", "-mon", "chardev=mon,mode=control"),
            pass_fds=[fd],
        ):
            theirs.close()
            client.negotiate()
            assert client.execute("query-name") == {}
        assert client.receive_event()["event"] == "SHUTDOWN"
        assert client.receive_line() == b""


def test_a_descriptor_that_is_no_socket_is_refused() -> None:
    done = run("-chardev", "socket,id=mon,fd=0", "-mon", "chardev=mon,mode=control")
    assert done.returncode == 1
    assert "is not a socket" in done.stderr


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_connecting_out(kind: str, tmp_path: Path) -> None:
    path = str(tmp_path / "out")
    family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
    with socket.socket(family) as listener:
        listener.settimeout(10)
        listener.bind(path if kind == "unix" else ("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1] if kind == "tcp" else 0
        address = f"unix:{path}" if kind == "unix" else f"tcp:127.0.0.1:{port}"
        with DaemonProcess("-qmp", address):
            accepted, _ = listener.accept()
            with Client(accepted) as client:
                client.negotiate()
                assert client.execute("query-name") == {}


def test_connecting_out_where_nobody_listens_is_refused(tmp_path: Path) -> None:
    done = run("-qmp", f"unix:{tmp_path}/nobody", "-nodefaults")
    assert done.returncode == 1
    reason = f"Failed to connect to '{tmp_path}/nobody': No such file or directory"
    assert done.stderr.endswith(f"{reason}\n")


def test_connecting_out_again_and_again(tmp_path: Path) -> None:
    path = str(tmp_path / "out")
    option = f"socket,id=out,path={path},reconnect-ms=20"
    with (
        DaemonProcess("-chardev", option, "-mon", "chardev=out,mode=control"),
        socket.socket(socket.AF_UNIX) as listener,
    ):
        listener.settimeout(10)
        listener.bind(path)
        listener.listen()
        for _ in range(3):
            accepted, _ = listener.accept()
            with Client(accepted) as client:
                client.negotiate()


def test_wait_on_waits_for_the_first_client(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    process = subprocess.Popen(
        [
            *(*DAEMON, "-nodefaults"),
            *("-qmp", f"unix:{first},server=on,wait=on"),
            *("-qmp", f"unix:{second},server=on,wait=off"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        wait_until(first.exists)
        time.sleep(0.1)
        assert not second.exists()
        with Client.connect(str(first)) as client:
            client.negotiate()
            wait_until(second.exists)
            client.execute("quit")
        assert process.wait(10) == 0
        assert process.stderr is not None
        waiting = f"QEMU waiting for connection on: disconnected:unix:{first},server=on"
        assert waiting in process.stderr.read()


# -- Standard input and output --------------------------------------------------------------------

REQUESTS = '{"execute":"qmp_capabilities"}\n{"execute":"query-name","id":1}\n'


def test_stdio_from_a_pipe_answers_then_waits() -> None:
    process = subprocess.Popen(
        [*DAEMON, "-nodefaults", "-qmp", "stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(REQUESTS)
        process.stdin.close()
        replies = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert replies[1:] == [{"return": {}}, {"return": {}, "id": 1}]
        time.sleep(0.05)
        assert process.poll() is None  # the end of input is not the end of the daemon
        process.terminate()
        assert process.wait(10) == 0


def test_stdio_from_a_file_to_a_file(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.write_text(REQUESTS + '{"execute":"quit"}\n')
    with source.open() as stdin, output.open("w") as stdout:
        assert (
            run("-qmp", "stdio", stdin=stdin, stdout=stdout, capture_output=False).returncode == 0
        )
    replies = [json.loads(line) for line in output.read_text().splitlines()]
    assert [set(reply) for reply in replies] == [
        {"QMP"},
        {"return"},
        {"return", "id"},
        {"timestamp", "event", "data"},
        {"return"},
    ]


def test_stdio_leaves_the_pipes_as_they_were() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as source, os.fdopen(writer, "wb") as sink:
        sink.write(b'{"execute":"qmp_capabilities"}{"execute":"quit"}')
        sink.flush()
        assert run("-qmp", "stdio", stdin=source).returncode == 0
        assert os.get_blocking(reader)


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The keyboard's and the program's end."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


def test_a_human_monitor_has_the_terminal_to_itself_until_the_daemon_ends(
    terminal: tuple[int, int],
) -> None:
    keyboard, program = terminal
    before = termios.tcgetattr(program)
    with DaemonProcess("-monitor", "stdio", stdin=program, stdout=program) as daemon:
        _read_until(keyboard, b"(qemu) ")
        assert not termios.tcgetattr(program)[3] & termios.ECHO
        os.write(keyboard, b"quit\r")
        assert daemon.wait() == 0
    assert termios.tcgetattr(program) == before


def test_a_qmp_monitor_leaves_the_terminal_alone(terminal: tuple[int, int]) -> None:
    keyboard, program = terminal
    before = termios.tcgetattr(program)
    with DaemonProcess("-qmp", "stdio", stdin=program, stdout=program):
        _read_until(keyboard, b"\n")
        assert termios.tcgetattr(program) == before


@pytest.mark.parametrize("round", range(5))
def test_what_is_typed_is_read_by_the_monitor_alone(terminal: tuple[int, int], round: int) -> None:
    keyboard, program = terminal
    with DaemonProcess("-monitor", "stdio", stdin=program, stdout=program):
        _read_until(keyboard, b"(qemu) ")
        os.write(keyboard, b"info nam\x7fme\r")
        assert _read_until(keyboard, b"(qemu) ").count(b"info name") == 1


def test_stdio_may_be_one_socket() -> None:
    ours, theirs = socket.socketpair()
    with DaemonProcess("-qmp", "stdio", stdin=theirs, stdout=theirs), Client(ours) as client:
        client.negotiate()
        for _ in range(20):
            client.execute("query-name")
    theirs.close()


def test_stdio_waits_for_a_reader_that_is_slow() -> None:
    requests = b"{'execute':'qmp_capabilities'}" + b"{'execute':'query-qmp-schema'}" * 40
    with DaemonProcess("-qmp", "stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
        assert daemon.process.stdin is not None
        assert daemon.process.stdout is not None
        daemon.process.stdin.write(requests)
        daemon.process.stdin.flush()
        wait_until(lambda: _waits_for_reader(daemon))
        before = daemon.resident_bytes()
        replies = [json.loads(daemon.process.stdout.readline()) for _ in range(42)]
        assert len(replies[-1]["return"]) > 100
        assert daemon.resident_bytes() - before < 10 << 20


def _waits_for_reader(daemon: DaemonProcess) -> bool:
    """Whether there is much in the pipe that is standard output, and the daemon sleeps."""
    assert daemon.process.stdout is not None
    pipe = daemon.process.stdout.fileno()
    unread = int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
    _, _, status = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")
    return unread > fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) // 2 and status.split()[0] == "S"


def test_other_monitors_outlive_the_reader_of_stdio() -> None:
    with DaemonProcess("-qmp", "stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
        assert daemon.process.stdin is not None
        assert daemon.process.stdout is not None
        daemon.process.stdout.close()
        daemon.process.stdin.write(b"{'execute':'qmp_capabilities'}")
        daemon.process.stdin.flush()
        with daemon.client() as client:
            for _ in range(20):
                client.execute("stop")
                client.execute("cont")
    assert daemon.process.returncode == 0


def _read_until(fd: int, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        readable, _, _ = select.select([fd], [], [], 10)
        assert readable, data
        data += os.read(fd, 1)
    return data


def test_pretty_monitor_indents() -> None:
    done = run("-qmp-pretty", "stdio", input='{"execute":"qmp_capabilities"}{"execute":"quit"}')
    assert done.returncode == 0
    assert done.stdout.startswith('{\n    "QMP": {\n        "version": {')


# -- Pidfile and background -----------------------------------------------------------------------


def test_a_pidfile_without_a_name_is_refused() -> None:
    done = run("-nodefaults", "-pidfile", "", "-qmp", "stdio", input="")
    assert done.returncode == 1
    assert "cannot create PID file: Could not create '': No such file" in done.stderr


def test_pidfile_of_a_living_daemon_is_respected(tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    with DaemonProcess("-pidfile", str(pidfile)) as daemon:
        done = run("-nodefaults", "-pidfile", str(pidfile), "-qmp", "stdio", input="")
        assert done.returncode == 1
        assert "cannot create PID file" in done.stderr
        assert int(pidfile.read_text()) == daemon.pid


def daemon_in_background(folder: Path, path: str, **options: Any) -> int:
    """Start the daemon the way that libvirt probes an emulator; returns its process id."""
    pidfile = folder / "pid"
    started = subprocess.run(
        [
            *(*DAEMON, "-S", "-no-user-config", "-nodefaults", "-nographic"),
            *("-machine", "none,accel=kvm:mshv:tcg", "-qmp", f"unix:{path},server=on,wait=off"),
            *("-pidfile", str(pidfile), "-daemonize"),
        ],
        capture_output=True,  # as long as the daemon holds one of these open, this does not return
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=True,
        **options,
    )
    assert started.stdout == started.stderr == b""
    return int(pidfile.read_text())


def gone(pid: int) -> bool:
    """Whether a process, which is not our child, has ended."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_daemonize_returns_when_clients_can_connect(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    pid = daemon_in_background(tmp_path, path)
    try:
        assert [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)] == ["/dev/null"] * 3
        assert os.getsid(pid) != os.getsid(0)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(path)  # at once
            client = Client(sock)
            client.negotiate()
            assert client.execute("query-status")["status"] == "prelaunch"
            client.execute("quit")
    finally:
        wait_until(lambda: gone(pid))
    assert sorted(os.listdir(tmp_path)) == []


def test_daemonize_removes_a_socket_with_a_relative_path(tmp_path: Path) -> None:
    pid = daemon_in_background(tmp_path, "s", cwd=tmp_path, env={**os.environ, **source_path()})
    with Client.connect(str(tmp_path / "s")):
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: gone(pid))
    assert sorted(os.listdir(tmp_path)) == []


def source_path() -> dict[str, str]:
    """An environment that finds the package from another folder."""
    return {"PYTHONPATH": str(Path(__file__).parents[1])}


def test_daemonize_reports_what_fails(tmp_path: Path) -> None:
    done = run("-daemonize", "-qmp", f"unix:{tmp_path}/no/folder,server=on,wait=off")
    assert done.returncode == 1
    assert "Failed to bind socket" in done.stderr


# -- Without options ------------------------------------------------------------------------------


def test_a_client_that_waits_for_no_greeting_is_named_where_there_is_none() -> None:
    from qmp_iothreadd.daemon.default_socket import how_to_connect

    assert how_to_connect("/s", greeting=True).endswith("connect with: qmp-shell /s\n")
    assert how_to_connect("/s", greeting=False).endswith("connect with: socat - UNIX-CONNECT:/s\n")


@pytest.mark.parametrize("runtime_folder", [True, False])
def test_default_daemon_has_two_iothreads_and_says_how_to_connect(
    tmp_path: Path, runtime_folder: bool
) -> None:
    folder = tmp_path if runtime_folder else tmp_path / f"qmp-iothreadd-{os.getuid()}"
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    env.pop("XDG_RUNTIME_DIR", None)
    if runtime_folder:
        env["XDG_RUNTIME_DIR"] = str(tmp_path)
    process = subprocess.Popen(DAEMON, env=env, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        path = line.rstrip("\n").split(" ")[-1]
        assert os.path.dirname(path) == str(folder)
        assert f"qmp-shell {path}" in line
        if not runtime_folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with Client.connect(path) as client:
            client.negotiate()
            ids = {iothread["id"] for iothread in client.execute("query-iothreads")}
            assert ids == {"iothread0", "iothread1"}
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert not os.path.exists(path)


def test_readiness_is_told_to_the_service_manager(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(10)
        manager.bind(str(tmp_path / "notify"))
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        with DaemonProcess(env=env, wait_ready=False):
            assert manager.recv(100) == b"READY=1"
