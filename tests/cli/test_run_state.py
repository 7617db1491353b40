"""Options that act on the run state and on what clients may ask: real daemons, over sockets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client, DaemonProcess
from tests.cli.lines import parse, said


def expect_events(client: Client, *names: str) -> None:
    assert [client.receive_event()["event"] for _ in names] == list(names)


def test_without_reboot_a_reset_is_the_end() -> None:
    with DaemonProcess("-no-reboot") as daemon, daemon.client() as client:
        client.execute("system_reset")
        assert client.receive_event()["data"] == {
            "guest": False,
            "reason": "host-qmp-system-reset",
        }
        assert daemon.wait() == 0


def test_a_guest_powers_down_after_its_time() -> None:
    arguments = ("-M", "pc", "-no-shutdown", "--guest-delay", "10", "-nodefaults")
    with DaemonProcess(*arguments) as daemon, daemon.client() as client:
        client.execute("system_powerdown")
        expect_events(client, "POWERDOWN", "SHUTDOWN", "STOP")
        client.execute("system_reset")
        client.execute("cont")
        expect_events(client, "RESET", "RESUME")
        client.execute("set-action", {"shutdown": "poweroff"})
        client.execute("system_powerdown")
        expect_events(client, "POWERDOWN", "SHUTDOWN")
        assert daemon.wait() == 0


def test_a_guest_crashes_once_it_runs() -> None:
    arguments = ("-M", "none", "-S", "--guest", "stubborn", "--guest-crash")
    with DaemonProcess(*arguments) as daemon, daemon.client() as client:
        client.execute("system_powerdown")
        client.execute("cont")
        expect_events(client, "POWERDOWN", "RESUME", "GUEST_PANICKED", "SHUTDOWN")
        assert daemon.wait() == 0


def test_a_crash_can_be_a_failure() -> None:
    command = [sys.executable, "-m", "qmp_iothreadd", "-M", "pc", "-nodefaults", "-nographic"]
    command += ["--guest-crash", "-action", "panic=exit-failure"]
    assert subprocess.run(command, timeout=20, check=False).returncode == 1


def test_a_guest_is_one_of_three_and_has_an_hour() -> None:
    assert said("--guest", "x") == "prog: --guest x: Parameter 'guest' does not accept value 'x'\n"
    most = "Parameter 'guest-delay' expects a number of milliseconds up to 3600000\n"
    for text in ("3600001", "-1", "soon"):
        assert said("--guest-delay", text) == f"prog: --guest-delay {text}: {most}"
    assert parse("--guest-delay", "3600000").guest_delay_ms == 3600000


def test_without_shutdown_it_stays_and_must_be_reset() -> None:
    arguments = ("-action", "reboot=shutdown,shutdown=pause")
    with DaemonProcess(*arguments) as daemon, daemon.client() as client:
        client.execute("system_reset")
        expect_events(client, "SHUTDOWN", "STOP")
        assert client.execute("query-status")["status"] == "shutdown"
        with pytest.raises(QmpError, match="Resetting the Virtual Machine is required"):
            client.execute("cont")


def test_preconfig_holds_back_until_it_is_left() -> None:
    with DaemonProcess("-preconfig") as daemon, daemon.client() as client:
        assert client.execute("query-status") == {"running": False, "status": "prelaunch"}
        with pytest.raises(QmpError, match="'stop' is permitted only after machine init"):
            client.execute("stop")
        client.execute("x-exit-preconfig")
        expect_events(client, "RESUME")
        assert client.execute("query-status")["running"]
        with pytest.raises(QmpError, match="permitted only before machine initialization"):
            client.execute("x-exit-preconfig")


def test_the_human_monitor_comes_after_it() -> None:
    """Not through human-monitor-command, which cannot be had before."""
    with DaemonProcess("-preconfig") as daemon, daemon.client() as client:
        arguments = {"command-line": "exit_preconfig"}
        with pytest.raises(QmpError, match="permitted only after machine initialization"):
            client.execute("human-monitor-command", arguments)
        client.execute("x-exit-preconfig")
        reply = client.execute("human-monitor-command", arguments)
        assert reply == ("Error: The command is permitted only before machine initialization\r\n")


def test_preconfig_with_s_stays_stopped() -> None:
    with DaemonProcess("-preconfig", "-S") as daemon, daemon.client() as client:
        client.execute("x-exit-preconfig")
        assert client.execute("query-status")["status"] == "prelaunch"


def test_a_policy_refuses_commands_and_arguments() -> None:
    arguments = ("-compat", "unstable-input=reject")
    with DaemonProcess(*arguments) as daemon, daemon.client() as client:
        with pytest.raises(QmpError, match="Unstable command x-exit-preconfig disabled by policy"):
            client.execute("x-exit-preconfig")
        options = {"qom-type": "iothread", "id": "a", "x-nice": 3}
        with pytest.raises(QmpError, match="Unstable parameter x-nice disabled by policy"):
            client.execute("object-add", options)


def test_the_process_has_its_name() -> None:
    with DaemonProcess("-name", "guest=g,process=a-name-of-more-than-15") as daemon:
        comm = Path(f"/proc/{daemon.pid}/comm").read_text()
        assert comm == "a-name-of-more-\n"


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    """A process that starts a daemon and ends takes it along."""
    pidfile, socket = tmp_path / "pid", tmp_path / "s"
    command = [
        *(sys.executable, "-m", "qmp_iothreadd", "-nodefaults", "-pidfile", str(pidfile)),
        *("-qmp", f"unix:{socket},server=on,wait=off", "-run-with", "exit-with-parent=on"),
    ]
    code = (
        "import os, subprocess, time\n"
        f"subprocess.Popen({command!r}, stderr=subprocess.DEVNULL)\n"
        f"while not os.path.exists({str(socket)!r}): time.sleep(.01)\n"
        f"print(open({str(pidfile)!r}).read())"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    wait_until_gone(int(done.stdout))


def wait_until_gone(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        import select

        assert select.select([handle], [], [], 20)[0], "it is still there"
    finally:
        os.close(handle)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_it_becomes_another_user() -> None:
    with DaemonProcess("-run-with", "user=65534:65534") as daemon, daemon.client() as client:
        Path(daemon.path).parent.chmod(0o777)  # so that it can remove its socket
        assert client.execute("query-status")["running"]
        status = Path(f"/proc/{daemon.pid}/status").read_text()
        assert "Uid:\t65534\t65534\t65534\t65534\n" in status
        assert "Groups:\t65534" in status


def test_a_signal_ends_it_even_without_shutdown() -> None:
    with DaemonProcess("-no-shutdown") as daemon, daemon.client() as client:
        daemon.process.send_signal(signal.SIGTERM)
        data: Any = client.receive_event()["data"]
        assert data["reason"] == "host-signal"
        assert daemon.wait() == 0
