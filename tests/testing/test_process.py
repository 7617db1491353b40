"""A daemon in a process of its own, as tests start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from qmp_iothreadd.testing import DaemonProcess, process


def test_the_kernel_says_what_the_process_has() -> None:
    with DaemonProcess("-object", "iothread,id=io0") as daemon:
        assert "IO io0" in daemon.threads().values()
        assert daemon.pid in daemon.threads()
        assert daemon.descriptor_count() == len(os.listdir(f"/proc/{daemon.pid}/fd"))
        assert 5 << 20 < daemon.resident_bytes() < 200 << 20


def test_it_stops_once_and_leaves_nothing() -> None:
    with DaemonProcess() as daemon:
        assert daemon.stop() == 0
        assert daemon.stop(signal.SIGINT) == 0
    assert not os.path.exists(daemon.folder)


def test_one_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = DaemonProcess()

    def stop_it_while_it_is_stopped() -> None:
        with daemon:
            os.kill(daemon.pid, signal.SIGSTOP)
            monkeypatch.setattr(process, "STOP_TIMEOUT_S", 0.01)
            daemon.stop()

    with pytest.raises(subprocess.TimeoutExpired):
        stop_it_while_it_is_stopped()
    assert daemon.process.returncode == -signal.SIGKILL


def test_one_that_does_not_get_ready_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "START_TIMEOUT_S", 0.1)
    sleeps = [sys.executable, "-c", "import time; time.sleep(60)"]
    daemon = DaemonProcess(command=sleeps, stdout=subprocess.PIPE)
    with pytest.raises(RuntimeError), daemon:
        pass
    assert daemon.process.returncode == -signal.SIGKILL
    assert daemon.process.stdout is not None
    assert daemon.process.stdout.closed
    assert not os.path.exists(daemon.folder)
