"""The table as text, Markdown and JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence

from benchlib import machine

from experimentlib.weights import SETTINGS, Figures, Outcome

_COLUMNS: dict[str, Callable[[Figures], str]] = {
    "found by polling": lambda f: f"{f.polled:.1%}",
    "CPU an event": lambda f: f"{f.cpu_ns_an_event / 1e3:.2f} µs",
    "p50": lambda f: f"{f.p50_ns / 1e3:.1f} µs",
    "p99": lambda f: f"{f.p99_ns / 1e3:.1f} µs",
    "mean poll_ns": lambda f: f"{f.poll_ns_mean:.0f}",
    "resets": lambda f: f"{f.resets:.1%}",
    "near max": lambda f: f"{f.near_max:.1%}",
    "events a second": lambda f: f"{f.events_a_second:,.0f}",
    "requests a second": lambda f: f"{f.requests_a_second:,.0f}",
    "issued late": lambda f: f"{f.late:.1%}",
}


def text_table(outcome: Outcome) -> str:
    """Aligned columns for a terminal."""
    head, body = _cells(outcome)
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    rule = ["─" * width for width in widths]
    return "\n".join(_aligned(row, widths) for row in [head, rule, *body])


def markdown_table(outcome: Outcome) -> str:
    head, body = _cells(outcome)
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *body])


def summary(outcome: Outcome) -> str:
    """One paragraph on the load, the machine, and what the columns are."""
    load, host = outcome.load, machine.description()
    service = f", {load.service_ns} ns of work each" if load.service_ns else ""
    return (
        f"{load.iothreads} iothreads, each with a workload of lognormal intervals (median"
        f" {load.interval_ns / 1000:g} µs, sigma {load.sigma:g}), depth {load.depth}{service};"
        f" median of {outcome.runs} alternating runs of {outcome.seconds:g} s on {host['cpus']}"
        f" CPUs ({host['processor']}), Linux {host['kernel']}; other processes took"
        f" {outcome.other_cpus:.1f} CPUs meanwhile. CPU an event is the iothread's; p50 and p99"
        " are from a request's arrival to its handler; resets are of all adjustments, near max"
        " is of the time."
    )


def to_json(outcome: Outcome) -> str:
    """Every run of every setting; shares are of 1, times in ns."""
    document = {
        "load": dataclasses.asdict(outcome.load),
        "seconds": outcome.seconds,
        "runs": outcome.runs,
        "machine": {**machine.description(), "other_cpus": round(outcome.other_cpus, 2)},
        "settings": [
            {
                "name": setting.name,
                "weight": setting.weight,
                "median": dataclasses.asdict(outcome.median(setting.name)),
                "values": [dataclasses.asdict(each) for each in outcome.figures[setting.name]],
            }
            for setting in SETTINGS
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _cells(outcome: Outcome) -> tuple[list[str], list[list[str]]]:
    body = []
    for setting in SETTINGS:
        median = outcome.median(setting.name)
        body.append([setting.name, *(show(median) for show in _COLUMNS.values())])
    return ["", *_COLUMNS], body


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return "  ".join(cells).rstrip()
