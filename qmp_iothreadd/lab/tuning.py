"""A recommendation for a load: parameters, what they gain and cost, and how sure that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any, NamedTuple

from qmp_iothreadd.lab import blocks, statistics
from qmp_iothreadd.lab._lab import POLICIES
from qmp_iothreadd.lab.choosing import Aim
from qmp_iothreadd.lab.fronts import Ceiling, Point, front, ladder, point
from qmp_iothreadd.lab.load import Costs, Load, as_load
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.policies import Policy
from qmp_iothreadd.lab.simulating import Simulated
from qmp_iothreadd.lab.statistics import Interval, Weights
from qmp_iothreadd.lab.sweeping import Swept, sweep, swept
from qmp_iothreadd.lab.tasks import workers
from qmp_iothreadd.lab.traces import Trace

CANDIDATES: dict[str, list[int]] = {
    "max_ns": [0, 4096, 8192, 16384, 32768, 65536, 131072, 262144],
    "grow": [2, 4],
    "shrink": [2, 4, 8],
    "weight": [1, 2, 3, 4, 5, 6],
}
"""The values whose combinations are tried, where nobody says which."""

_RESAMPLES = 200  # of choices, each of which looks at all sets that are left


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """How much more a figure is, as a share: -0.1 is 10 % less; with its 95 % interval."""

    value: float
    interval: Interval

    def to_json(self) -> dict[str, float]:
        """The value, and the ends of the interval."""
        return {"value": self.value, "low": self.interval.low, "high": self.interval.high}


class Changes(NamedTuple):
    """Of CPU a request, of the median latency, and of p99."""

    cpu: Change
    p50: Change
    p99: Change

    def to_json(self) -> dict[str, Any]:
        """By name."""
        return {name: change.to_json() for name, change in self._asdict().items()}


@dataclasses.dataclass(frozen=True, slots=True)
class Tuned:
    """What is recommended for a load.

    Attributes:
        params: the recommendation; the same as ``baseline`` where nothing is 1 % better.
        baseline: what it is compared with.
        goal: one of GOALS.
        results: the Pareto front of all that was tried, by CPU, with the baseline, from all blocks.
        changes: from the baseline's figures to the recommendation's.
        confidence: the share of resamples of the blocks in which no other set is 1 % better.
        tried: how many sets.
        warnings: what makes it less sure than that.
    """

    params: Params
    baseline: Params
    goal: str
    results: tuple[Swept, ...]
    changes: Changes
    confidence: float
    tried: int
    warnings: tuple[str, ...] = ()

    def result(self, params: Params) -> Swept:
        """That of a set of ``results``. Raises KeyError: it is not among them."""
        return {each.params: each for each in self.results}[params]

    @property
    def front(self) -> list[Swept]:
        """The Pareto front: by CPU, p99 falls."""
        return [each for each in self.results if each.on_front]

    def to_json(self) -> dict[str, Any]:
        """All but the results."""
        return {
            "recommended": self.params.to_json(),
            "baseline": self.baseline.to_json(),
            "goal": self.goal,
            "changes": self.changes.to_json(),
            "confidence": self.confidence,
            "cpu_over_clairvoyant": self.result(self.params).cpu_over_clairvoyant,
            "tried": self.tried,
            "warnings": list(self.warnings),
        }


def candidates(policy: Policy = POLICIES[0]) -> list[Params]:
    """What is tried by default; who never polls is there once."""
    lists = [dict(zip(CANDIDATES, values, strict=True)) for values in product(*CANDIDATES.values())]
    sets = [Params(**values, policy=policy) for values in lists]
    return [each for each in sets if each.max_ns or each == sets[0]]


def tune(
    load: Load | Trace,
    params: Iterable[Params] | None = None,
    *,
    baseline: Params | None = None,
    goal: str | None = None,
    max_cpu_ns: float | None = None,
    max_p99_ns: float | None = None,
    costs: Costs | None = None,
    requests: int = 1_000_000,
    seed: int = 1,
    jobs: int | None = None,
    dask: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> Tuned:
    """Find the parameters for a load.

    All sets are simulated by successive halving. What is on the front then is simulated again, in
    blocks with other seeds (of a trace, its parts), from which everything that is told comes: so
    nobody wins by luck. The same seed gives the same recommendation.

    Args:
        params: the sets to choose from; by default ``candidates()``.
        baseline: what there is now; by default QEMU's defaults.
        goal: one of GOALS; by default ``balanced``, with ``max_p99_ns`` alone ``cpu``, and with
            ``max_cpu_ns`` alone ``p99``.
        max_cpu_ns, max_p99_ns: the most CPU a request, and the longest p99, that will do.
        requests: how many for each set, at the end.
        jobs, dask, progress: as for `sweep`.

    Raises:
        ValueError: values out of range, or no set stays within the limits.
    """
    load = as_load(load)
    now = Params() if baseline is None else baseline
    aim = Aim.of(goal, max_cpu_ns, max_p99_ns)
    sets = list(dict.fromkeys([now, *(candidates(now.policy) if params is None else params)]))
    if any(each.policy == "clairvoyant" for each in sets):
        raise ValueError(
            "nobody can be set to know the future: leave clairvoyant out, each result is compared"
            " with it anyway"
        )
    done = progress or (lambda _: None)
    costs = costs or Costs()
    rough = sweep(
        load,
        sets,
        costs=costs,
        requests=requests,
        seed=seed,
        halving=True,
        jobs=jobs,
        dask=dask,
        progress=done,
    )
    left = list(dict.fromkeys([now, *(each.params for each in rough.front())]))
    above = ladder(left)
    with workers(jobs, dask) as work:
        found = work(blocks.tasks(load, [*left, *above], requests, seed, costs), done)
    by_set = list(zip(*found, strict=True))
    ceiling = Ceiling.of(blocks.merged(each) for each in by_set[len(left) :])
    judged = _Judged(left, [blocks.Blocks(each) for each in by_set[: len(left)]], len(found), seed)
    chosen = aim.choose(judged.points, 0)
    rows = [blocks.merged(each) for each in by_set[: len(left)]]
    return Tuned(
        left[chosen],
        now,
        aim.goal,
        _results(str(load), rows, {0, chosen}, ceiling),
        judged.changes(chosen),
        judged.confidence(aim, chosen),
        len(sets),
        _warnings(load),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Judged:
    """Sets, the first of which is the baseline, with what each block came to."""

    sets: Sequence[Params]
    blocks: Sequence[blocks.Blocks]
    count: int
    seed: int

    @property
    def points(self) -> list[Point]:
        """Of all blocks together."""
        return self._points([1] * self.count)

    def _points(self, weights: Weights) -> list[Point]:
        return [each.point(weights) for each in self.blocks]

    def changes(self, chosen: int) -> Changes:
        """Each against the baseline in the same blocks."""
        now, then = self.blocks[0], self.blocks[chosen]

        def change(figure: Callable[[blocks.Blocks, Weights], float]) -> Change:
            def estimate(weights: Weights) -> float:
                base = figure(now, weights)
                return figure(then, weights) / base - 1 if base else 0.0

            interval = statistics.interval(self.count, estimate, seed=self.seed)
            return Change(estimate([1] * self.count), interval)

        one = blocks.Blocks
        return Changes(change(one.cpu_ns), change(one.p50_ns), change(one.p99_ns))

    def confidence(self, aim: Aim, chosen: int) -> float:
        """In which share of resamples it holds."""
        drawn = statistics.resampled(self.count, self.seed, _RESAMPLES)
        return sum(aim.holds(chosen, self._points(each), 0) for each in drawn) / _RESAMPLES


def _results(
    load: str, rows: Sequence[Simulated], kept: set[int], ceiling: Ceiling
) -> tuple[Swept, ...]:
    """The front and what is kept besides, by CPU."""
    on_front = set(front([point(each) for each in rows]))
    places = sorted(on_front | kept, key=lambda place: point(rows[place]))
    return tuple(swept(load, rows[place], ceiling, on_front=place in on_front) for place in places)


def _warnings(load: Load) -> tuple[str, ...]:
    if not blocks.is_short(load):
        return ()
    least = 2 * blocks.LEAST_INTERVALS
    return (
        f"the trace has fewer than {least} intervals and was repeated: another one of the same"
        " load may differ by more than the intervals and the confidence say",
    )
