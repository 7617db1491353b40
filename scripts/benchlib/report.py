"""What was measured as the cells of a table, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchlib import machine
from benchlib.measures import Measure, Unit
from benchlib.results import Outcome, Row, ServerSamples, Target, rows

_NOT_MEASURED = "–"


def summary(outcome: Outcome) -> str:
    """One paragraph on what was compared, where and how."""
    names = ", ".join(_column(server) for server in outcome.servers)
    return f"{names}; {machine.summary(machine.alternating(outcome.runs), outcome.other_cpus)}"


def to_json(outcome: Outcome) -> dict[str, object]:
    """Everything measured. Times in ns, memory in bytes, rates per second, as `unit` says."""
    servers = outcome.servers
    names = [server.command.name for server in servers]
    return {
        "runs": outcome.runs,
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


def _row_json(row: Row, names: list[str], servers: Sequence[ServerSamples]) -> dict[str, object]:
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


def cells(servers: Sequence[ServerSamples], *, targets: bool) -> tuple[list[str], list[list[str]]]:
    """The table's head and its rows."""
    head = ["", *map(_column, servers)]
    ratio = [f"to {server.command.name}" for server in servers[1:]]
    head += ["ratio"] if len(ratio) == 1 else ratio
    if targets:
        head.append("target")
    body = []
    for row in rows(servers):
        line = [row.measure.title, *(_figure(row.measure, median) for median in row.medians)]
        line += [_ratio(row.measure, ratio) for ratio in row.ratios]
        body.append([*line, _target(row)] if targets else line)
    return head, body


def _column(server: ServerSamples) -> str:
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
