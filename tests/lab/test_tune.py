"""Recommendations: chosen by a goal, from blocks that say how sure they are."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.lab import PRESETS, Load, Params, Simulated, Trace, blocks, simulate, tune
from qmp_iothreadd.lab.choosing import Aim
from qmp_iothreadd.lab.device import DEVICES
from qmp_iothreadd.lab.fronts import Point, point
from qmp_iothreadd.lab.load import Costs
from qmp_iothreadd.lab.tuning import Tuned, candidates
from tests.lab.test_cli import lab

SETS = [Params(max_ns, weight=weight) for max_ns in (0, 8192, 32768, 131072) for weight in (1, 3)]
QUICK: dict[str, Any] = {"params": SETS, "requests": 40_000}

# CPU and p99: the first is what there is now.
POINTS = [Point(10, 100), Point(9, 90), Point(5, 120), Point(20, 30), Point(9.95, 90.5)]


@pytest.mark.parametrize(
    ("aim", "chosen"),
    [
        (Aim.of(None, None, None), 2),  # 600 = 20 x 30 = 5 x 120: the cheaper
        (Aim("balanced"), 2),
        (Aim("no-worse"), 1),
        (Aim("cpu"), 2),
        (Aim("p99"), 3),
        (Aim.of(None, None, 100), 1),
        (Aim.of(None, 9.5, None), 1),
        (Aim.of(None, 9.5, 100), 1),
        (Aim("p99", max_cpu_ns=5), 2),
    ],
)
def test_a_goal_chooses(aim: Aim, chosen: int) -> None:
    assert aim.choose(POINTS, 0) == chosen
    assert aim.holds(chosen, POINTS, 0)
    assert not aim.holds(0, POINTS, 0)


def test_what_there_is_now_stays_unless_something_is_better() -> None:
    points = [Point(10, 100), Point(9.95, 100), Point(10, 99.5)]
    for goal in ("balanced", "no-worse", "cpu", "p99"):
        assert Aim(goal).choose(points, 0) == 0
        assert Aim(goal).holds(0, points, 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Aim("best"), "goal must be one of balanced, no-worse, cpu, p99, not 'best'"),
        (lambda: Aim("cpu", max_p99_ns=0), "max_p99_ns must be above 0, not 0"),
        (lambda: Aim("cpu", max_cpu_ns=math.nan), "max_cpu_ns must be above 0, not nan"),
        (
            lambda: Aim.of(None, 4, 100).choose(POINTS, 0),
            r"the least CPU a request of any is 5 ns, the shortest p99 30 ns; allow more",
        ),
        (
            lambda: tune(Load(), [Params(policy="clairvoyant")]),
            "nobody can be set to know the future: leave clairvoyant out",
        ),
        (lambda: tune(Load(), SETS, requests=0), "requests must be from 1 to"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


# -- Blocks --------------------------------------------------------------------------------------


def simulated(load: Load, count: int = 3) -> list[Simulated]:
    sets = [Params()]
    return [simulate(load, sets, requests=1000 * n, seed=n)[0] for n in range(1, count + 1)]


def test_blocks_are_merged_to_what_all_of_them_came_to() -> None:
    parts = simulated(PRESETS["lognormal"])
    whole = blocks.merged(parts)
    assert whole.requests == whole.latency.total == 6000
    assert whole.grown == sum(each.grown for each in parts)
    cpu = sum(each.cpu_ns_per_request * each.requests for each in parts) / 6000
    assert whole.cpu_ns_per_request == pytest.approx(cpu)
    polled = sum(round(each.polled_share * each.iterations) for each in parts)
    assert whole.polled_share == pytest.approx(polled / whole.iterations)
    assert blocks.merged(parts[:1]) == parts[0]


def test_handlers_are_merged_each_with_its_own() -> None:
    parts = simulated(dataclasses.replace(PRESETS["lognormal"], device=DEVICES["nvme"]))
    merged = blocks.merged(parts)
    assert [each.name for each in merged.handlers] == ["queue0", "device"]
    for place, each in enumerate(merged.handlers):
        alone = [part.handlers[place] for part in parts]
        assert each.requests == each.latency.total == 6000
        assert each.events == sum(one.events for one in alone)
        means = [one.mean_latency_ns for one in alone]
        assert min(means) < each.mean_latency_ns < max(means)


def test_each_figure_of_a_result_is_merged() -> None:
    """One that is new would be the first block's alone."""
    parts = simulated(PRESETS["lognormal"])
    others = {
        field.name
        for field in dataclasses.fields(Simulated)
        if getattr(blocks.merged(parts), field.name) == getattr(parts[0], field.name)
    }
    assert others == {"params"}


@given(st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any))
def test_a_weighted_point_is_that_of_blocks_given_so_often(weights: list[int]) -> None:
    drawn = [each for each, weight in zip(PARTS, weights, strict=True) for _ in range(weight)]
    expected = blocks.merged(drawn)
    found = blocks.Blocks(PARTS).point(weights)
    assert found == pytest.approx(point(expected))
    assert blocks.Blocks(PARTS).p50_ns(weights) == pytest.approx(expected.latency.quantile(0.5))


PARTS = simulated(PRESETS["exponential"])


def test_a_trace_is_cut_and_all_else_is_drawn_again() -> None:
    draw = random.Random(1)
    words = [draw.randrange(1, 90_000) for _ in range(1750)]
    cut = blocks.tasks(Load("trace", intervals=words), SETS, 2000, 7, Costs())
    parts = [list(memoryview(each.load.checked_intervals() or b"")) for each in cut]
    assert parts == [words[:583], words[583:1166], words[1166:]]
    assert [each.requests for each in cut] == [583, 583, 584]
    quiet = Load("trace", intervals=[0] * 600 + words)
    assert len(blocks.tasks(quiet, SETS, 2000, 7, Costs())) == 3
    with pytest.raises(ValueError, match="nearly all intervals of the trace are 0: record for"):
        blocks.tasks(Load("trace", intervals=[0] * 1200 + [5]), SETS, 2000, 7, Costs())
    drawn = blocks.tasks(PRESETS["constant"], SETS, 2000, 2**64 - 2, Costs())
    assert [each.requests for each in drawn] == [100] * 20
    assert [each.seed for each in drawn[:3]] == [2**64 - 1, 0, 1]
    short = Load("trace", intervals=words[:900], at_end="stop")
    repeated = blocks.tasks(short, SETS, 40_000, 1, Costs())
    assert [each.requests for each in repeated] == [2000] * 20
    assert repeated[0].load.at_end == "repeat"


# -- Recommendations -----------------------------------------------------------------------------


def test_a_recommendation_says_what_it_gains_and_costs() -> None:
    found = tune(PRESETS["lognormal"], **QUICK)
    now, then = found.result(found.baseline), found.result(found.params)
    assert found.baseline == Params()
    assert found.goal == "balanced"
    assert found.tried == len(SETS)
    assert found.params.max_ns <= 8192  # who sleeps anyway does so cheaply
    assert found.changes.cpu.value == pytest.approx(
        then.cpu_ns_per_request / now.cpu_ns_per_request - 1
    )
    assert found.changes.p99.value == pytest.approx(point(then).p99_ns / point(now).p99_ns - 1)
    for change in found.changes:
        assert change.interval.low <= change.value <= change.interval.high
    assert found.changes.cpu.interval.is_sure
    assert found.changes.cpu.value < -0.5
    assert 0.9 <= found.confidence <= 1
    assert then.cpu_over_clairvoyant is not None
    assert -0.01 < then.cpu_over_clairvoyant < 0.1
    assert found.front == [each for each in found.results if each.on_front]
    assert [point(each) for each in found.results] == sorted(point(each) for each in found.results)
    assert not found.warnings


def test_the_same_seed_recommends_the_same() -> None:
    def told(found: Tuned) -> str:
        return json.dumps([found.to_json(), [each.to_json() for each in found.results]])

    few: dict[str, Any] = {**QUICK, "params": SETS[:3], "requests": 4000}
    first = tune(Load(), **few, seed=2, jobs=1)
    again = tune(Load(), **few, seed=2, jobs=3)
    other = tune(Load(), **few, seed=3)
    assert told(first) == told(again)
    assert told(first) != told(other)


def test_a_policy_of_the_users_own_is_told_by_its_name() -> None:
    def never(step: object, ns: list[int]) -> int:
        return 0

    mine = Params(policy=never)
    found = tune(PRESETS["exponential"], [mine], requests=2000)
    assert found.params == mine
    assert found.to_json()["recommended"]["policy"] == "never"


def test_limits_are_kept() -> None:
    load = PRESETS["exponential"]
    cheap = tune(load, **QUICK, max_cpu_ns=10_000)
    assert cheap.goal == "p99"
    assert cheap.result(cheap.params).cpu_ns_per_request <= 10_000
    quick = tune(load, **QUICK, max_p99_ns=21_000)
    assert quick.goal == "cpu"
    assert point(quick.result(quick.params)).p99_ns <= 21_000
    kept = tune(load, **QUICK, goal="no-worse", baseline=Params(0))
    assert kept.params == Params(0)
    assert kept.changes.cpu.value == 0
    assert kept.confidence == 1
    with pytest.raises(ValueError, match="no set stays within the limits"):
        tune(load, **QUICK, max_cpu_ns=1)


def test_it_says_when_there_is_less_than_it_takes() -> None:
    found = tune(Trace([5000, 20_000, 90_000], [1, 1, 1]), **QUICK)
    [warning] = found.warnings
    assert warning.startswith("the trace has fewer than 1000 intervals and was repeated")
    with pytest.raises(KeyError):
        found.result(Params(weight=9))


def test_what_is_tried_by_default_has_nothing_twice() -> None:
    sets = candidates()
    assert len(sets) == len(set(sets)) == 7 * 2 * 3 * 6 + 1
    assert Params() in sets
    assert {each.policy for each in candidates("legacy")} == {"legacy"}
    assert tune(Load("constant"), requests=400, baseline=Params(weight=9)).tried == len(sets) + 1


# -- The command ---------------------------------------------------------------------------------

FEW = ("tune", "--requests", "20000", "--max-ns", "0,8192,32768", "--grow", "2", "--weight", "3")


def test_the_command_recommends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "found.json"
    words = [*FEW, "--preset", "lognormal", "--json", str(kept)]
    table, _, said = lab(capsys, *words).partition("\n\n")
    assert said.startswith("recommended: max-ns=")
    assert "instead of:  max-ns=32768,grow=2,shrink=2,weight=3\n  CPU a request -" in said
    assert "who knows the future needs " in said
    assert [line.split()[-1] for line in table.splitlines()].count("now") == 1
    first = kept.read_bytes()
    read = json.loads(first)
    assert read["recommended"] in [row["params"] for row in read["results"]]
    assert read["changes"]["cpu"]["low"] <= read["changes"]["cpu"]["value"] < 0
    assert [row["role"] for row in read["results"]].count("recommended") == 1
    lab(capsys, *words)
    assert kept.read_bytes() == first
    assert json.loads(lab(capsys, *words[:-1], "-")) == read


def test_the_command_keeps_what_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    said = lab(capsys, *FEW, "--shrink", "2", "--preset", "constant", "--goal", "p99")
    assert "keep max-ns=32768,grow=2,shrink=2,weight=3: of 3 sets none is 1 % better" in said


def test_legacy_is_compared_with_what_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "short.txt"
    trace.write_text("5000\n20000\n90000\n")
    said = lab(capsys, *FEW, "--trace", str(trace), "--policy", "legacy")
    assert "max-ns=32768,grow=2,shrink=0,weight=3,policy=legacy" in said
    assert "warning: the trace has fewer than" in said
