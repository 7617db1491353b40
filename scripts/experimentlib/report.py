"""What was measured as the cells of a table, and as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from benchlib import machine

from experimentlib.weights import SETTINGS, Figures, Outcome

_COLUMNS: dict[str, Callable[[Figures], str]] = {
    "found by polling": lambda f: f"{f.polled:.1%}",
    "CPU per event": lambda f: f"{f.cpu_ns_per_event / 1e3:.2f} µs",
    "p50": lambda f: f"{f.p50_ns / 1e3:.1f} µs",
    "p99": lambda f: f"{f.p99_ns / 1e3:.1f} µs",
    "mean poll_ns": lambda f: f"{f.poll_ns_mean:.0f}",
    "resets": lambda f: f"{f.resets:.1%}",
    "near max": lambda f: f"{f.near_max:.1%}",
    "events per second": lambda f: f"{f.events_per_second:,.0f}",
    "requests per second": lambda f: f"{f.requests_per_second:,.0f}",
    "issued late": lambda f: f"{f.late:.1%}",
}


HEAD = ("", *_COLUMNS)


def cells(outcome: Outcome) -> list[list[str]]:
    """A row for each setting."""
    medians = {setting.name: outcome.median(setting.name) for setting in SETTINGS}
    return [
        [name, *(show(median) for show in _COLUMNS.values())] for name, median in medians.items()
    ]


def summary(outcome: Outcome) -> str:
    """One paragraph on the load, the machine, and what the columns are."""
    load = outcome.load
    service = f", {load.service_ns} ns of work each" if load.service_ns else ""
    runs = f"{machine.alternating(outcome.runs)} of {outcome.seconds:g} s"
    return (
        f"{load.iothreads} iothreads, each with a workload of lognormal intervals (median"
        f" {load.interval_ns / 1000:g} µs, sigma {load.sigma:g}), depth {load.depth}{service};"
        f" {machine.summary(runs, outcome.other_cpus)}"
        " CPU per event is the iothread's; p50 and p99 are from a request's arrival to its handler;"
        " resets are of all adjustments, near max is of the time."
    )


def to_json(outcome: Outcome) -> dict[str, object]:
    """Every run of every setting; shares are of 1, times in ns."""
    return {
        "load": dataclasses.asdict(outcome.load),
        "seconds": outcome.seconds,
        "runs": outcome.runs,
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
