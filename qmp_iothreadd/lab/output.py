"""Results as a table, as JSON and as CSV."""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from qmp_iothreadd.lab.params import NUMBERS

Row = dict[str, Any]
Column = Callable[[Row], str]

# Columns of the tables: what stands above, and how a cell is made of a result.
SIMULATED: dict[str, Column] = {
    "found by polling": lambda row: f"{row['polled_share']:.1%}",
    "CPU per request": lambda row: f"{row['cpu_ns_per_request'] / 1e3:.2f} µs",
    "p50": lambda row: f"{row['p50_ns'] / 1e3:.1f} µs",
    "p99": lambda row: f"{row['p99_ns'] / 1e3:.1f} µs",
    "mean poll_ns": lambda row: f"{row['mean_poll_ns']:.0f}",
    "by time": lambda row: f"{row['poll_ns_by_time']:.0f}",
    "resets": lambda row: f"{row['resets_share']:.1%}",
    "near max": lambda row: f"{row['near_max_share']:.1%}",
}
REPLAYED: dict[str, Column] = {
    "mean poll_ns": lambda row: f"{row['mean_poll_ns']:.0f}",
    "poll_ns": lambda row: f"{row['poll_ns']}",
    "grown": lambda row: f"{row['grown']}",
    "shrunk": lambda row: f"{row['shrunk']}",
    "resets": lambda row: f"{row['resets']}",
    "decisions": lambda row: f"{row['decisions']}",
}
SWEPT: dict[str, Column] = {
    "load": lambda row: row["load"],
    **{name: SIMULATED[name] for name in ("found by polling", "CPU per request", "p50", "p99")},
    # How far from who knows the future.
    "CPU over it": lambda row: _more(row["cpu_over_clairvoyant"]),
    "latency over it": lambda row: _more(row["latency_over_clairvoyant"]),
}


def _measured(show: Callable[[float], str], figure: str) -> Column:
    """A figure and what it lies in."""

    def cell(row: Row) -> str:
        low, high = row["intervals"][figure]
        return f"{show(row[figure])} ({show(low)} to {show(high)})"

    return cell


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _us(ns: float) -> str:
    return f"{ns / 1e3:.1f} µs"


MEASURED: dict[str, Column] = {
    "found by polling": _measured(_percent, "polled_share"),
    "CPU per request": _measured(lambda ns: f"{ns / 1e3:.2f} µs", "cpu_ns_per_request"),
    "p50": _measured(_us, "p50_ns"),
    "p99": _measured(_us, "p99_ns"),
    "mean poll_ns": _measured(lambda ns: f"{ns:.0f}", "mean_poll_ns"),
    "resets": lambda row: _percent(row["resets_share"]),
    "near max": lambda row: _percent(row["near_max_share"]),
    "late": lambda row: _percent(row["late_share"]),
    "rounds": lambda row: f"{row['rounds']} of {row['rounds'] + row['left_out']}",
}
_NAMES = ("policy", *NUMBERS)


def _more(share: float | None) -> str:
    return "" if share is None else f"{share:+.1%}"


def write(
    columns: dict[str, Column],
    rows: list[Row],
    about: Row,
    options: Any,
    *,
    shown: list[Row] | None = None,
) -> None:
    """Write the files that are asked for; print the table, unless one is standard output.

    The table has ``shown``, where that is not all.

    Raises:
        OSError: a file cannot be written.
    """
    if options.json:
        with _opened(options.json) as file:
            json.dump({**about, "results": rows}, file, indent=1)
            file.write("\n")
    if options.csv:
        with _opened(options.csv) as file:
            _write_csv(rows, file)
    if "-" not in (options.json, options.csv):
        print(table(columns, rows if shown is None else shown))


@contextlib.contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    if path == "-":
        yield sys.stdout
    else:
        with open(path, "w", encoding="utf-8", newline="") as file:
            yield file


def _write_csv(rows: list[Row], file: TextIO) -> None:
    """A line for each result: the set, then all that is one number or word."""
    flat = [
        {**row["params"], **{k: v for k, v in row.items() if isinstance(v, (int, float, str))}}
        for row in rows
    ]
    writer = csv.DictWriter(file, list(flat[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)


def table(columns: dict[str, Column], rows: list[Row]) -> str:
    """As text: the sets at the left, numbers aligned."""
    head = [*(name.replace("_", "-") for name in _NAMES), *columns]
    cells = [
        [*(str(row["params"][name]) for name in _NAMES), *(show(row) for show in columns.values())]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in [head, *cells]
    )
