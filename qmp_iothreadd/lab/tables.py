"""Results as rows of cells, for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qmp_iothreadd.lab.params import NUMBERS

Row = dict[str, Any]
Column = Callable[[Row], str]
"""How a cell is made of a row of JSON; KeyError where the row has no such figure."""

_FIRST = ("load", "policy", *NUMBERS)
_NOTHING = "–"


def cells(rows: Sequence[Row], columns: Mapping[str, Column]) -> dict[str, list[str]]:
    """By heading, the cells of each column that any row has: the load, the set, then ``columns``.

    What a row does not have, or has wrong, is a dash.
    """
    made = {name.replace("_", "-"): [_of_set(row, name) for row in rows] for name in _FIRST}
    made |= {name: [_cell(show, row) for row in rows] for name, show in columns.items()}
    return {
        name: column for name, column in made.items() if any(cell != _NOTHING for cell in column)
    }


def _of_set(row: Row, name: str) -> str:
    value = row.get(name, row["params"].get(name))
    return _NOTHING if value is None else str(value)


def _cell(show: Column, row: Row) -> str:
    try:
        return show(row)
    except (KeyError, TypeError, ValueError):
        return _NOTHING


def table(columns: Mapping[str, Column], rows: Sequence[Row], *, markdown: bool = False) -> str:
    """As text: the sets at the left, numbers aligned; or as Markdown."""
    lines = [[name, *column] for name, column in cells(rows, columns).items()]
    if not lines:
        return ""
    if markdown:
        rule = ["---", *("---:" for _ in lines[1:])]
        head, *rest = zip(*lines, strict=True)
        return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *rest])
    widths = [max(map(len, column)) for column in lines]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in zip(*lines, strict=True)
    )
