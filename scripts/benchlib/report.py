"""The table as text, Markdown and JSON."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence

from benchlib import machine
from benchlib.measures import Measure, Unit
from benchlib.results import Outcome, Row, Samples, Target, rows

_NOT_MEASURED = "–"


def text_table(servers: Sequence[Samples], *, targets: bool) -> str:
    """Aligned columns for a terminal."""
    head, body = _cells(servers, targets)
    widths = [max(map(_width, column)) for column in zip(head, *body, strict=True)]
    lines = [_aligned(head, widths), "  ".join("─" * width for width in widths)]
    return "\n".join([*lines, *(_aligned(row, widths) for row in body)])


def markdown_table(servers: Sequence[Samples], *, targets: bool) -> str:
    head, body = _cells(servers, targets)
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *body])


def summary(outcome: Outcome) -> str:
    """One paragraph on what was compared, where and how."""
    names = ", ".join(_column(server) for server in outcome.servers)
    runs = f"{outcome.runs} alternating run{'s' if outcome.runs > 1 else ''}"
    host = machine.description()
    return (
        f"{names}; median of {runs} on {host['cpus']} CPUs ({host['processor']}), Linux"
        f" {host['kernel']}, Python {host['python']}; other processes took"
        f" {outcome.other_cpus:.1f} CPUs meanwhile."
    )


def to_json(outcome: Outcome) -> str:
    """Everything measured. Times in ns, memory in bytes, rates a second, as `unit` says."""
    servers = outcome.servers
    names = [server.command.name for server in servers]
    document = {
        "runs": outcome.runs,
        "machine": {**machine.description(), "other_cpus": round(outcome.other_cpus, 2)},
        "servers": [
            {
                "name": server.command.name,
                "command": list(server.command.argv),
                "version": server.version,
            }
            for server in servers
        ],
        "measures": [_row_json(row, names, servers) for row in rows(servers)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _row_json(row: Row, names: list[str], servers: Sequence[Samples]) -> dict[str, object]:
    measure = row.measure
    document: dict[str, object] = {
        "key": measure.key,
        "title": measure.title,
        "unit": measure.unit.value,
        "better": "higher" if measure.unit is Unit.RATE else "lower",
        "median": dict(zip(names, row.medians, strict=True)),
        "values": {server.command.name: server.values.get(measure.key, []) for server in servers},
        "ratio": dict(zip(names[1:], row.ratios, strict=True)),
    }
    if row.target is not None:
        document["target"] = {
            "limit": row.target.limit,
            "of": "ratio" if row.target.relative else "median",
            "met": row.met,
        }
    return document


def _cells(servers: Sequence[Samples], targets: bool) -> tuple[list[str], list[list[str]]]:
    head = ["", *map(_column, servers)]
    ratio = [f"to {server.command.name}" for server in servers[1:]]
    head += ["ratio"] if len(ratio) == 1 else ratio
    if targets:
        head.append("target")
    body = []
    for row in rows(servers):
        cells = [row.measure.title, *(_figure(row.measure, median) for median in row.medians)]
        cells += [_ratio(row.measure, ratio) for ratio in row.ratios]
        if targets:
            cells.append(_target(row))
        body.append(cells)
    return head, body


def _column(server: Samples) -> str:
    return f"{server.command.name} {server.version}".rstrip()


def _figure(measure: Measure, value: float | None) -> str:
    return _NOT_MEASURED if value is None else _FORMATS[measure.unit](value)


def _time(nanoseconds: float) -> str:
    if nanoseconds >= 1e9:
        return f"{_three(nanoseconds / 1e9)} s"
    if nanoseconds >= 1e6:
        return f"{_three(nanoseconds / 1e6)} ms"
    return f"{_three(nanoseconds / 1e3)} µs"


def _memory(count: float) -> str:
    if abs(count) >= 1 << 20:
        return f"{_three(count / (1 << 20))} MiB"
    return f"{_three(count / 1024)} KiB"


def _rate(value: float) -> str:
    return f"{value:,.0f} /s"


_FORMATS: dict[Unit, Callable[[float], str]] = {
    Unit.TIME: _time,
    Unit.MEMORY: _memory,
    Unit.RATE: _rate,
}

_BETTER_WORSE = {
    Unit.TIME: ("faster", "slower"),
    Unit.MEMORY: ("less", "more"),
    Unit.RATE: ("as many", "fewer"),
}


def _three(value: float) -> str:
    """About three significant digits, never an exponent."""
    digits = sum(abs(value) < limit for limit in (0.01, 0.1, 10, 100))
    return f"{value:.{digits}f}"


def _ratio(measure: Measure, ratio: float | None) -> str:
    """Ours to theirs, and in words: «0.31 (3.23× faster)», «84.0 (84.0× as many)»."""
    if not ratio or ratio < 0:
        return _NOT_MEASURED
    if 0.95 <= ratio <= 1.05:
        return f"{_three(ratio)} (the same)"
    better, worse = _BETTER_WORSE[measure.unit]
    gain = ratio if measure.unit is Unit.RATE else 1 / ratio
    word, factor = (better, gain) if gain >= 1 else (worse, 1 / gain)
    return f"{_three(ratio)} ({_three(factor)}× {word})"


def _target(row: Row) -> str:
    target = row.target
    if target is None:
        return ""
    mark = {True: " ✓", False: " ✗ missed", None: " ?"}[row.met]
    return _limit(row.measure, target) + mark


def _limit(measure: Measure, target: Target) -> str:
    if target.relative:
        return f"{target.text(measure)}×"
    return f"{target.text(measure).split()[0]} {_figure(measure, target.limit)}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell + " " * (width - _width(cell)) if index == 0 else " " * (width - _width(cell)) + cell
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _width(text: str) -> int:
    return sum(not unicodedata.combining(character) for character in text)
