"""Results as a table, as JSON, as CSV and as a page of HTML."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

from qmp_iothreadd.lab import result_files
from qmp_iothreadd.lab.tables import Column, Row, table


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _us(ns: float) -> str:
    return f"{ns / 1e3:.1f} µs"


def _cpu(ns: float) -> str:
    return f"{ns / 1e3:.2f} µs"


def _whole(ns: float) -> str:
    return f"{ns:.0f}"


# Columns of the tables: what stands above, and how a cell is made of a result.
_OVER: dict[str, Column] = {
    "CPU over clairvoyant": lambda row: _more(row["cpu_over_clairvoyant"]),
    "latency over clairvoyant": lambda row: _more(row["latency_over_clairvoyant"]),
}
SIMULATED: dict[str, Column] = {
    "found by polling": lambda row: _percent(row["polled_share"]),
    "CPU per request": lambda row: _cpu(row["cpu_ns_per_request"]),
    "p50": lambda row: _us(row["p50_ns"]),
    "p99": lambda row: _us(row["p99_ns"]),
    "mean poll_ns": lambda row: _whole(row["mean_poll_ns"]),
    "by time": lambda row: _whole(row["poll_ns_by_time"]),
    "resets": lambda row: _percent(row["resets_share"]),
    "near max": lambda row: _percent(row["near_max_share"]),
    **_OVER,
}
REPLAYED: dict[str, Column] = {
    "mean poll_ns": SIMULATED["mean poll_ns"],
    "poll_ns": lambda row: f"{row['poll_ns']}",
    "grown": lambda row: f"{row['grown']}",
    "shrunk": lambda row: f"{row['shrunk']}",
    "resets": lambda row: f"{row['resets']}",
    "decisions": lambda row: f"{row['decisions']}",
}


def _inside(part: str, name: str) -> Column:
    """A column of the simulation, for another result that is a part of a row; most have none."""
    return lambda row: SIMULATED[name](row[part])


_SWEPT = ("found by polling", "CPU per request", "p50", "p99")
SWEPT: dict[str, Column] = {
    **{name: SIMULATED[name] for name in _SWEPT},
    **_OVER,
    **{f"measured {name}": _inside("measured", name) for name in _SWEPT},
    "": lambda row: _flag(row["measured"]),
}
TUNED: dict[str, Column] = {**SWEPT, "role": lambda row: row["role"]}


def _measured(show: Callable[[float], str], figure: str) -> Column:
    """A figure and what it lies in."""

    def cell(row: Row) -> str:
        low, high = row["intervals"][figure]
        return f"{show(row[figure])} ({show(low)} to {show(high)})"

    return cell


def _flag(row: Row) -> str:
    """What makes it no evidence; KeyError: nothing, and a column of nothing is not shown."""
    if not row["flagged"]:
        raise KeyError("flagged")
    return str(row["flagged"])


# Those of a simulation have cells where one was held against it, and so the last with that flag.
MEASURED: dict[str, Column] = {
    "found by polling": _measured(_percent, "polled_share"),
    "simulated": _inside("simulated", "found by polling"),
    "CPU per request": _measured(_cpu, "cpu_ns_per_request"),
    "simulated CPU": _inside("simulated", "CPU per request"),
    "mean poll_ns": _measured(_whole, "mean_poll_ns"),
    "simulated poll_ns": _inside("simulated", "mean poll_ns"),
    "agrees": lambda row: "yes" if all(each["agrees"] for each in row["agreement"]) else "no",
    "p50": _measured(_us, "p50_ns"),
    "p99": _measured(_us, "p99_ns"),
    "resets": SIMULATED["resets"],
    "near max": SIMULATED["near max"],
    "late": lambda row: _percent(row["late_share"]),
    "rounds": lambda row: f"{row['rounds']} of {row['rounds'] + row['left_out']}",
    "flagged": _flag,
}
_BY_COMMAND = {"replay": REPLAYED, "sweep": SWEPT, "tune": TUNED, "measure": MEASURED}


def columns_of(run: Row) -> dict[str, Column]:
    """The columns for what a command wrote as JSON."""
    return _BY_COMMAND.get(run["command"], SIMULATED)


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
    line = command_line(options.arguments)
    run = {"command": about["command"], "command_line": line, **about, "results": rows}
    write_files(run, [(run, columns)], options)
    if not result_files.is_standard_output(options):
        print(table(columns, rows if shown is None else shown, markdown=options.markdown))


def write_files(whole: Row, runs: Sequence[tuple[Row, dict[str, Column]]], options: Any) -> None:
    """JSON, CSV and the page, where they are asked for.

    Args:
        whole: what the JSON holds.
        runs: what the others show, and the columns of the page's tables.

    Raises:
        OSError: a file cannot be written.
    """
    found = result_files.paths(options)
    if "json" in found:
        write_json(found["json"], whole)
    if "csv" in found:
        with _opened(found["csv"]) as file:
            _write_csv([run for run, _ in runs], file)
    if "html" in found:
        from qmp_iothreadd.lab.pages import page

        folder = os.path.dirname(found["html"]) or "."
        others = [path for kind, path in found.items() if kind != "html" and path != "-"]
        with _opened(found["html"]) as file:
            file.write(page(runs, [os.path.relpath(path, folder) for path in others]))


def write_json(path: str, values: Row) -> None:
    """Write a file, or with - standard output. Raises OSError."""
    with _opened(path) as file:
        json.dump(values, file, indent=1)
        file.write("\n")


def command_line(arguments: Sequence[str]) -> str:
    """What makes the results again: all that was said but where they go, and how they look.

    So the bytes of the JSON do not depend on its name.
    """
    kept, rest = [], iter(arguments)
    for word in rest:
        if word == "--markdown":
            continue
        name, with_value, _ = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in result_files.FILES:
            kept.append(word)
        elif not with_value:
            next(rest, None)
    return shlex.join(["iothread-lab", *kept])


@contextlib.contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    if path == "-":
        yield sys.stdout
    else:
        with open(path, "w", encoding="utf-8", newline="") as file:
            yield file


def _write_csv(runs: list[Row], file: TextIO) -> None:
    """A line for each result: the set, then all that is one value, then ends of intervals."""
    several = len(runs) > 1
    flat = [
        {**({"command": run["command"]} if several else {}), **_flat(row)}
        for run in runs
        for row in run["results"]
    ]
    names = dict.fromkeys(name for line in flat for name in line)
    writer = csv.DictWriter(file, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)


def _flat(row: Row) -> Row:
    values = {k: v for k, v in row.items() if isinstance(v, (int, float, str))}
    found = {**row["params"], **values}
    intervals = row.get("intervals")
    for name, ends in intervals.items() if isinstance(intervals, dict) else ():
        if isinstance(ends, list) and len(ends) == 2:
            found[f"{name}_low"], found[f"{name}_high"] = ends
    return found
