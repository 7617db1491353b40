"""Sweeps: every set under every load, here and on a cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.lab import (
    PRESETS,
    Costs,
    Load,
    Params,
    Trace,
    clusters,
    measure,
    simulate,
    sweep,
    tasks,
    tune,
)
from qmp_iothreadd.lab.fronts import front, point
from qmp_iothreadd.lab.sweeping import RESULTS_MAX
from tests.lab.test_cli import lab

SETS = [Params(max_ns, weight=weight) for max_ns in (0, 8192, 32768) for weight in range(1, 8)]
LOADS = {name: PRESETS[name] for name in ("exponential", "on-off")}


def test_each_result_is_that_of_a_simulation() -> None:
    found = sweep(LOADS, SETS, requests=5000, jobs=3)
    assert list(found.loads) == ["exponential", "on-off"]
    assert len(found) == 2 * len(SETS)
    for name, load in LOADS.items():
        alone = simulate(load, SETS, requests=5000)
        swept = [each for each in found if each.load == name]
        assert [each.params for each in swept] == SETS
        for one, each in zip(alone, swept, strict=True):
            assert one.to_json().items() <= each.to_json().items()
        places = front([point(each) for each in alone])
        assert [each.params for each in found.front(name)] == [SETS[place] for place in places]
    assert found[0] is found.results[0]
    assert found[:2] == found.results[:2]
    assert len(found.front()) == len(found.front("exponential")) + len(found.front("on-off"))


def test_threads_change_nothing() -> None:
    one, many = (sweep(LOADS, SETS * 2, requests=3000, jobs=jobs) for jobs in (1, 7))
    assert one == many
    assert len(one) == 2 * len(SETS)  # the same set twice is one
    assert one != sweep(LOADS, SETS, requests=3000, seed=2)


def test_halving_leaves_behind_who_is_behind() -> None:
    sets = [
        Params(max_ns, grow, shrink, weight)
        for max_ns in (0, 8192, 16384, 32768)
        for grow in (2, 4)
        for shrink in (1, 2, 8)
        for weight in (1, 3, 5)
    ]
    told: list[int] = []
    found = sweep(PRESETS["lognormal"], sets, requests=160_000, halving=True, progress=told.append)
    assert [each.params for each in found] == sets
    requests = [each.requests for each in found]
    assert set(requests) <= {10_000, 40_000, 160_000}
    assert 16 <= requests.count(160_000) < len(sets) / 2
    assert sum(told) < 160_000 * len(sets)
    for each in found:
        assert (each.cpu_over_clairvoyant is None) == (each.requests < 160_000)
        assert not each.on_front or each.requests == 160_000
    full = sweep(PRESETS["lognormal"], sets, requests=160_000)
    # The cheapest of all is never lost, and the rest of the front is as good within some per cent.
    ends = [[point(each) for each in one.front()] for one in (found, full)]
    assert ends[0][0] == ends[1][0]
    assert ends[0][-1].p99_ns < 1.03 * ends[1][-1].p99_ns


def test_loads_without_a_name_have_their_description() -> None:
    same = Load("constant", 10_000)
    found = sweep([same, same, Load("exponential")], Params(), requests=100)
    assert list(found.loads) == [
        "constant (every 10000 ns)",
        "constant (every 10000 ns) 2",
        "exponential (mean 30000 ns)",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"params": []}, "a sweep needs a load and a parameter set"),
        ({"loads": []}, "a sweep needs a load and a parameter set"),
        (
            {"params": [Params(max_ns=n) for n in range(RESULTS_MAX // 2 + 1)]},
            "10001 sets under 2 loads are more than 20000 results: ask for fewer values",
        ),
        ({"jobs": 0}, "jobs must be from 1, not 0"),
        ({"seed": -1}, "seed must be from 0 to"),
        ({"loads": Load("trace", intervals=[10**12])}, "of virtual time, the most that can be"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sweep(**{"loads": LOADS, "params": SETS, "requests": 200_000, **arguments})


def test_a_trace_is_a_load_wherever_one_is_taken() -> None:
    trace = Trace([20_000, 40_000])
    load = Load("trace", intervals=trace.intervals)
    [expected] = simulate(load, Params(), requests=1000)
    assert simulate(trace, Params(), requests=1000) == [expected]
    for loads in (trace, [trace], {"mine": trace}):
        [found] = sweep(loads, Params(), requests=1000)
        assert found.latency == expected.latency
    takers: tuple[Any, ...] = (simulate, sweep, measure, tune)
    for take in takers:
        with pytest.raises(TypeError, match=r"expected a Load \(as those of PRESETS\) or a Trace"):
            take(["nvme"] if take is sweep else "nvme", [Params()])


def test_an_unknown_load_has_no_front() -> None:
    with pytest.raises(ValueError, match="no load 'x' in this sweep: choose of expo"):
        sweep(LOADS, Params(), requests=100).front("x")


def test_the_first_failure_ends_the_other_threads() -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(LOADS, SETS, requests=10**7, jobs=2, progress=interrupted)


def test_the_command_shows_fronts_and_writes_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace, kept = tmp_path / "intervals.txt", tmp_path / "found.json"
    trace.write_text("5000\n20000\n90000\n")
    words = ["sweep", "--requests", "5000", "--preset", "constant,on-off", "--trace", str(trace)]
    words += ["--weight", "1,2,3,4", "--jobs", "2", "--json", str(kept)]
    head, *lines, _, note = lab(capsys, *words).splitlines()
    assert note == f"{len(lines)} of 12: those on the front; --all shows all"
    assert head.split()[:2] == ["load", "policy"]
    first = kept.read_bytes()
    read = json.loads(first)
    assert list(read["loads"]) == ["constant", "on-off", str(trace)]
    assert len(read["results"]) == 12
    assert len(lines) == sum(row["on_front"] for row in read["results"])
    assert lines[0].split()[0] == "constant"
    assert len(lab(capsys, *words, "--all").splitlines()) == 13
    assert json.loads(kept.read_bytes())["results"] == read["results"]
    lab(capsys, *words)
    assert kept.read_bytes() == first
    csv = lab(capsys, "sweep", "--requests", "5000", "--arrival", "constant", "--csv", "-")
    assert csv.splitlines()[1].split(",")[5:7] == ["constant (every 30000 ns)", "5000"]


def test_a_trace_with_the_name_of_a_preset_is_another_load(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("--preset", "nvme,nvme", "--trace", "nvme", "--requests", "500", "--json", "-")
    read = json.loads(lab(capsys, "sweep", *words))
    assert list(read["loads"]) == ["nvme", "trace nvme"]
    assert [row["load"] for row in read["results"]] == ["nvme", "trace nvme"]


def test_a_preset_that_is_none_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        lab(capsys, "sweep", "--preset", "constant,often")
    assert "'often' is no preset: choose of constant, exponential" in capsys.readouterr().err


# -- Dask ------------------------------------------------------------------------------------------

# In a process of its own: Dask keeps threads and descriptors for as long as a process lives.
CLUSTER = """
import sys
from distributed import LocalCluster
from qmp_iothreadd.lab import Load, Params, cli, sweep

mapped = memoryview(b"".join(ns.to_bytes(8, sys.byteorder) for ns in (9000, 70_000))).cast("q")
loads = [Load("exponential"), Load("trace", intervals=mapped)]
sets = [Params(weight=weight) for weight in range(40)]
options = {"processes": False, "dashboard_address": None, "scheduler_port": 0}
with LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
    there = sweep(loads, sets, requests=500, dask=cluster.scheduler_address)
    assert there == sweep(loads, sets, requests=500), there
    try:
        sweep(Load("constant", 10**12), sets, dask=cluster.scheduler_address)
    except ValueError as error:
        print(error)
    words = ["sweep", "--preset", "constant", "--requests", "500", "--dask"]
    assert cli.main([*words, cluster.scheduler_address]) == 0
with LocalCluster(n_workers=0, **options) as cluster:
    assert cli.main([*words, cluster.scheduler_address]) == 1
"""


def test_a_cluster_comes_to_the_same(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    done = subprocess.run(
        [sys.executable, "-c", CLUSTER], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "requests take more than" in done.stdout
    assert done.stdout.splitlines()[-1].split()[1] == "weighted"
    assert "has no workers: start some first" in done.stderr


class FakeDistributed:
    """What Dask looks like from here: calls run at once, the last first."""

    class Client:
        loop = "loop"

        def __init__(self, address: str, **_: Any) -> None:
            if address != "tcp://there":
                raise OSError("timed out")

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

        def nthreads(self) -> dict[str, int]:
            return {"a": 2, "b": 1}

        def map(self, function: Any, items: list[Any], pure: bool) -> list[Any]:
            assert not pure
            return [FakeFuture(place, function, item) for place, item in enumerate(items)]

    @staticmethod
    def as_completed(futures: list[Any], loop: str, with_results: bool) -> Any:
        assert (loop, with_results) == ("loop", True)
        return ((each, each.function(each.item)) for each in reversed(futures))


class FakeFuture:
    def __init__(self, key: int, function: Any, item: Any) -> None:
        self.key, self.function, self.item = key, function, item

    def cancel(self) -> None: ...


def test_results_come_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_distributed", FakeDistributed)
    loads = [*LOADS.values(), Load("trace", intervals=[1000, 50_000])]
    told: list[int] = []
    found = sweep(loads, SETS, requests=1000, dask="tcp://there", progress=told.append)
    assert found == sweep(loads, SETS, requests=1000)
    assert sum(told) % 1000 == 0
    with pytest.raises(ValueError, match="no Dask scheduler answers at tcp://here: timed out"):
        sweep(loads, SETS, dask="tcp://here")


def test_without_workers_or_without_dask_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clusters, "_distributed", FakeDistributed)
    monkeypatch.setattr(FakeDistributed.Client, "nthreads", lambda _: {})
    with pytest.raises(ValueError, match="at tcp://there has no workers: start some first"):
        sweep(LOADS, SETS, dask="tcp://there")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"pip install 'qmp-iothreadd\[dask\]'"):
        sweep(LOADS, SETS, dask="tcp://there")


def test_tasks_are_split_for_as_many_threads_as_there_are() -> None:
    task = tasks.Task(Load(), tuple(Params(weight=n % 64) for n in range(600)), 1, 1, Costs())
    assert [len(part.sets) for part in task.parts(1)] == [256, 256, 88]
    assert [len(part.sets) for part in task.parts(4)] == [150] * 4
    assert {len(part.sets) for part in task.parts(1000)} == {16, 8}
