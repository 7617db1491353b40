"""The systemd units that come with the package start a daemon, as systemd would."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import qmp_iothreadd
from qmp_iothreadd.testing import Client

UNITS = Path(qmp_iothreadd.__file__).parent / "share" / "systemd" / "user"
NAMES = ("qmp-iothreadd", "qmp-iothreadd@")
FLEET = "qmp-iothreadd-fleet@"
INSTANCE = "vm1"
# sd_listen_fds(3): the socket is descriptor 3, meant for the process that is executed.
AS_SYSTEMD_DOES = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""
TIMEOUT_S = 15


class Unit:
    """A unit's values by section and name, with the specifiers %i and %t filled in."""

    def __init__(self, name: str, runtime: str) -> None:
        self._parser = configparser.ConfigParser(
            delimiters="=", comment_prefixes="#", interpolation=None, strict=True
        )
        self._parser.optionxform = str  # type: ignore[assignment]  # the names' case counts
        self._parser.read_string((UNITS / name).read_text())
        self._specifiers = {"%i": INSTANCE, "%t": runtime}

    def __getitem__(self, path: tuple[str, str]) -> str:
        value = self._parser[path[0]][path[1]]
        for specifier, meaning in self._specifiers.items():
            value = value.replace(specifier, meaning)
        return value


@contextmanager
def listening(unit: Unit) -> Iterator[tuple[str, int]]:
    """Listen as a socket unit says; yields the path, and the descriptor."""
    path = unit["Socket", "ListenStream"]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        yield path, listener.fileno()


def command_line(service: Unit, options: str) -> list[str]:
    """ExecStart's, with this environment's daemon and $OPTIONS, which systemd splits at spaces."""
    program, *arguments = shlex.split(service["Service", "ExecStart"])
    assert program == "qmp-iothreadd"
    assert arguments.pop() == "$OPTIONS"
    return [sys.executable, "-m", "qmp_iothreadd", *arguments, *options.split()]


@contextmanager
def started(argv: list[str], fd: int, notify: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """Yields the daemon once it told that it is ready; it has to end by itself, with status 0."""
    with subprocess.Popen(
        [sys.executable, "-c", AS_SYSTEMD_DOES, str(fd), *argv],
        pass_fds=[fd],
        env={**os.environ, "NOTIFY_SOCKET": notify.getsockname()},
    ) as daemon:
        try:
            assert notify.recv(100) == b"READY=1"
            yield daemon
            assert daemon.wait(TIMEOUT_S) == 0
        finally:
            daemon.kill()


@pytest.mark.parametrize("name", NAMES)
def test_each_client_finds_a_daemon_behind_the_socket(name: str, tmp_path: Path) -> None:
    service = Unit(f"{name}.service", str(tmp_path))
    assert service["Service", "Type"] == "notify"
    argv = command_line(service, "-object iothread,id=io0")
    with (
        listening(Unit(f"{name}.socket", str(tmp_path))) as (path, fd),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify,
    ):
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(TIMEOUT_S)
        for _ in range(2):  # after `quit` the socket is still there, for the next client
            with Client.connect(path) as client, started(argv, fd, notify):
                client.negotiate()
                assert [each["id"] for each in client.execute("query-iothreads")] == ["io0"]
                named = {"name": INSTANCE} if name.endswith("@") else {}
                assert client.execute("query-name") == named
                client.execute("quit")
    assert os.path.exists(path)


@pytest.mark.parametrize("name", NAMES)
def test_service_and_socket_name_each_other(name: str, tmp_path: Path) -> None:
    """A socket starts the service of its own name, which needs the socket however it is started."""
    service = Unit(f"{name}.service", str(tmp_path))
    partner = f"{name}{INSTANCE if name.endswith('@') else ''}.socket"
    assert service["Unit", "Requires"] == service["Unit", "After"] == partner
    assert Unit(f"{name}.socket", str(tmp_path))["Install", "WantedBy"] == "sockets.target"


def test_there_are_no_other_units() -> None:
    assert {file.stem for file in UNITS.iterdir()} == {*NAMES, FLEET}


def test_a_fleet_is_where_its_unit_says(tmp_path: Path) -> None:
    service = Unit(f"{FLEET}.service", str(tmp_path))
    assert service["Service", "Type"] == "notify"
    assert service["Service", "Environment"] == "MACHINES=100"
    folder = tmp_path / service["Service", "RuntimeDirectory"]
    folder.mkdir(parents=True)
    argv = command_line(service, "-object iothread,id=io0")
    argv[argv.index("$MACHINES")] = "3"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(TIMEOUT_S)
        with started(argv, notify.fileno(), notify) as daemon:
            assert sorted(os.listdir(folder)) == ["0.sock", "1.sock", "2.sock"]
            with Client.connect(str(folder / "2.sock")) as client:
                client.negotiate()
                assert client.execute("query-name") == {"name": f"{INSTANCE}-2"}
            daemon.terminate()


def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd here")
    # It looks for no command that is not named by its path (systemd 252).
    started = f"ExecStart={Path(sys.executable).parent}/qmp-iothreadd "
    for each in UNITS.iterdir():
        text, _ = re.subn("^ExecStart=qmp-iothreadd ", started, each.read_text(), flags=re.M)
        (tmp_path / each.name.replace("@", f"@{INSTANCE}")).write_text(text)
    verified = subprocess.run(
        [analyze, "--user", "--man=no", "verify", *tmp_path.iterdir()],
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
