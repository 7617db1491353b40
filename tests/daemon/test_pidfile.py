"""The pidfile."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qmp_iothreadd.daemon.pidfile import PidFile
from qmp_iothreadd.errors import QmpError


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
        "import sys; from qmp_iothreadd.daemon.pidfile import PidFile;"
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


def test_one_that_a_full_disk_does_not_take_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(QmpError, match="No space left on device"):
        PidFile(str(tmp_path / "pid"))
    assert not (tmp_path / "pid").exists()


def test_a_device_is_refused_and_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")  # as little of a file as a device, and anybody can make one
    with pytest.raises(QmpError, match="Invalid argument"):
        PidFile(str(tmp_path / "pid"))
    assert (tmp_path / "pid").exists()
