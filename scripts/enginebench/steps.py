"""What is measured: each step takes one sample of everything it compares, side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from enginebench.native import Figures, Programs, run

US, MS, S = 1_000, 1_000_000, 1_000_000_000
KIB = 1024

POLICIES = [("legacy", 3), *(("weighted", weight) for weight in range(1, 7))]
# Of the lognormal load: between requests in ns, and of its logarithm.
LOAD_MEDIAN_NS, LOAD_SIGMA = 30 * US, 1.25


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long one sample takes."""

    polled_events: int = 20_000
    waited_events: int = 3_000
    iteration_s: float = 0.3
    idle_s: float = 10.0
    load_s: float = 1.0
    count: int = 1000
    round_trip_s: float = 1.0


QUICK = Pace(2_000, 300, 0.1, 1.0, 0.2, 200, 0.2)


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the table: `key` of a figure, beside `reference` (another key) and its target.

    unit: "ns", "bytes", "%" or "". `limit` is of the ratio where there is a reference, else of the
    figure itself; `ratio_of` "rate" turns the ratio round: how many times faster.
    """

    key: str
    title: str
    unit: str
    reference: str | None = None
    limit: float | None = None
    faster: bool = False


@dataclasses.dataclass(frozen=True)
class Step:
    """`take` returns figures by key. `runs`: how often at most, None for as often as asked."""

    name: str
    rows: tuple[Row, ...]
    take: Callable[[Programs, Pace], Mapping[str, float]]
    runs: int | None = None

    def in_run(self, number: int) -> bool:
        return self.runs is None or number < self.runs


def take_latencies(
    programs: Programs, engine: str, bare: str, events: int, interval_ns: int
) -> Figures:
    """The engine's and the bare program's latency, both on the same events, in one turn."""
    bare_found = run(programs.bare, bare, events, interval_ns)
    engine_found = run(programs.engine, engine, events, interval_ns)
    return {
        f"{name}-{percentile}": found[percentile]
        for name, found in ((engine, engine_found), (bare, bare_found))
        for percentile in ("p50", "p99")
    }


def take_polled(programs: Programs, pace: Pace) -> Figures:
    return take_latencies(programs, "polled", "flag", pace.polled_events, 20 * US)


def take_waited(programs: Programs, pace: Pace) -> Figures:
    return take_latencies(programs, "waited", "epoll", pace.waited_events, 100 * US)


def take_iteration(programs: Programs, pace: Pace) -> Figures:
    untraced = run(programs.untraced, "iteration", 1, pace.iteration_s)
    one = run(programs.engine, "iteration", 1, pace.iteration_s)
    many = run(programs.engine, "iteration", 64, pace.iteration_s)
    return {
        "iteration-1": one["cpu_ns"],
        "iteration-64": many["cpu_ns"],
        "iteration-untraced": untraced["cpu_ns"],
    }


def take_idle(programs: Programs, pace: Pace) -> Figures:
    one = run(programs.engine, "idle", 1, pace.idle_s)
    many = run(programs.engine, "idle", pace.count, pace.idle_s)
    return {
        "idle-switches": one["switches"],
        "idle-cpu": many["cpu_percent"],
        "idle-bytes": many["resident_bytes"],
    }


def take_threads(programs: Programs, pace: Pace) -> Figures:
    bare = run(programs.bare, "threads", pace.count)
    engine = run(programs.engine, "threads", pace.count)
    return {
        "create": engine["create_ns"],
        "delete": engine["delete_ns"],
        "bare-create": bare["create_ns"],
        "bare-delete": bare["delete_ns"],
    }


def take_policies(programs: Programs, pace: Pace) -> Figures:
    figures: Figures = {}
    for policy, weight in POLICIES:
        load = (LOAD_MEDIAN_NS, LOAD_SIGMA, pace.load_s)
        sample = run(programs.engine, "load", policy, weight, *load)
        figures |= {f"{policy}-{weight}-{key}": value for key, value in sample.items()}
    return figures


STEPS = (
    Step(
        "polled",
        (
            Row("polled-p50", "event to handler, polled, p50", "ns", "flag-p50", 2.0),
            Row("polled-p99", "event to handler, polled, p99", "ns", "flag-p99"),
        ),
        take_polled,
    ),
    Step(
        "waited",
        (
            Row("waited-p50", "event to handler, waited, p50", "ns", "epoll-p50", 1.3),
            Row("waited-p99", "event to handler, waited, p99", "ns", "epoll-p99"),
        ),
        take_waited,
    ),
    Step(
        "iteration",
        (
            Row("iteration-1", "iteration, 1 handler with work, CPU", "ns", None, 150),
            Row("iteration-64", "iteration, 64 handlers, 1 with work, CPU", "ns", None, 2 * US),
            Row(
                "iteration-1",
                "… 1 handler, traces off / not built",
                "ns",
                "iteration-untraced",
                1.01,
            ),
        ),
        take_iteration,
    ),
    Step(
        "idle",
        (
            Row("idle-switches", "idle: context switches in 10 s", "", None, 0),
            Row("idle-cpu", "1,000 idle: CPU", "%", None, 1),
            Row("idle-bytes", "1,000 idle: resident, each", "bytes", None, 16 * KIB),
        ),
        take_idle,
        runs=1,
    ),
    Step(
        "threads",
        (
            Row("create", "create one of 1,000 (bare: pthread_create)", "ns", "bare-create"),
            Row("delete", "delete one of 1,000 (bare: pthread_join)", "ns", "bare-delete"),
        ),
        take_threads,
    ),
    Step("policies", (), take_policies),
)
