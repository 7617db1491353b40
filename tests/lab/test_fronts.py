"""Pareto fronts, and the limit that those set who know the future."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.lab import PRESETS, Params, simulate
from qmp_iothreadd.lab.fronts import Ceiling, Point, front, ladder, point, ranked

POINTS = st.lists(
    st.builds(Point, st.integers(1, 30).map(float), st.integers(1, 30).map(float)), max_size=30
)


@given(POINTS)
def test_a_front_has_those_that_nobody_is_better_than(points: list[Point]) -> None:
    found = front(points, least_gain=0)
    on_front = {points[place] for place in found}
    for each in points:
        better = [
            other
            for other in points
            if other != each and other.cpu_ns <= each.cpu_ns and other.p99_ns <= each.p99_ns
        ]
        assert (each in on_front) == (not better)
    assert len(found) == len(on_front)
    assert [points[place] for place in found] == sorted(on_front)


def test_a_gain_below_what_can_be_told_is_none() -> None:
    points = [Point(3, 99.5), Point(1, 100), Point(4, 98.9), Point(2, 99.5)]
    assert front(points) == [1, 2]
    assert front(points, least_gain=0) == [1, 3, 2]


@given(POINTS)
def test_ranks_have_each_once(points: list[Point]) -> None:
    layers = ranked(points)
    assert sorted(place for layer in layers for place in layer) == list(range(len(points)))
    assert layers[:1] == ([front(points)] if points else [])


def test_a_ladder_goes_up_to_the_longest_window() -> None:
    limits = [each.max_ns for each in ladder([Params(), Params(max_ns=1000), Params(max_ns=0)])]
    assert limits[:5] == [0, 512, 609, 724, 861]
    assert limits[-1] == 32768
    assert 1000 in limits
    assert limits == sorted(set(limits))
    assert [each.max_ns for each in ladder([Params(max_ns=0)])] == [0]


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    cpu_ns_per_request: float
    mean_latency_ns: float


def test_the_limit_is_the_hull_of_the_ladder() -> None:
    # (20, 90) is above the line from (10, 100) to (40, 10), and (50, 10) gives nothing more.
    ceiling = Ceiling.of(
        Result(*each) for each in [(40.0, 10.0), (10.0, 100.0), (20.0, 90.0), (50.0, 10.0)]
    )
    assert ceiling.corners == ((10.0, 100.0), (40.0, 10.0))
    halfway = Result(50.0, 55.0)
    assert ceiling.cpu_over(halfway) == pytest.approx(1.0)  # 25 would do
    assert ceiling.latency_over(halfway) == pytest.approx(4.5)  # 10 would be had
    assert ceiling.latency_over(Result(25.0, 55.0)) == pytest.approx(0.0)
    assert ceiling.latency_over(Result(5.0, 200.0)) == pytest.approx(1.0)
    assert ceiling.cpu_over(Result(80.0, 5.0)) == pytest.approx(1.0)
    assert Ceiling.of([Result(0.0, 0.0)]).cpu_over(Result(1.0, 1.0)) == 0.0


@pytest.mark.parametrize("preset", ["exponential", "lognormal", "on-off"])
def test_no_policy_passes_who_knows_the_future(preset: str) -> None:
    sets = [
        Params(max_ns, weight=weight, shrink=shrink, policy=policy)
        for policy in ("weighted", "legacy", "v1", "fixed")
        for max_ns in (0, 8192, 32768)
        for weight in (0, 3)
        for shrink in (1, 2)
    ]
    ceiling = Ceiling.of(simulate(PRESETS[preset], ladder(sets), requests=50_000))
    for each in simulate(PRESETS[preset], sets, requests=50_000):
        assert ceiling.cpu_over(each) > -0.01
        assert ceiling.latency_over(each) > -0.01
        assert point(each).p99_ns > 0
