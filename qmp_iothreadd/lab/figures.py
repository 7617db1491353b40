"""Which plots show a run's results: rows as they are in its JSON, of one load or of several."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from qmp_iothreadd.lab.axes import Axis, share_text, time_text
from qmp_iothreadd.lab.plots import MOST_SERIES, Series, heat_map, plot
from qmp_iothreadd.lab.tables import Row


class Figure(NamedTuple):
    """A plot as HTML, and what is said of it."""

    caption: str
    drawing: str


SIMULATED = "simulated"
_MOST_CELLS = 24
_CPU = Axis("CPU per request", time_text)
_P99 = Axis("p99 latency", time_text, log=True)


def figures(rows: Sequence[Row]) -> Iterator[Figure]:
    """All plots that the rows have the numbers for."""
    loads: dict[str, list[Row]] = {}
    for row in rows:
        loads.setdefault(str(row.get("load", "")), []).append(row)
    for load, its_rows in itertools.islice(loads.items(), MOST_SERIES):
        both = [*its_rows, *_simulated(its_rows)]
        made = (_pareto(both), _cdf(both), _windows(its_rows), _maps(its_rows))
        for caption, drawing in itertools.chain(*made):
            yield Figure(f"{caption} Load: {load}." if load else caption, drawing)


def _simulated(rows: Sequence[Row]) -> list[Row]:
    """What was simulated for measured rows, to be drawn beside them."""
    return [
        {**found, "params": row["params"], "role": SIMULATED}
        for row in rows
        if isinstance(found := row.get("simulated"), dict)
    ]


def number(row: Row, name: str) -> float:
    """A number of a row; NaN where it has none of that name."""
    value = row.get(name)
    return float(value) if isinstance(value, (int, float)) else math.nan


def on_front(rows: Sequence[Row]) -> list[bool]:
    """Which rows have a p99 that none of less CPU has: as the run says, or else of these rows.

    Rows of different loads are not compared, and who knows the future is not among them.
    """
    if all("on_front" in row for row in rows):
        return [bool(row["on_front"]) for row in rows]
    found = [False] * len(rows)
    best: dict[object, float] = {}
    places = [_place(row) for row in rows]
    known = [
        i
        for i, place in enumerate(places)
        if all(map(math.isfinite, place)) and not _is_limit(rows[i])
    ]
    for i in sorted(known, key=lambda i: places[i]):
        load = str(rows[i].get("load"))
        if places[i][1] < best.get(load, math.inf):
            best[load], found[i] = places[i][1], True
    return found


def labels(rows: Sequence[Row]) -> list[str]:
    """What tells each row's set from the others': ``weighted``, ``now, weight=2, grow=4``."""
    names = _varied(rows)
    found = []
    for row in rows:
        params = row["params"]
        words = [str(params.get("policy", "")) if "policy" in names or not names else ""]
        words += [f"{name}={params[name]}" for name in names if name in params and name != "policy"]
        found.append(", ".join(word for word in [str(row.get("role", "")), *words] if word))
    return found


def _varied(rows: Sequence[Row]) -> list[str]:
    """The parameters that have several values."""
    names = dict.fromkeys(name for row in rows for name in row["params"])
    return [name for name in names if len({str(row["params"].get(name)) for row in rows}) > 1]


def _is_limit(row: Row) -> bool:
    """Whether it is none to choose: who knows the future, or what stands beside a measured one."""
    return row["params"].get("policy") == "clairvoyant" or row.get("role") == SIMULATED


def _place(row: Row) -> tuple[float, float]:
    return number(row, "cpu_ns_per_request"), number(row, "p99_ns")


def _pareto(rows: Sequence[Row]) -> Iterator[Figure]:
    """CPU against p99, a colour for each policy and each role, and a line through the front."""
    series: dict[str, tuple[list[tuple[float, float]], list[str]]] = {}
    for row, label in zip(rows, labels(rows), strict=True):
        if all(map(math.isfinite, place := _place(row))):
            name = str(row.get("role") or row["params"].get("policy", ""))
            points, titles = series.setdefault(name, ([], []))
            points.append(place)
            titles.append(f"{label}: {time_text(place[0])} CPU, p99 {time_text(place[1])}")
    if not series:
        return
    best = [row for row, is_best in zip(rows, on_front(rows), strict=True) if is_best]
    drawn = [
        Series(name, points, titles, marks=True)
        for name, (points, titles) in itertools.islice(series.items(), MOST_SERIES - 1)
    ]
    if len(best) > 1:
        drawn.append(Series("front", sorted(_place(row) for row in best)))
    caption = "What latency costs: down and left is better, the front is the best that was found."
    yield Figure(caption, plot(caption, _CPU, _P99, drawn))


def _some(rows: Sequence[Row], name: str) -> list[tuple[str, list[list[float]]]]:
    """Labels and pairs of numbers of MOST_SERIES rows that have them.

    Where there are more, they are of the front, as far from each other as can be.
    """
    told = zip(on_front(rows), labels(rows), rows, strict=True)
    having = [each for each in told if _are_pairs(each[2].get(name))]
    if len(having) > MOST_SERIES:
        having = [each for each in having if each[0] or each[2].get("role")] or having
        step = max((len(having) - 1) / (MOST_SERIES - 1), 1)
        having = [having[round(i * step)] for i in range(min(MOST_SERIES, len(having)))]
    return [(label, row[name]) for _, label, row in having]


def _are_pairs(value: Any) -> bool:
    """Whether a row has what is drawn as a line: it may come from any file."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(pair, (list, tuple))
            and len(pair) == 2
            and all(isinstance(each, (int, float)) for each in pair)
            for pair in value
        )
    )


def _cdf(rows: Sequence[Row]) -> Iterator[Figure]:
    drawn = [Series(label, _sums(pairs)) for label, pairs in _some(rows, "latency_histogram")]
    if drawn:
        caption = "How long requests waited: the share of them that waited no longer than that."
        x, y = Axis("latency", time_text, log=True), Axis("share of requests", share_text)
        yield Figure(caption, plot(caption, x, y, drawn))


def _sums(pairs: list[list[float]]) -> list[tuple[float, float]]:
    """A point at each bucket's start: the share of all before it; then one for all."""
    total = sum(count for _, count in pairs) or 1
    before = itertools.accumulate((count for _, count in pairs), initial=0)
    points = [
        (max(low, 1.0), count / total) for (low, _), count in zip(pairs, before, strict=False)
    ]
    return [*points, (points[-1][0] * 1.03, 1.0)]


def _windows(rows: Sequence[Row]) -> Iterator[Figure]:
    drawn = [Series(label, _held(pairs)) for label, pairs in _some(rows, "poll_ns_over_time")]
    if drawn:
        caption = "How long is polled, as time goes on: poll_ns from the start."
        yield Figure(
            caption, plot(caption, Axis("time", time_text), Axis("poll_ns", time_text), drawn)
        )


def _held(pairs: list[list[float]]) -> list[tuple[float, float]]:
    """What was so from the time of one pair to that of the next, as steps."""
    starts = [0.0, *(time for time, _ in pairs)]
    return [
        point
        for start, (time, value) in zip(starts, pairs, strict=False)
        for point in ((start, value), (time, value))
    ]


def _maps(rows: Sequence[Row]) -> Iterator[Figure]:
    """Two parameters against each other, the best of all others in a cell."""
    rows = [row for row in rows if not _is_limit(row)]
    counted = {name: _values(rows, name) for name in _varied(rows) if len(_values(rows, name)) > 1}
    names = sorted(counted, key=lambda name: -len(counted[name]))[1::-1]
    if len(names) < 2:
        return
    others = ", ".join(name for name in _varied(rows) if name not in names)
    best = f", the best of any {others}" if others else ""
    for name, axis in (("cpu_ns_per_request", _CPU), ("p99_ns", _P99)):
        cells = _cells(rows, [(each, counted[each]) for each in names], name)
        if any(math.isfinite(value) for line in cells for value in line):
            caption = f"{axis.title} by {names[0]} and {names[1]}{best}: lighter is better."
            columns, lines = ((each, [str(value) for value in counted[each]]) for each in names)
            yield Figure(caption, heat_map(caption, columns, lines, cells, axis))


def _values(rows: Sequence[Row], name: str) -> list[Any]:
    """A parameter's values, in order; at most as many as a map is readable with."""
    found = (row["params"].get(name) for row in rows)
    values = {str(value): value for value in found if isinstance(value, (int, float, str))}
    return sorted(values.values(), key=lambda value: (isinstance(value, str), value))[:_MOST_CELLS]


def _cells(rows: Sequence[Row], axes: list[tuple[str, list[Any]]], name: str) -> list[list[float]]:
    (across, columns), (down, lines) = axes
    least: dict[tuple[str, str], float] = {}
    for row in rows:
        key = str(row["params"].get(down)), str(row["params"].get(across))
        if math.isfinite(value := number(row, name)):
            least[key] = min(value, least.get(key, math.inf))
    return [[least.get((str(line), str(column)), math.nan) for column in columns] for line in lines]
