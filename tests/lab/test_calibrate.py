"""What steps take, measured for real and read back; and the simulator held to a measurement."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.iothread._engine import live_counters
from qmp_iothreadd.lab import (
    Calibrated,
    Costs,
    Histogram,
    Load,
    NotEvidenceError,
    Params,
    calibrate,
    calibrating,
    cli,
    measuring,
    simulate,
)
from qmp_iothreadd.lab.agreement import LIMITS, compare
from qmp_iothreadd.lab.commands import measure as command
from qmp_iothreadd.lab.histogram import bucket_of
from qmp_iothreadd.lab.measuring import Measured, measure
from qmp_iothreadd.lab.running import Run
from tests.lab.test_measure import a_run

needs_two_cpus = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="a thread that polls, and one that sets events off"
)


@needs_two_cpus
def test_this_machine_is_calibrated() -> None:
    before, cpus = live_counters(), os.sched_getaffinity(0)
    for seconds in (0.1, 0.2, 0.5, 2, 5):  # on a busy machine it takes longer to see each step
        done: list[int] = []
        with contextlib.suppress(NotEvidenceError):
            found = calibrate(seconds, progress=done.append)
            break
    assert (live_counters(), os.sched_getaffinity(0)) == (before, cpus)
    assert done == list(range(1, calibrating.STEPS + 1))
    assert set(found.steps) == {"wake", "pass", "dispatch", "loop", "exit", "ask"}
    assert found.costs.wake_ns > found.costs.dispatch_ns
    assert simulate(Load(), Params(), costs=found.costs, requests=100)[0].requests == 100


def steps(**ns: int) -> dict[str, Histogram]:
    values = {"wake": 8192, "pass": 64, "dispatch": 32, "loop": 128, "exit": 64, "ask": 1024, **ns}
    return {name: Histogram({bucket_of(value): 100}) for name, value in values.items()}


def test_costs_are_each_step_alone() -> None:
    costs = calibrating._costs(steps(), 5000.0, 60.0)
    assert costs.wake_ns == pytest.approx(8192 - 32, rel=0.02)
    assert costs.wake_sigma < 0.02
    assert costs.ask_ns == pytest.approx(1024 - 128 - 32, rel=0.04)
    assert costs.wake_cpu_ns == pytest.approx(5000 - 32 - 128 - 64 - 60, rel=0.01)
    assert costs.request_ns == 60
    # What is less than its parts on a busy machine is not below 0.
    assert calibrating._costs(steps(), 0.0, 60.0).wake_cpu_ns == 0


def test_how_much_wakes_differ() -> None:
    wakes = {bucket_of(4096): 16, bucket_of(8192): 68, bucket_of(16384): 16}
    costs = calibrating._costs({**steps(), "wake": Histogram(wakes)}, 5000.0, 60.0)
    assert 0.5 < costs.wake_sigma < 0.9


def test_what_a_request_more_takes() -> None:
    one = a_run(cpu_ns=5_000_000)  # 1000 requests, an iteration each

    def many(cpu_ns: int) -> Run:
        return dataclasses.replace(one, requests=64_000, cpu_ns=cpu_ns)

    assert calibrating._request_ns(one, many(8_150_000)) == 50
    assert calibrating._request_ns(one, many(4_000_000)) == Costs().request_ns
    assert calibrating._request_ns(one, one) == Costs().request_ns


def test_a_step_that_was_not_seen() -> None:
    with pytest.raises(NotEvidenceError, match="too busy: exit could not be timed"):
        calibrating._costs({**steps(), "exit": Histogram({})}, 5000.0, 60.0)


def test_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="seconds must be above 0, up to 600, not 0"):
        calibrate(0)
    monkeypatch.setattr(calibrating, "own_cpus", lambda: [3])
    with pytest.raises(NotEvidenceError, match="takes two CPUs"):
        calibrate()


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> Calibrated:
    """Commands calibrate and measure at once."""
    found = Calibrated(Costs(wake_ns=7000), steps())
    monkeypatch.setattr(calibrating, "calibrate", lambda *_, **__: found)
    monkeypatch.setattr(command, "calibrate", lambda: found)
    monkeypatch.setattr(measuring, "own_cpus", lambda: [0, 1])
    monkeypatch.setattr(measuring, "run", lambda *_: a_run())
    return found


def lab(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(words) == 0
    return capsys.readouterr().out


def test_the_command_writes_what_simulations_read(
    faked: Calibrated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "costs.json")
    table = lab(capsys, "calibrate", "--json", path).splitlines()
    assert [line.split()[0] for line in table[1:7]] == list(faked.steps)
    assert "wake_ns 7000" in table[-1]
    assert calibrating.read_costs(path) == faked.costs
    assert json.loads(lab(capsys, "calibrate", "--json", "-")) == json.loads(Path(path).read_text())
    words = ("simulate", "--requests", "2000", "--json", "-")
    assert lab(capsys, *words, "--costs", path) != lab(capsys, *words)
    words = ("sweep", "--requests", "2000", "--json", "-")
    assert lab(capsys, *words, "--costs", path) != lab(capsys, *words)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"costs": {"wake": 1}}', '{"costs": 3}'])
def test_a_file_without_costs(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "costs.json"
    path.write_text(text)
    assert cli.main(["simulate", "--costs", str(path)]) == 1
    assert f"{path}: expected what iothread-lab calibrate --json" in capsys.readouterr().err


def measured(**values: Any) -> Measured:
    [found] = measure(Load(), Params(), runs=3)
    return dataclasses.replace(found, **values)


def test_agreement_has_limits(faked: Calibrated) -> None:
    [virtual] = simulate(Load(), Params(), requests=1000)
    same = {figure: getattr(virtual, figure) for figure in LIMITS}
    assert all(each.agrees for each in compare(measured(**same), virtual))
    real = measured(
        polled_share=virtual.polled_share - 0.06,
        mean_poll_ns=virtual.mean_poll_ns / 1.09,
        cpu_ns_per_request=virtual.cpu_ns_per_request / 0.8,
    )
    polled, window, cpu = compare(real, virtual)
    assert (polled.agrees, window.agrees, cpu.agrees) == (False, True, False)
    assert str(polled) == "found by polling: simulated +6.0 points (limit 5)"
    assert str(cpu) == "CPU per request: simulated -20.0% (limit 15)"


def test_where_nothing_was_measured_nothing_agrees_but_nothing(faked: Calibrated) -> None:
    [virtual] = simulate(Load(), Params(max_ns=0), requests=1000)
    assert compare(measured(mean_poll_ns=0.0), virtual)[1].agrees
    [virtual] = simulate(Load(), Params(), requests=1000)
    assert not compare(measured(mean_poll_ns=0.0), virtual)[1].agrees
    # What is as good as no window is the same as none.
    small = dataclasses.replace(virtual, mean_poll_ns=1.0)
    assert compare(measured(mean_poll_ns=300.0), small)[1].agrees
    assert not compare(measured(mean_poll_ns=400.0), small)[1].agrees


def test_what_cannot_be_simulated_is_not_measured(
    faked: Calibrated, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "run", None)
    words = ["measure", "--runs", "3", "--against-simulation", "--costs", "/nonexistent"]
    assert cli.main(words) == 1
    assert "No such file or directory: '/nonexistent'" in capsys.readouterr().err
    slow = ["--arrival", "constant", "--interval-ns", "1000000000"]
    assert cli.main([*words[:4], *slow]) == 1
    assert "requests take more than" in capsys.readouterr().err


def test_a_measurement_beside_its_simulation(
    faked: Calibrated, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_REQUESTS", 2000)
    words = ("measure", "--runs", "3", "--against-simulation")
    out = lab(capsys, *words)
    assert "simulated" in out.splitlines()[0]
    assert "differs: max-ns=32768,grow=2,shrink=2,weight=3: found by polling: simulated" in out
    found = json.loads(lab(capsys, *words, "--json", "-"))
    assert found["costs"]["wake_ns"] == 7000
    [row] = found["results"]
    assert [each["figure"] for each in row["agreement"]] == list(LIMITS)
    assert row["simulated"]["requests"] == 2000
    monkeypatch.setattr(command, "compare", lambda *_: [])
    assert "The simulator agrees with all" in lab(capsys, *words)
