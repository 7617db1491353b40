"""A load under parameter sets on real iothreads, with how sure each figure is.

Sets take turns: a round runs each of them once, on the same requests, every other round backwards.
Figures are those of all rounds together; intervals draw rounds anew (`statistics`).

Rounds are left out by two rules. A run that issued more than 1 % of its requests late is repeated,
RETRIES times; then its round is left out. And so is one with an outlier (`statistics.outliers`) in
how much was found by polling (2 points from the others at least) or in CPU a request (5 %). Where
less than three quarters are left, or there are fewer CPUs than threads that keep one busy, nothing
is evidence, and nothing is given.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from qmp_iothreadd.lab.load import Load, as_load
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.results import QUANTILES, Result
from qmp_iothreadd.lab.running import (
    Run,
    check_runnable,
    cpus_needed,
    own_cpus,
    run,
    total,
)
from qmp_iothreadd.lab.simulating import SEED_MAX
from qmp_iothreadd.lab.statistics import Interval, Pooled, Weights, interval, outliers
from qmp_iothreadd.lab.traces import Trace

SECONDS = 0.5
RUNS = 10
RUNS_MIN = 3
SECONDS_MAX = 3600.0
RETRIES = 3
KEPT_SHARE_MIN = 0.75

# What is a sum over another one: the two attributes of a `Run`.
RATIOS = {
    "polled_share": ("polled", "events"),
    "cpu_ns_per_request": ("cpu_ns", "requests"),
    "mean_poll_ns": ("window_sum", "adjustments"),
    "poll_ns_by_time": ("weighted_sum", "duration_ns"),
    "near_max_share": ("near_max_ns", "duration_ns"),
    "resets_share": ("resets", "adjustments"),
    "mean_latency_ns": ("latency_sum", "requests"),
}
# What a round is left out for, and how far it has to be from the others at least: smaller distances
# are what intervals are for. Of few rounds of many sets, some would be outliers by chance alone.
_STEADY = {"polled_share": {"least": 0.02}, "cpu_ns_per_request": {"least_share": 0.05}}
_COUNTS = {"requests", "grown", "shrunk", "duration_ns"}


class NotEvidenceError(ValueError):
    """The machine did not do what the measurement asks for; says what, and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Measured(Result):
    """What one set of parameters came to on real iothreads; counts are of all rounds together.

    Attributes:
        rounds, left_out: how many count, and how many were left out.
        late_share: of the requests that count, those not issued when they were due.
        oversubscribed: late runs, and fewer CPUs than threads, were taken as they are.
        intervals: for each figure, what it lies in with a confidence of 95 %.
        differences: the same for this set's figure less the first set's, in the same rounds.
    """

    rounds: int
    left_out: int
    late_share: float
    oversubscribed: bool
    intervals: dict[str, Interval]
    differences: dict[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """As each result, with what makes it no evidence."""
        values = Result.to_json(self)
        for name in ("intervals", "differences"):
            values[name] = {figure: each.to_json() for figure, each in values[name].items()}
        return {**values, "flagged": "oversubscribed" if self.oversubscribed else None}


def measure(
    load: Load | Trace,
    params: Iterable[Params] | Params,
    *,
    seconds: float = SECONDS,
    runs: int = RUNS,
    seed: int = 1,
    oversubscribed: bool = False,
    progress: Callable[[int], object] | None = None,
) -> list[Measured]:
    """Serve the load on real iothreads under each set of parameters; results in their order.

    Args:
        seconds: how long each run is counted for, up to an hour.
        runs: rounds, at least RUNS_MIN: how often each set has its turn.
        seed: of the first round's requests; the next one's is one more.
        oversubscribed: take what comes, since too few CPUs are what is tried.
        progress: is called with the number of runs that are done.

    Raises:
        NotEvidenceError: too few CPUs, or not enough rounds that count.
        ValueError: values out of range, or that no iothread takes. OSError: no threads, descriptors
        or memory are left.
    """
    load, sets = as_load(load), [params] if isinstance(params, Params) else list(params)
    _check(load, sets, seconds, runs, seed, oversubscribed)
    retries = 0 if oversubscribed else RETRIES
    done = 0
    rounds: list[list[Run]] = []
    for number in range(runs):
        found: dict[int, Run] = {}
        order = range(len(sets)) if number % 2 == 0 else range(len(sets) - 1, -1, -1)
        for i in order:
            found[i] = _on_time(load, sets[i], seconds, (seed + number) % (SEED_MAX + 1), retries)
            done += 1
            if progress is not None:
                progress(done)
        rounds.append([found[i] for i in range(len(sets))])
        if not oversubscribed:
            _check_late(rounds, runs)
    kept = rounds if oversubscribed else _kept(rounds)
    return _results(sets, kept, runs, oversubscribed)


def _check(
    load: Load, sets: list[Params], seconds: float, runs: int, seed: int, oversubscribed: bool
) -> None:
    if not 0 < seconds <= SECONDS_MAX:
        raise ValueError(f"seconds must be above 0, up to {SECONDS_MAX:g}, not {seconds!r}")
    if runs < RUNS_MIN:
        raise ValueError(f"runs must be at least {RUNS_MIN}, not {runs}")
    if not 0 <= seed <= SEED_MAX:
        raise ValueError(f"seed must be from 0 to {SEED_MAX}, not {seed}")
    for each in sets:
        check_runnable(each)
    wanted, cpus = cpus_needed(load), len(own_cpus())
    if wanted > cpus and not oversubscribed:
        raise NotEvidenceError(
            f"refused as evidence: {wanted} threads would keep a CPU busy each, and there"
            f" {'is' if cpus == 1 else 'are'} {cpus}; take --oversubscribed if that is the question"
        )


def _on_time(load: Load, params: Params, seconds: float, seed: int, retries: int) -> Run:
    found = run(load, params, seconds, seed)
    for _ in range(retries):
        if not found.is_late:
            break
        found = run(load, params, seconds, seed)
    return found


def _kept(rounds: list[list[Run]]) -> list[list[Run]]:
    """The rounds that count.

    Raises:
        NotEvidenceError: less than KEPT_SHARE_MIN of them.
    """
    on_time = [each for each in rounds if not _is_late(each)]
    strange = {
        place
        for runs in zip(*on_time, strict=True)
        for name, least in _STEADY.items()
        for place in outliers([_ratio(name, [run], [1]) for run in runs], **least)
    }
    kept = [each for place, each in enumerate(on_time) if place not in strange]
    if len(kept) < _least(len(rounds)):
        raise _not_evidence(len(rounds) - len(on_time), len(strange), len(rounds))
    return kept


def _check_late(rounds: list[list[Run]], runs: int) -> None:
    """Raises NotEvidenceError: so many are late already that what is to come cannot mend it."""
    late = sum(map(_is_late, rounds))
    if runs - late < _least(runs):
        raise _not_evidence(late, 0, len(rounds))


def _is_late(each: list[Run]) -> bool:
    return any(run.is_late for run in each)


def _least(runs: int) -> int:
    """How many rounds have to count."""
    return max(math.ceil(KEPT_SHARE_MIN * runs), 2)


def _not_evidence(late: int, strange: int, rounds: int) -> NotEvidenceError:
    return NotEvidenceError(
        f"refused as evidence: of {rounds} rounds {late} issued requests late, and {strange} were"
        " unlike the others; leave the machine alone meanwhile, or take --oversubscribed if that is"
        " the question"
    )


def _ratio(name: str, runs: Sequence[Run], weights: Weights) -> float:
    top, bottom = RATIOS[name]
    whole = sum(w * getattr(run, bottom) for w, run in zip(weights, runs, strict=True))
    part = sum(w * getattr(run, top) for w, run in zip(weights, runs, strict=True))
    return float(part / whole) if whole else 0.0


def _estimates(runs: Sequence[Run]) -> dict[str, Callable[[Weights], float]]:
    """Each figure of one set, for rounds that count as often as their weights say."""
    pooled = Pooled([run.latency for run in runs])
    return {
        **{name: lambda w, name=name: _ratio(name, runs, w) for name in RATIOS},  # type: ignore[misc]
        **{
            name: lambda w, share=share: pooled.quantile(share, w)  # type: ignore[misc]
            for name, share in QUANTILES.items()
        },
    }


def _results(
    sets: list[Params], rounds: list[list[Run]], runs: int, oversubscribed: bool
) -> list[Measured]:
    columns = [[each[i] for each in rounds] for i in range(len(sets))]
    estimates = [_estimates(column) for column in columns]
    every = [1] * len(rounds)
    found = []
    for params, column, mine in zip(sets, columns, estimates, strict=True):
        first, whole = estimates[0], total(column)
        differences = {
            name: interval(len(rounds), lambda w, a=of, b=first[name]: a(w) - b(w))  # type: ignore[misc]
            for name, of in mine.items()
        }
        figures: dict[str, Any] = {
            **{name: mine[name](every) for name in RATIOS},
            **{name: getattr(whole, name) for name in _COUNTS},
        }
        found.append(
            Measured(
                params=params,
                rounds=len(rounds),
                left_out=runs - len(rounds),
                late_share=whole.late_share,
                oversubscribed=oversubscribed,
                iterations=whole.events,
                latency=whole.latency,
                intervals={name: interval(len(rounds), of) for name, of in mine.items()},
                differences=differences,
                **figures,
            )
        )
    return found
