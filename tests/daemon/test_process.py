"""What the daemon does to its process. (How it goes to the background: test_daemon.)"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from qmp_iothreadd.daemon.process import PidFile, notify_ready, process_name
from qmp_iothreadd.errors import QmpError


def test_a_process_is_named_by_its_command() -> None:
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()  # it has a name of its own once it runs
        assert process_name(child.pid) == sys.executable
        child.communicate(b"\n")
    assert process_name(child.pid) == "<unknown process>"


def test_a_pidfile_holds_the_process_id_until_removed(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    path.write_text("a longer text that a dead daemon left\n")
    pidfile = PidFile(str(path))
    assert path.read_text() == f"{os.getpid()}\n"
    pidfile.remove()
    assert not path.exists()


def test_a_pidfile_of_another_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    holder = (
        "import sys; from qmp_iothreadd.daemon.process import PidFile;"
        "held = PidFile(sys.argv[1]); print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(QmpError, match="cannot create PID file"):
            PidFile(str(path))
        assert path.read_text() == f"{other.pid}\n"
        other.communicate(b"\n")


def test_a_pidfile_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QmpError, match="No such file or directory"):
        PidFile(str(tmp_path / "no" / "pid"))


def test_readiness_is_told_to_whoever_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify_ready()
    name = f"@qmp-iothreadd-test-{os.getpid()}"
    for address, bound in [(str(tmp_path / "n"), str(tmp_path / "n")), (name, "\0" + name[1:])]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(bound)
            monkeypatch.setenv("NOTIFY_SOCKET", address)
            notify_ready()
            assert manager.recv(100) == b"READY=1"
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify_ready()
    assert "cannot notify the service manager" in capsys.readouterr().err


def test_signals_are_read_with_their_senders() -> None:
    # In a process of its own: it blocks them for good.
    script = """
import os, select, signal
from qmp_iothreadd.daemon.process import ShutdownSignals
heard = []
signals = ShutdownSignals(lambda number, pid: heard.append((number, pid == os.getpid())))
signals.read()
assert heard == []
os.kill(os.getpid(), signal.SIGTERM)
os.kill(os.getpid(), signal.SIGHUP)
select.select([signals], [], [], 5)
signals.read()
assert sorted(heard) == [(signal.SIGHUP, True), (signal.SIGTERM, True)], heard
signals.close()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)
