"""A load in blocks, each simulated alone: what differs between them says how sure a figure is."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

from qmp_iothreadd.lab.fronts import Point
from qmp_iothreadd.lab.histogram import merge
from qmp_iothreadd.lab.load import Costs, Load
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.simulating import SEED_MAX, Simulated, SimulatedHandler
from qmp_iothreadd.lab.statistics import Pooled, Weights
from qmp_iothreadd.lab.tasks import Task

BLOCKS = 20
LEAST_INTERVALS = 500
"""A block of a trace has that many at least; what is shorter is repeated instead."""

# What a mean is over.
_MEANS = {
    "polled_share": "iterations",
    "mean_poll_ns": "iterations",
    "resets_share": "iterations",
    "cpu_ns_per_request": "requests",
    "mean_latency_ns": "requests",
    "poll_ns_by_time": "duration_ns",
    "near_max_share": "duration_ns",
}
_SUMS = ("requests", "iterations", "duration_ns", "grown", "shrunk")


def tasks(load: Load, sets: Sequence[Params], requests: int, seed: int, costs: Costs) -> list[Task]:
    """A task for each block: of a trace one after the other, of what is drawn with other seeds.

    Raises:
        ValueError: but for one block, a trace has no time in it.
    """
    each = max(requests // BLOCKS, 1)
    found = []
    for number, part in enumerate(_parts(load), 1):
        count = each if part.arrival != "trace" else max(each, len(_words(part)))
        found.append(Task(part, tuple(sets), count, (seed + number) % (SEED_MAX + 1), costs))
    if len(found) < 2:
        raise ValueError("nearly all intervals of the trace are 0: record for longer")
    return found


def is_short(load: Load) -> bool:
    """Whether it is a trace with too few intervals to be cut into blocks."""
    return load.arrival == "trace" and len(_words(load)) < 2 * LEAST_INTERVALS


def _words(load: Load) -> memoryview:
    return memoryview(load.checked_intervals() or b"")


def _parts(load: Load) -> Iterator[Load]:
    if load.arrival != "trace" or is_short(load):
        repeated = dataclasses.replace(load, at_end="repeat")
        yield from [repeated] * BLOCKS
        return
    words = _words(load)
    count = min(len(words) // LEAST_INTERVALS, BLOCKS)
    bounds = [len(words) * i // count for i in range(count + 1)]
    for low, high in itertools.pairwise(bounds):
        if any(words[low:high]):  # without any time in it, there is nothing to repeat
            yield dataclasses.replace(load, intervals=words[low:high], at_end="repeat")


def merged(results: Sequence[Simulated]) -> Simulated:
    """One set's results of all blocks as one."""
    values = {name: sum(getattr(each, name) for each in results) for name in _SUMS}
    for name, over in _MEANS.items():
        total = sum(getattr(each, name) * getattr(each, over) for each in results)
        values[name] = total / values[over]
    return dataclasses.replace(
        results[0],
        **values,
        latency=merge(each.latency for each in results),
        handlers=tuple(map(_handler, zip(*(each.handlers for each in results), strict=True))),
    )


def _handler(results: Sequence[SimulatedHandler]) -> SimulatedHandler:
    requests = sum(each.requests for each in results)
    latency_ns = sum(each.mean_latency_ns * each.requests for each in results)
    return SimulatedHandler(
        results[0].name,
        sum(each.events for each in results),
        requests,
        latency_ns / requests if requests else 0.0,
        merge(each.latency for each in results),
    )


class Blocks:
    """One set's results, by block: figures for when each counts as often as its weight says."""

    def __init__(self, results: Sequence[Simulated]) -> None:
        self._requests = [each.requests for each in results]
        self._cpu_ns = [each.cpu_ns_per_request * each.requests for each in results]
        self._latencies = Pooled([each.latency for each in results])

    def point(self, weights: Weights) -> Point:
        """Where it stands."""
        return Point(self.cpu_ns(weights), self.p99_ns(weights))

    def cpu_ns(self, weights: Weights) -> float:
        """CPU a request."""
        return _weighted(weights, self._cpu_ns) / _weighted(weights, self._requests)

    def p50_ns(self, weights: Weights) -> float:
        """The median latency."""
        return self._latencies.quantile(0.5, weights)

    def p99_ns(self, weights: Weights) -> float:
        """The latency that 99 % do not pass."""
        return self._latencies.quantile(0.99, weights)


def _weighted(weights: Weights, values: Iterable[float]) -> float:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))
