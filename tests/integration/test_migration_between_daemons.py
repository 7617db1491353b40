"""An empty machine that goes from one daemon to another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from qmp_iothreadd.testing import DaemonProcess
from tests.waiting import wait_until


def status(client: Any) -> str:
    return str(client.execute("query-status")["status"])


def test_it_goes_to_where_it_is_awaited(tmp_path: Path) -> None:
    uri = f"unix:{tmp_path}/migration"
    with (
        DaemonProcess("-incoming", uri) as there,
        DaemonProcess() as here,
        there.client() as theirs,
        here.client() as ours,
    ):
        assert status(theirs) == "inmigrate"
        theirs.execute("cont")  # it runs when it is there
        assert status(theirs) == "inmigrate"
        ours.execute("migrate", {"uri": uri})
        wait_until(lambda: ours.execute("query-migrate").get("status") == "completed")
        wait_until(lambda: theirs.execute("query-migrate").get("status") == "completed")
        assert (status(ours), status(theirs)) == ("postmigrate", "running")
    assert not (tmp_path / "migration").exists()


def test_where_it_comes_from_may_be_said_later() -> None:
    with (
        DaemonProcess("-incoming", "defer", "-S") as there,
        DaemonProcess() as here,
        there.client() as theirs,
        here.client() as ours,
    ):
        theirs.execute("migrate-incoming", {"uri": "tcp:127.0.0.1:0"})
        again = theirs.request("migrate-incoming", {"uri": "tcp:127.0.0.1:0"})["error"]["desc"]
        assert again == "The incoming migration has already been started"
        (address,) = theirs.execute("query-migrate")["socket-address"]
        ours.execute("migrate", {"uri": f"tcp:127.0.0.1:{address['port']}"})
        wait_until(lambda: theirs.execute("query-migrate").get("status") == "completed")
        assert status(theirs) == "paused"


def said(uri: str) -> subprocess.CompletedProcess[str]:
    """How a daemon ends that awaits a machine from ``uri``."""
    argv = [sys.executable, "-m", "qmp_iothreadd", "-M", "none", "-nodefaults", "-incoming", uri]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_what_is_no_machine_ends_the_daemon(tmp_path: Path) -> None:
    (tmp_path / "stream").write_bytes(b"no machine")
    ended = said(f"file:{tmp_path}/stream")
    assert ended.returncode == 1
    assert "load of migration failed: Invalid argument: Not a migration stream" in ended.stderr


def test_where_nothing_can_listen() -> None:
    ended = said("unix:/no/such/folder/s")
    assert ended.returncode == 1
    assert "-incoming unix:/no/such/folder/s: Failed to bind socket" in ended.stderr


def test_where_a_machine_cannot_come_from() -> None:
    text = "-incoming nope:x: unknown migration protocol: nope:x\n"
    assert said("nope:x").stderr.endswith(text)
