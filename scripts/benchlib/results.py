"""Medians of what was measured, the ratios between servers, and the targets."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence

from benchlib.measures import MEASURES, Measure, Unit
from benchlib.scale import SCALE_MEASURES
from benchlib.servers import Command


@dataclasses.dataclass
class Samples:
    """Every value of every figure, by key."""

    values: dict[str, list[float]] = dataclasses.field(default_factory=dict)

    def add(self, figures: Mapping[str, float]) -> None:
        for key, value in figures.items():
            self.values.setdefault(key, []).append(value)

    def median(self, key: str | None) -> float | None:
        values = self.values.get(key) if key else None
        return statistics.median(values) if values else None


@dataclasses.dataclass
class ServerSamples(Samples):
    """One server's figures, a value for each run."""

    command: Command = dataclasses.field(kw_only=True)
    version: str = ""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """All that was measured. `other_cpus`: how many CPUs other processes kept busy meanwhile."""

    servers: Sequence[ServerSamples]
    runs: int
    other_cpus: float


@dataclasses.dataclass(frozen=True)
class Target:
    """A limit of this daemon's figure, or (`relative`) of its ratio to the first other server's."""

    limit: float
    relative: bool = False

    def text(self, measure: Measure) -> str:
        """As it stands in the table, without its unit: «≤ 0.4» or «≥ 30»."""
        return f"{'≥' if measure.unit is Unit.RATE else '≤'} {self.limit:g}"


MS = 1_000_000
KIB = 1024
MIB = 1024 * KIB

TARGETS: Mapping[str, Target] = {
    "greeting": Target(200 * MS),
    "schema-first": Target(1200 * MS),
    "schema-again": Target(350 * MS),
    "rss": Target(27 * MIB),
    "iothread-memory": Target(24 * KIB),
    "query-iothreads-p50": Target(0.25, relative=True),
    "query-iothreads-p99": Target(0.35, relative=True),
    "qom-set-p50": Target(0.13, relative=True),
    "qom-set-p99": Target(0.35, relative=True),
    "qom-get-p50": Target(0.13, relative=True),
    "qom-get-p99": Target(0.35, relative=True),
    "query-iothreads-many-p50": Target(0.5, relative=True),
    "query-iothreads-window-64": Target(60, relative=True),
    "query-iothreads with ids-window-64": Target(60, relative=True),
    "qom-set-window-64": Target(80, relative=True),
    "qom-set with ids-window-64": Target(80, relative=True),
    "object-add": Target(6, relative=True),
    "object-del": Target(6, relative=True),
    "long-id": Target(1 * MS),
    "clients": Target(150_000),
    "clients-p99": Target(8 * MS),
    "iothreads-5000": Target(0.9 * MS),
    "big-string": Target(5 * MS),
    "big-integers": Target(15 * MS),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A measure, each server's median, and the first server's ratio to each other one's.

    None: not measured.
    """

    measure: Measure
    medians: tuple[float | None, ...]
    ratios: tuple[float | None, ...]
    target: Target | None

    @property
    def met(self) -> bool | None:
        """Whether the target is; None where there is none, or nothing to judge it by."""
        if self.target is None:
            return None
        compared = self.ratios[:1] if self.target.relative else self.medians[:1]
        if not compared or compared[0] is None:
            return None
        if self.measure.unit is Unit.RATE:
            return compared[0] >= self.target.limit
        return compared[0] <= self.target.limit


def rows(servers: Sequence[ServerSamples]) -> list[Row]:
    """In the table's order, measures that no server has left out. `servers`: this daemon first."""
    table = []
    for measure in (*MEASURES, *SCALE_MEASURES):
        medians = tuple(server.median(measure.key) for server in servers)
        if any(median is not None for median in medians):
            ratios = tuple(_ratio(medians[0], other) for other in medians[1:])
            table.append(Row(measure, medians, ratios, TARGETS.get(measure.key)))
    return table


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours is not None and theirs else None
