"""Of what costs CPU and latency: which sets are worth a look, and how good any could be."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from qmp_iothreadd.lab.histogram import Histogram
from qmp_iothreadd.lab.params import Params

LEAST_GAIN = 0.01
"""How much shorter p99 has to be to be worth any CPU."""


class Point(NamedTuple):
    """What a set costs: CPU a request, and the latency that 99 % of requests do not pass, in ns."""

    cpu_ns: float
    p99_ns: float


class Costed(Protocol):
    """A result, simulated or measured."""

    @property
    def cpu_ns_per_request(self) -> float:
        """The thread's, with all that it polls."""

    @property
    def latency(self) -> Histogram:
        """Of the requests."""


class Averaged(Protocol):
    """A result that knows its mean latency."""

    @property
    def cpu_ns_per_request(self) -> float:
        """As above."""

    @property
    def mean_latency_ns(self) -> float:
        """Of the requests."""


def point(result: Costed) -> Point:
    """Where a result stands."""
    return Point(result.cpu_ns_per_request, result.latency.quantile(0.99))


def front(points: Sequence[Point], least_gain: float = LEAST_GAIN) -> list[int]:
    """The Pareto front: the places of points that none of less CPU has as short a p99 as.

    They are in the order of CPU, and each has a p99 shorter than the one before by a share of
    ``least_gain`` at least: less is below what a histogram can tell. Of equal ones the first is
    there.
    """
    found: list[int] = []
    limit_ns = math.inf
    for place in sorted(range(len(points)), key=lambda place: (points[place], place)):
        if points[place].p99_ns < limit_ns:
            found.append(place)
            limit_ns = points[place].p99_ns * (1 - least_gain)
    return found


def ranked(points: Sequence[Point]) -> list[list[int]]:
    """The front, then the front of the rest, and so on: every place is in one of them."""
    rest, layers = list(range(len(points))), []
    while rest:
        layer = [rest[i] for i in front([points[place] for place in rest])]
        layers.append(layer)
        taken = set(layer)
        rest = [place for place in rest if place not in taken]
    return layers


def ladder(sets: Iterable[Params]) -> list[Params]:
    """Who knows the future, with limits from 0 to the longest of ``sets``: the limit of any policy.

    There are four in an octave, from 500 ns on, and those of ``sets``.
    """
    limits = {each.max_ns for each in sets} | {0}
    most = max(limits)
    steps = range(4 * max(most, 1).bit_length())
    limits.update(limit for step in steps if 500 <= (limit := round(2 ** (step / 4))) < most)
    return [Params(limit, policy="clairvoyant") for limit in sorted(limits)]


@dataclasses.dataclass(frozen=True, slots=True)
class Ceiling:
    """What those of a ladder get, by CPU: straight lines from (CPU, mean latency) to the next.

    Who knows the future can mix two of them, so that no policy is below the lines, but for what
    there is between two steps of the ladder: some thousandths.
    """

    corners: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, results: Iterable[Averaged]) -> Ceiling:
        """The lower left hull of what the ladder came to."""
        corners: list[tuple[float, float]] = []
        for cpu_ns, mean_ns in sorted((r.cpu_ns_per_request, r.mean_latency_ns) for r in results):
            if corners and mean_ns >= corners[-1][1]:
                continue
            while len(corners) > 1 and _is_above(corners[-1], corners[-2], (cpu_ns, mean_ns)):
                corners.pop()
            corners.append((cpu_ns, mean_ns))
        return cls(tuple(corners))

    def cpu_over(self, result: Averaged) -> float:
        """How much more CPU than is needed for as short a mean latency: 0.1 is 10 %."""
        by_latency = [(mean_ns, cpu_ns) for cpu_ns, mean_ns in reversed(self.corners)]
        return _over(result.cpu_ns_per_request, _between(by_latency, result.mean_latency_ns))

    def over(self, result: Averaged) -> dict[str, float]:
        """Both, by the names that they have in results."""
        return {
            "cpu_over_clairvoyant": self.cpu_over(result),
            "latency_over_clairvoyant": self.latency_over(result),
        }

    def latency_over(self, result: Averaged) -> float:
        """How much longer the mean latency is than it need be for as little CPU: 0.1 is 10 %."""
        return _over(result.mean_latency_ns, _between(self.corners, result.cpu_ns_per_request))


def _is_above(
    middle: tuple[float, float], left: tuple[float, float], right: tuple[float, float]
) -> bool:
    """Whether the line from left to right passes below, or through it."""
    width, height = right[0] - left[0], right[1] - left[1]
    return (middle[1] - left[1]) * width >= height * (middle[0] - left[0])


def _between(corners: Sequence[tuple[float, float]], x: float) -> float:
    """What the lines are at x; at their ends what they end with."""
    if x <= corners[0][0]:
        return corners[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(corners):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return corners[-1][1]


def _over(value: float, least: float) -> float:
    return value / least - 1 if least else 0.0
