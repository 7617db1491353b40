"""What the iothreads of a running process do, live."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from qmp_iothreadd.lab import cli, watching
from qmp_iothreadd.lab.commands import top
from qmp_iothreadd.lab.watching import Look, rows
from qmp_iothreadd.testing import DaemonProcess

STATE = {"thread_id": 7, "poll_ns": 100}


def at(seconds: float, **counters: Any) -> Look:
    named = {name.replace("_", "-"): value for name, value in counters.items()}
    return Look(seconds, {"io0": Counter(named)}, {"io0": STATE})


def test_a_daemons_iothreads_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    objects = ("-object", "iothread,id=io0", "-object", "iothread,id=idle")
    load = ("-object", "x-workload,id=w0,iothread=io0,interval-ns=50000")
    with DaemonProcess(*objects, *load) as daemon:
        words = ["top", str(daemon.path), "--interval", "0.2"]
        assert cli.main([*words, "--once", "--json"]) == 0
        idle, busy = json.loads(capsys.readouterr().out)["iothreads"]
        assert (busy["iothread"], idle["iothread"]) == ("io0", "idle")
        assert 0 < busy["events_per_s"] < 200_000
        assert 0 <= busy["polled_share"] <= 1
        assert 0 < busy["cpu_share"] < 1.2
        assert 0 < busy["p50_ns"] <= busy["p99_ns"]
        assert idle["events_per_s"] == 0
        assert "polled_share" not in idle
        assert cli.main([*words, "--count", "2", "--iothread", "io0"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == ["iothread", "io0", "iothread", "io0"]
        assert cli.main([*words, "--once", "--iothread", "io9"]) == 1
        assert "no iothread 'io9': there is idle, io0" in capsys.readouterr().err


def test_what_was_counted_between_two_looks_is_told() -> None:
    times = {"polling_ns": 10**9, "blocked_ns": 5 * 10**8, "handling_ns": 10**8, "cpu_ns": 10**9}
    before = at(10, observed_ns=5, events=100, polled_events=50, waits=4)
    after = at(12, observed_ns=9, events=300, polled_events=200, waits=24, **times)
    after.counters["io0"].update({(0, 9): 98, (10, 19): 1, (20, 29): 1})
    assert rows(before, after) == [
        {
            "iothread": "io0",
            **STATE,
            "seconds": 2,
            "polling_share": 0.5,
            "blocked_share": 0.25,
            "handling_share": 0.05,
            "cpu_share": 0.5,
            "waits_per_s": 10,
            "events_per_s": 100,
            "polled_share": 0.75,
            "p50_ns": 9,
            "p99_ns": 19,
        }
    ]


def test_statistics_that_were_reset_are_told_from_then_on() -> None:
    before = at(0, observed_ns=900, events=1000, cpu_ns=10**9)
    [found] = rows(before, at(1, observed_ns=100, events=50, cpu_ns=2 * 10**9))
    assert (found["events_per_s"], found["cpu_share"]) == (50, 1)


def test_one_that_is_new_has_no_past() -> None:
    after = at(1, events=50)
    assert rows(Look(0, {}, {}), after) == [{"iothread": "io0", **STATE}]
    of_another = Look(0, {"io0": Counter()}, {"io0": {"thread_id": 8}})
    assert rows(of_another, after) == [{"iothread": "io0", **STATE}]


class Monitor:
    """One that has no statistics, as QEMU's."""

    def __init__(self, *infos: dict[str, Any]) -> None:
        self.infos = infos

    def request(self, command: str) -> dict[str, Any]:
        assert command == "x-query-iothread-stats"
        return {"error": {"class": "CommandNotFound", "desc": "no"}}

    def returned(self, command: str) -> list[dict[str, Any]]:
        assert command == "query-iothreads"
        return list(self.infos)


def test_of_qemu_the_kernel_knows_what_threads_do(monkeypatch: pytest.MonkeyPatch) -> None:
    own = threading.get_native_id()
    name = Path(f"/proc/{own}/comm").read_text().strip()
    monkeypatch.setattr(watching, "_THREAD_NAMES", (name,))
    monitor: Any = Monitor(
        {"id": "io0", "thread-id": own, "poll-max-ns": 32768},
        {"id": "gone", "thread-id": 2**22 + 1},
    )
    before = after = watching.look(monitor)
    while after.counters["io0"]["cpu-ns"] == before.counters["io0"]["cpu-ns"]:  # until a tick
        after = watching.look(monitor)
    gone, found = rows(before, after)
    assert found["cpu_share"] > 0
    assert found["waits_per_s"] >= 0
    assert found["poll_max_ns"] == 32768
    assert set(gone) == {"iothread", "thread_id", "poll_max_ns", "seconds"}


def test_a_thread_of_another_name_is_not_the_monitors() -> None:
    monitor: Any = Monitor({"id": "io0", "thread-id": os.getpid()})
    assert watching.look(monitor, "io0").counters == {"io0": Counter()}
    with pytest.raises(ValueError, match="no iothread 'io1': there is none"):
        watching.look(Monitor(), "io1")  # type: ignore[arg-type]


def test_a_terminal_has_one_table_that_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setenv("LINES", "3")
    screen = top._Screen()
    screen([{"iothread": f"io{i}", **STATE} for i in range(5)])
    screen([])
    assert capsys.readouterr().out == "iothread  \nio0       \n\x1b[2A\x1b[Jno iothrea\n"


def test_interrupted_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with DaemonProcess() as daemon:
        monkeypatch.setattr(watching, "look", interrupt)
        assert cli.main(["top", str(daemon.path)]) == 0


def test_a_server_that_goes_is_said_to_be_gone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with DaemonProcess() as daemon:
        monkeypatch.setattr(top, "time", SimpleNamespace(sleep=lambda _: daemon.stop()))
        assert cli.main(["top", str(daemon.path)]) == 1
    assert f"{daemon.path}: the server has gone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--interval", "0"], "--interval must be from 0 to 3600, not 0.0"),
        (["--interval", "nan"], "--interval must be from 0 to 3600, not nan"),
        (["--count", "0"], "--count must be 1 at least, not 0"),
        ([], "/nonexistent: No such file or directory: a QMP monitor's?"),
    ],
)
def test_what_does_not_fit_is_said(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["top", "/nonexistent", *words]) == 1
    assert message in capsys.readouterr().err
