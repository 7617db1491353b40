"""Measuring on real iothreads, and which rounds of it are evidence."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest

from qmp_iothreadd.iothread._engine import live_counters
from qmp_iothreadd.lab import (
    PRESETS,
    Device,
    Histogram,
    Load,
    NotEvidenceError,
    Params,
    cli,
    measure,
    measuring,
    running,
)
from qmp_iothreadd.lab.histogram import bucket_of, lower_bound
from qmp_iothreadd.lab.running import Run, total

LOAD = Load("constant", 50_000)
Fake = Callable[[Load, Params, float, int], Run]


def a_run(cpu_ns: int = 4_000_000, **values: int) -> Run:
    numbers = dict.fromkeys([field.name for field in dataclasses.fields(Run)], 1)
    numbers.update(requests=1000, events=1000, polled=500, issued=1000, late=0)
    numbers.update(cpu_ns=cpu_ns, duration_ns=50_000_000, **values)
    numbers.pop("latency")
    return Run(**numbers, latency=Histogram({bucket_of(5000): 990, bucket_of(90_000): 10}))


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Fake], None]:
    monkeypatch.setattr(measuring, "own_cpus", lambda: [0, 1])
    return lambda run: monkeypatch.setattr(measuring, "run", run)


def test_real_iothreads_are_measured() -> None:
    before = live_counters()
    never, always = measure(
        LOAD,
        [Params(max_ns=0), Params(max_ns=1_000_000)],
        seconds=0.05,
        runs=3,
        oversubscribed=True,
    )
    assert live_counters() == before
    assert never.polled_share == never.mean_poll_ns == never.poll_ns_by_time == 0
    assert always.mean_poll_ns > 0
    for found in (never, always):
        assert found.requests == found.latency.total > 100
        assert 0 < found.cpu_ns_per_request < found.duration_ns
        assert found.duration_ns >= 3 * 50_000_000
        low, high = found.intervals["cpu_ns_per_request"].to_json()
        assert low <= high
    assert set(never.differences["polled_share"].to_json()) == {0.0}


@pytest.mark.parametrize(
    "load",
    [
        PRESETS["nvme"],
        Load(device=Device("own", kind="table", table=[5000, 9000]), queues=2, iothreads=2),
        Load("phases", phases=((LOAD, 1_000_000), (Load("exponential", 20_000), 1_000_000))),
        Load("trace", intervals=[20_000, 60_000]),
    ],
    ids=str,
)
def test_each_kind_of_load_is_served(load: Load) -> None:
    before = live_counters()
    found = served(load, seed=2**64 - 1)
    assert live_counters() == before
    assert found.requests == found.latency.total > 0
    assert found.issued > 0
    assert found.duration_ns >= load.iothreads * 50_000_000


def served(load: Load, seed: int = 1) -> Run:
    for seconds in (0.05, 0.5, 5):  # on a busy machine the generator may not run for so long
        if (found := running.run(load, Params(), seconds, seed)).requests:
            break
    return found


def test_a_device_is_waited_for() -> None:
    slow = Device("slow", kind="constant", latency_ns=2_000_000)
    found = served(Load("constant", 1_000_000, device=slow))
    assert found.latency.quantile(0.5) > 1_900_000


def test_sets_take_turns_and_see_the_same_requests(faked: Callable[[Fake], None]) -> None:
    turns: list[tuple[int, int]] = []

    def run(load: Load, params: Params, seconds: float, seed: int) -> Run:
        turns.append((params.weight, seed))
        return a_run()

    faked(run)
    done: list[int] = []
    measure(LOAD, [Params(weight=1), Params(weight=2)], runs=3, seed=7, progress=done.append)
    assert turns == [(1, 7), (2, 7), (2, 8), (1, 8), (1, 9), (2, 9)]
    assert done == [1, 2, 3, 4, 5, 6]


def test_a_difference_is_of_the_same_rounds(faked: Callable[[Fake], None]) -> None:
    # From round to round the machine differs by more than the sets do.
    faked(lambda load, params, seconds, seed: a_run(100_000_000 + seed * 200_000 * params.weight))
    first, second = measure(LOAD, [Params(weight=1), Params(weight=2)], runs=8)
    assert first.cpu_ns_per_request == pytest.approx(100_900)
    difference = second.differences["cpu_ns_per_request"]
    assert difference.is_sure
    assert difference.low <= second.cpu_ns_per_request - first.cpu_ns_per_request <= difference.high
    assert second.to_json()["differences"]["cpu_ns_per_request"] == difference.to_json()
    assert second.to_json()["p50_ns"] == second.latency.quantile(0.5)


def test_a_late_run_is_repeated(faked: Callable[[Fake], None]) -> None:
    runs = iter([a_run(late=11), a_run(), a_run(late=10), a_run()])
    faked(lambda *_: next(runs))
    [found] = measure(LOAD, Params(), runs=3)
    assert (found.rounds, found.left_out, found.late_share) == (3, 0, 10 / 3000)
    assert next(runs, None) is None


def test_a_round_with_a_run_that_stays_late_is_left_out(faked: Callable[[Fake], None]) -> None:
    late = [a_run(late=50)] * (measuring.RETRIES + 1)
    runs = iter([a_run(), *late, a_run(), a_run()])
    faked(lambda *_: next(runs))
    [found] = measure(LOAD, Params(), runs=4)
    assert (found.rounds, found.left_out) == (3, 1)


def test_it_ends_as_soon_as_it_cannot_be_evidence(faked: Callable[[Fake], None]) -> None:
    count = 0

    def run(*_: object) -> Run:
        nonlocal count
        count += 1
        return a_run(late=50)

    faked(run)
    with pytest.raises(NotEvidenceError, match=r"of 3 rounds 3 issued requests late.*--oversub"):
        measure(LOAD, Params(), runs=10)
    assert count == 3 * (measuring.RETRIES + 1)
    [found] = measure(LOAD, Params(), runs=3, oversubscribed=True)
    assert found.late_share == 0.05
    assert found.to_json()["flagged"] == "oversubscribed"


def test_a_round_that_is_unlike_the_others_is_left_out(faked: Callable[[Fake], None]) -> None:
    cpu = iter([4_000_000, 4_100_000, 3_900_000, 9_000_000, 4_050_000])
    faked(lambda *_: a_run(next(cpu)))
    [found] = measure(LOAD, Params(), runs=5)
    assert (found.rounds, found.left_out) == (4, 1)
    assert found.cpu_ns_per_request == pytest.approx(4012.5)


def test_too_many_that_are_unlike_are_no_evidence(faked: Callable[[Fake], None]) -> None:
    cpu = iter([4_000_000, 4_000_000, 4_000_000, 9_000_000, 1_000_000])
    faked(lambda *_: a_run(next(cpu)))
    with pytest.raises(NotEvidenceError, match="0 issued requests late, and 2 were unlike"):
        measure(LOAD, Params(), runs=5)


def test_too_few_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "own_cpus", lambda: [0])
    with pytest.raises(NotEvidenceError, match=r"2 threads would keep a CPU busy each.*is 1;"):
        measure(LOAD, Params())


@pytest.mark.parametrize(
    ("load", "params", "values", "message"),
    [
        (LOAD, Params(policy="clairvoyant"), {}, "weighted, legacy, not 'clairvoyant'"),
        (LOAD, Params(grow=0), {}, "grow 0 is never in force.*the default, 2"),
        (LOAD, Params(), {"seconds": 0.0}, "seconds must be above 0"),
        (LOAD, Params(), {"seconds": float("nan")}, "seconds must be above 0"),
        (LOAD, Params(), {"runs": 2}, "runs must be at least 3, not 2"),
        (LOAD, Params(), {"seed": -1}, "seed must be from 0"),
    ],
)
def test_refused(load: Load, params: Params, values: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure(load, params, **values)  # type: ignore[arg-type]


def test_a_legacy_iothread_may_have_zeros(faked: Callable[[Fake], None]) -> None:
    faked(lambda *_: a_run())
    [found] = measure(LOAD, Params(policy="legacy", shrink=0), runs=3)
    assert found.params.shrink == 0


def test_runs_add_up() -> None:
    whole = total([a_run(late=2), a_run(late=3)])
    assert (whole.requests, whole.late, whole.latency.total) == (2000, 5, 2000)


def test_a_bucket_is_where_its_least_latency_is() -> None:
    assert [bucket_of(ns) for ns in (0, 1)] == [0, 0]
    for bucket in (bucket_of(ns) for ns in (2, 3, 31, 32, 33, 1000, 10**9)):
        assert bucket_of(int(lower_bound(bucket))) == bucket


def test_the_command_prints_intervals(
    faked: Callable[[Fake], None], capsys: pytest.CaptureFixture[str]
) -> None:
    faked(lambda *_: a_run())
    words = ("measure", "--preset", "constant", "--weight", "1,2", "--runs", "4")
    assert cli.main(words) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert "found by polling" in head
    assert len(lines) == 2
    assert "50.0% (50.0% to 50.0%)" in lines[0]
    assert lines[0].endswith("4 of 4")
    assert cli.main([*words, "--oversubscribed"]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith("oversubscribed")
    assert cli.main([*words, "--seconds", "0.2", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["command"], found["seconds"], found["runs"]) == ("measure", 0.2, 4)
    assert found["results"][1]["intervals"]["polled_share"] == [0.5, 0.5]


def test_the_command_says_what_to_do(
    faked: Callable[[Fake], None], capsys: pytest.CaptureFixture[str]
) -> None:
    faked(lambda *_: a_run(late=100))
    assert cli.main(["measure", "--runs", "3"]) == 1
    assert "leave the machine alone meanwhile" in capsys.readouterr().err


def test_combinations_that_no_iothread_has_are_left_out(
    faked: Callable[[Fake], None], capsys: pytest.CaptureFixture[str]
) -> None:
    faked(lambda *_: a_run())
    words = ("measure", "--runs", "3", "--shrink", "0,2", "--policy")
    assert cli.main([*words, "weighted,legacy", "--json", "-"]) == 0
    done = capsys.readouterr()
    sets = [row["params"] for row in json.loads(done.out)["results"]]
    assert [(each["policy"], each["shrink"]) for each in sets] == [
        ("weighted", 2),
        ("legacy", 0),
        ("legacy", 2),
    ]
    assert "left out: max-ns=32768,grow=2,shrink=0,weight=3: shrink 0 is never" in done.err
    assert cli.main([*words, "fixed"]) == 1
    assert "not 'fixed': that is for simulate" in capsys.readouterr().err
