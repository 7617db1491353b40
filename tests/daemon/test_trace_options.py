"""Traces from the command line: what is on from the start, and where they go."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from qmp_iothreadd.cli import parse
from qmp_iothreadd.daemon.daemon import _LOAD_TEXTS_S
from qmp_iothreadd.daemon.reporter import Reporter
from qmp_iothreadd.daemon.trace_options import tracing
from qmp_iothreadd.errors import Error
from qmp_iothreadd.iothread.trace_log import TraceLog
from qmp_iothreadd.iothread.trace_replay import replay
from qmp_iothreadd.testing import DaemonProcess
from tests.waiting import wait_until

LOAD = ("-object", "iothread,id=io0", "-object", "x-workload,id=w0,iothread=io0,depth=4")


def turned_on(log: TraceLog, *arguments: str) -> AbstractContextManager[None]:
    """What the daemon does with a command line's traces."""
    config, _ = parse(["prog", *arguments])
    return tracing(log, config.reporter, config.log_file, config.traces, config.trace_files)


def enabled(*arguments: str) -> set[str]:
    """The events that a command line turns on."""
    log = TraceLog()
    try:
        with turned_on(log, *arguments):
            return set(log.enabled)
    finally:
        log.close()


def refused(*arguments: str) -> str:
    with pytest.raises(Error) as raised, turned_on(TraceLog(), *arguments):
        pass
    return Reporter("prog").format_error(raised.value)


# -- Which events ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "events"),
    [
        ((), set()),
        (("-trace", "poll_grow"), {"poll_grow"}),
        (("--trace", "enable=poll_grow", "-trace", "poll_add"), {"poll_grow", "poll_add"}),
        (("-d", "trace:poll_grow,trace:*add"), {"poll_grow", "poll_add"}),
        (("-trace", "poll_*", "-trace", "-poll_a*"), {"poll_grow", "poll_shrink", "poll_remove"}),
        (("-trace", "nosuch*"), set()),
    ],
)
def test_options_turn_events_on(arguments: tuple[str, ...], events: set[str]) -> None:
    assert enabled(*arguments) == events


def test_a_file_lists_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "events"
    path.write_text("# mine\n\npoll_*\n-poll_grow\nnosuch\n")
    found = enabled("-trace", f"events={path}")
    assert found == {"poll_shrink", "poll_add", "poll_remove"}
    said = capsys.readouterr().err
    assert said == f"prog:{path}:5: warning: trace event 'nosuch' does not exist\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("-trace", "nosuch"), "prog: -trace nosuch: warning: trace event 'nosuch' does not exist"),
        (
            ("-trace", "-nosuch"),
            "prog: -trace -nosuch: warning: trace event 'nosuch' does not exist",
        ),
        (("-d", "trace:nosuch"), "prog: warning: trace event 'nosuch' does not exist"),
    ],
)
def test_unknown_events_are_warned_of(
    arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enabled(*arguments) == set()
    assert capsys.readouterr().err == f"{text}\n"


def test_files_that_cannot_be_opened_are_errors(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "file"
    assert refused("-trace", f"events={missing}") == (
        f"prog:{missing}: No such file or directory\n"
    )
    assert refused("-D", str(missing)) == (
        f"prog: Error opening logfile {missing}: No such file or directory\n"
    )
    assert refused("-D", "a%x") == "prog: Bad logfile template: a%x\n"


def test_a_logs_name_may_have_the_process_id(tmp_path: Path) -> None:
    enabled("-D", str(tmp_path / "log.%d.txt"))
    assert [path.name for path in tmp_path.iterdir()] == [f"log.{os.getpid()}.txt"]


@pytest.mark.parametrize("arguments", [("-trace", "help"), ("-d", "trace:help")])
def test_help_lists_the_events(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "qmp_iothreadd", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    assert "x_aio_adjust" in done.stdout.splitlines()
    assert done.stderr == ""


# -- The daemon -----------------------------------------------------------------------------------


def test_a_daemon_logs_decisions_that_replay(tmp_path: Path) -> None:
    log = tmp_path / "trace.log"
    with DaemonProcess(*LOAD, "-D", str(log), "--trace", "x_aio_adjust") as daemon:
        wait_until(lambda: len(log.read_text().splitlines()) > 500)
        with daemon.client() as client:
            arguments = {"path": "/objects/io0", "property": "poll-weight", "value": 5}
            client.execute("qom-set", arguments)
    lines = log.read_text().splitlines()
    assert not [line for line in lines if not line.startswith("x_aio_adjust ctx 0x")]
    found = replay(lines)
    assert found.decisions == len(lines) > 500
    assert found.mismatches == []


def test_time_stamps_are_those_of_messages(tmp_path: Path) -> None:
    log = tmp_path / "trace.log"
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z poll_\w+ ctx 0x[0-9a-f]+ .*"
    arguments = ("-D", str(log), "-d", "trace:poll_*", "-msg", "timestamp=on")
    with DaemonProcess(*LOAD, *arguments):
        wait_until(lambda: log.stat().st_size > 1000)
    for line in log.read_text().splitlines():
        assert re.fullmatch(stamp, line)


def test_without_a_file_the_log_is_standard_error() -> None:
    with DaemonProcess(*LOAD) as daemon, daemon.client() as client:
        assert daemon.stderr == ""
        client.execute("trace-event-set-state", {"name": "poll_grow", "enable": True})
        wait_until(lambda: "poll_grow ctx 0x" in daemon.stderr)
        client.execute("trace-event-set-state", {"name": "poll_grow", "enable": False})


def test_a_daemon_that_traces_nothing_sleeps() -> None:
    with DaemonProcess("-object", "iothread,id=io0") as daemon:
        with daemon.client() as client:
            client.execute("trace-event-set-state", {"name": "*", "enable": True})
            client.execute("trace-event-set-state", {"name": "*", "enable": False})
        time.sleep(_LOAD_TEXTS_S)  # then it loads all that it had put off
        wait_until(lambda: switches_in(0.5, daemon.pid) <= 2)


def switches_in(seconds: float, pid: int) -> int:
    """How often its main thread is put to sleep in that time."""
    before = switches(pid)
    time.sleep(seconds)
    return switches(pid) - before


def switches(pid: int) -> int:
    """How often the process's main thread was put to sleep."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("voluntary_ctxt_switches:")[2].split()[0])
