"""Medians of the samples as tables, and as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from benchlib.results import Samples
from benchlib.terminal import table

from enginebench.steps import LOAD_MEDIAN_NS, LOAD_SIGMA, POLICIES, Row

HEAD = ("", "engine", "limit", "ratio", "target", "")
POLICY_HEAD = (
    "policy",
    "weight",
    "mean poll_ns",
    "resets",
    "time near max",
    "found by polling",
    "CPU per event",
    "p50",
    "p99",
)


@dataclasses.dataclass(frozen=True)
class Result:
    """A row with its figures. `ratio` is to the limit, or how many times faster."""

    row: Row
    value: float
    reference: float | None
    ratio: float | None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without one, or without what it is relative to."""
        row = self.row
        if row.limit is None or (row.reference and self.ratio is None):
            return None
        if row.faster:
            return self.ratio is not None and self.ratio >= row.limit
        return (self.value if self.ratio is None else self.ratio) <= row.limit


def results(rows: Iterable[Row], samples: Samples) -> list[Result]:
    """Those rows that were measured."""
    found = []
    for row in rows:
        value, reference = samples.median(row.key), samples.median(row.reference)
        if value is None:
            continue
        ratio = None
        if reference:
            ratio = reference / value if row.faster else value / reference
        found.append(Result(row, value, reference, ratio))
    return found


def figure(value: float | None, unit: str) -> str:
    """With three digits and the unit that suits it."""
    if value is None:
        return "–"
    if unit == "ns":
        for factor, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
            if value >= factor:
                return f"{value / factor:.3g} {name}"
        return f"{value:.0f} ns"
    if unit == "bytes":
        return f"{value / 1024:.1f} KiB"
    return f"{value:.3g} {unit}".strip()


def target(row: Row) -> str:
    """«≤ 2», «≤ 150 ns», «≥ 5 times»."""
    if row.limit is None:
        return ""
    if row.reference:
        return f"≥ {row.limit:g} times" if row.faster else f"≤ {row.limit:g}"
    return f"≤ {figure(row.limit, row.unit)}"


def cells(result: Result) -> tuple[str, ...]:
    row = result.row
    return (
        row.title,
        figure(result.value, row.unit),
        figure(result.reference, row.unit) if row.reference else "",
        "" if result.ratio is None else f"{result.ratio:.3g}",
        target(row),
        {True: "met", False: "missed", None: ""}[result.met],
    )


def policy_cells(samples: Samples) -> list[tuple[str, ...]]:
    """Legacy, then weights 1 to 6, on the same load."""
    found = []
    for policy, weight in POLICIES:
        of = {
            key: samples.median(f"{policy}-{weight}-{key}")
            for key in ("poll_ns", "resets", "near_max", "polled", "cpu_ns", "p50", "p99")
        }
        if of["poll_ns"] is None:
            continue
        shares = [f"{100 * (of[key] or 0):.1f} %" for key in ("resets", "near_max", "polled")]
        times = [figure(of[key], "ns") for key in ("cpu_ns", "p50", "p99")]
        name = str(weight) if policy == "weighted" else ""
        found.append((policy, name, f"{of['poll_ns']:.0f}", *shares, *times))
    return found


def text(found: Sequence[Result], samples: Samples, *, markdown: bool) -> str:
    """All tables that have something to show."""
    parts = []
    if found:
        parts.append(table(HEAD, [cells(result) for result in found], markdown=markdown))
    policies = policy_cells(samples)
    if policies:
        parts.append(
            f"Lognormal load (median {LOAD_MEDIAN_NS / 1000:g} µs, sigma {LOAD_SIGMA:g}, depth 8)"
            " on two iothreads, poll-max-ns 32768:"
        )
        parts.append(table(POLICY_HEAD, policies, markdown=markdown))
    return "\n\n".join(parts)


def to_json(found: Sequence[Result], samples: Samples, runs: int) -> dict[str, object]:
    """Every sample, and each row's medians. Times in ns, memory in bytes."""
    return {
        "runs": runs,
        "rows": [
            {
                "key": result.row.key,
                "title": result.row.title,
                "unit": result.row.unit,
                "median": result.value,
                "reference": result.reference,
                "ratio": result.ratio,
                "limit": result.row.limit,
                "met": result.met,
            }
            for result in found
        ],
        "samples": samples.values,
    }
