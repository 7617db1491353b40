"""Intervals and outliers, held to what is known of them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings, strategies as st

from qmp_iothreadd.lab.histogram import Histogram, merge
from qmp_iothreadd.lab.statistics import Interval, Pooled, Weights, _student, interval, outliers


def mean_of(values: list[float], weights: Weights) -> float:
    return sum(map(float.__mul__, values, map(float, weights))) / sum(weights)


@pytest.mark.parametrize(("freedom", "known"), [(4, 2.776), (9, 2.262), (19, 2.093), (1000, 1.962)])
def test_students_quantile(freedom: int, known: float) -> None:
    assert _student(1.959964, freedom) == pytest.approx(known, rel=0.003)


@pytest.mark.parametrize("rounds", [5, 10, 30])
def test_an_interval_holds_the_mean_about_as_often_as_it_says(rounds: int) -> None:
    draw = random.Random(rounds)
    held = 0
    for _ in range(150):
        values = [draw.gauss(100, 10) for _ in range(rounds)]
        found = interval(rounds, lambda w, v=values: mean_of(v, w), resamples=200)  # type: ignore[misc]
        held += found.low <= 100 <= found.high
    assert held >= 150 * 0.89


def test_a_paired_difference_is_surer_than_its_two_ends() -> None:
    draw = random.Random(3)
    rounds = [draw.gauss(1000, 100) for _ in range(10)]
    first = [value + draw.gauss(0, 1) for value in rounds]
    second = [value + 5 + draw.gauss(0, 1) for value in rounds]
    difference = interval(10, lambda w: mean_of(second, w) - mean_of(first, w))
    assert difference.is_sure
    assert 2 < difference.low < 5 < difference.high < 8
    alone = interval(10, lambda w: mean_of(first, w))
    assert alone.high - alone.low > 50


def test_the_same_seed_draws_the_same() -> None:
    values = [1.0, 2.0, 4.0, 8.0, 13.0, 17.0, 21.0, 29.0, 31.0]
    found = [interval(9, lambda w: mean_of(values, w), seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]
    assert found[0].to_json() == [found[0].low, found[0].high]


def test_without_a_difference_there_is_no_sureness() -> None:
    assert not Interval(-1, 1).is_sure
    assert Interval(-2, -1).is_sure


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rounds": 1}, "at least 2 rounds, not 1"),
        ({"resamples": 0}, "resamples must be at least 1"),
        ({"level": 1.0}, "level must be between 0 and 1"),
    ],
)
def test_refused(values: dict[str, float], message: str) -> None:
    given_values: dict[str, object] = {"rounds": 5, **values}
    with pytest.raises(ValueError, match=message):
        interval(estimate=lambda _: 0.0, **given_values)  # type: ignore[arg-type]


def test_outliers_are_far_from_the_others() -> None:
    assert outliers([10, 11, 9, 10.5, 9.5, 40]) == {5}
    assert outliers([10, 11, 9, 10.5, 9.5, 13]) == set()
    # All alike: a hundredth more is none yet.
    assert outliers([100, 100, 100, 100.9]) == set()
    assert outliers([100, 100, 100, 102]) == {3}
    assert outliers([0, 0, 0, 1]) == {3}
    # … nor is what is nearer than the caller asks for.
    assert outliers([100, 100, 100, 104], least_share=0.05) == set()
    assert outliers([0, 0, 0, 0.01, 0.03], least=0.02) == {4}
    assert outliers([]) == set()


_HISTOGRAMS = st.lists(
    st.dictionaries(st.integers(0, 40), st.integers(1, 9)).map(Histogram), min_size=1, max_size=5
)


@settings(max_examples=100)
@given(_HISTOGRAMS, st.data())
def test_pooled_quantiles_are_those_of_what_is_merged(
    histograms: list[Histogram], data: st.DataObject
) -> None:
    size = len(histograms)
    weights = data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    merged = merge(h for h, weight in zip(histograms, weights, strict=True) for _ in range(weight))
    pooled = Pooled(histograms)
    for share in (0.0, 0.5, 0.99, 1.0):
        assert pooled.quantile(share, weights) == pytest.approx(merged.quantile(share))
