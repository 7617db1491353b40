"""How sure a figure is: intervals by bootstrap over rounds, and which rounds are outliers."""

from __future__ import annotations

import bisect
import dataclasses
import functools
import math
import random
from collections.abc import Callable, Sequence
from itertools import accumulate
from statistics import NormalDist, median

from qmp_iothreadd.lab.histogram import Histogram, lower_bound

Weights = Sequence[int]
"""How often each round counts: all 1 for what was measured, else as a resample drew them."""

LEVEL = 0.95
RESAMPLES = 1000

# Iglewicz and Hoaglin's rule: so many robust standard deviations from the median.
OUTLIER_LIMIT = 3.5
_MAD_TO_SIGMA = 1.4826
# What differs by less than this of the median is none, however alike the others are.
_OUTLIER_LEAST = 0.01


@dataclasses.dataclass(frozen=True, slots=True)
class Interval:
    """What a figure lies in, at a level of confidence; its unit is the figure's."""

    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether it leaves out 0: of a difference, that there is one."""
        return self.low > 0 or self.high < 0

    def to_json(self) -> list[float]:
        """The two ends."""
        return [self.low, self.high]


def interval(
    rounds: int,
    estimate: Callable[[Weights], float],
    *,
    seed: int = 1,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """The bootstrap interval of what ``estimate`` makes of the rounds.

    The rounds are drawn anew, with replacement; ``estimate`` is told how often each was. For the
    difference of two that were measured in the same rounds it reads both by the same weights, so
    that what a round did to both does not count.

    Ends are expanded percentiles (Hesterberg 2015): those of the plain ones that make up for how
    few rounds there are. The same seed draws the same.

    Raises:
        ValueError: fewer than two rounds, no resample, or a level that is not between 0 and 1.
    """
    if rounds < 2:
        raise ValueError(f"an interval needs at least 2 rounds, not {rounds}")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, not {resamples}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level!r}")
    found = sorted(map(estimate, resampled(rounds, seed, resamples)))
    tail = _tail(rounds, level)
    return Interval(_percentile(found, tail), _percentile(found, 1 - tail))


@functools.lru_cache(maxsize=4)  # a measurement has an interval for each figure of each set
def resampled(rounds: int, seed: int, resamples: int) -> list[Weights]:
    """How often each round counts, for each resample."""
    draw = random.Random(seed)
    return [_one_drawn(draw, rounds) for _ in range(resamples)]


def _one_drawn(draw: random.Random, rounds: int) -> Weights:
    weights = [0] * rounds
    for each in draw.choices(range(rounds), k=rounds):
        weights[each] += 1
    return tuple(weights)


def _tail(rounds: int, level: float) -> float:
    """The share of resamples beyond each end: the normal one with Student's t in its place."""
    normal = NormalDist()
    t = _student(normal.inv_cdf((1 + level) / 2), rounds - 1)
    return normal.cdf(-t * math.sqrt(rounds / (rounds - 1)))


def _student(z: float, freedom: int) -> float:
    """The quantile of Student's t for that of the normal distribution: Fisher's series."""
    terms: tuple[float, ...] = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + math.fsum(term / freedom**power for power, term in enumerate(terms, 1))


def _percentile(values: Sequence[float], share: float) -> float:
    """Of sorted values, between the two next to it."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def outliers(
    values: Sequence[float], *, least: float = 0.0, least_share: float = _OUTLIER_LEAST
) -> set[int]:
    """The places of those that are too far from the median.

    That is: by more than OUTLIER_LIMIT times 1.4826 times the median distance from it (what a
    standard deviation is of normal values), by more than ``least_share`` of it, and than ``least``.
    """
    if not values:
        return set()
    middle = median(values)
    scale = _MAD_TO_SIGMA * median(abs(value - middle) for value in values)
    limit = max(OUTLIER_LIMIT * scale, least_share * abs(middle), least)
    return {i for i, value in enumerate(values) if abs(value - middle) > limit}


class Pooled:
    """Histograms of rounds, for quantiles of all in one under any weights."""

    def __init__(self, histograms: Sequence[Histogram]) -> None:
        self._buckets = sorted({bucket for each in histograms for bucket in each.counts})
        rows = [[each.counts.get(bucket, 0) for bucket in self._buckets] for each in histograms]
        # By bucket: how many there are up to it, in each round.
        self._up_to = list(zip(*(accumulate(row) for row in rows), strict=True))

    def quantile(self, share: float, weights: Weights) -> float:
        """As that of the histograms merged, each as often as its weight says; 0.0 of none."""

        def up_to(counts: Sequence[int]) -> int:
            return sum(map(int.__mul__, weights, counts))

        total = up_to(self._up_to[-1]) if self._buckets else 0
        if not total:
            return 0.0
        rank = share * total
        place = bisect.bisect_left(self._up_to, max(rank, 1e-9), key=up_to)
        before = up_to(self._up_to[place - 1]) if place else 0
        count = up_to(self._up_to[place]) - before
        bucket = self._buckets[place]
        low, high = lower_bound(bucket), lower_bound(bucket + 1)
        return low + (high - low) * (rank - before) / count
