"""Something that was measured several times, beside the limit that its median keeps."""

from __future__ import annotations

import argparse
import dataclasses
import statistics
from collections.abc import Callable, Iterable, Mapping

from benchlib import machine
from benchlib.errors import BenchError
from benchlib.options import conclude
from benchlib.terminal import Progress, table


@dataclasses.dataclass(frozen=True)
class Figure:
    """Its values in turn, and the most that their median may be; None: it is to read.

    ``at_least``: it is the least instead.
    """

    name: str
    values: list[float]
    unit: str = "ms"
    limit: float | None = None
    at_least: bool = False

    @property
    def median(self) -> float:
        """Of all values."""
        return statistics.median(self.values)

    @property
    def is_met(self) -> bool:
        """Whether the median keeps the limit, if there is one."""
        if self.limit is None:
            return True
        return self.median >= self.limit if self.at_least else self.median <= self.limit

    def wanted(self, text: Callable[[float], str], missed: str = "✗") -> str:
        """What a table says of the limit, written by `text`; nothing where there is none."""
        if self.limit is None:
            return ""
        relation = "≥" if self.at_least else "≤"
        return f"{relation} {text(self.limit)} {'✓' if self.is_met else missed}"


def check_limits(figures: Iterable[Figure]) -> None:
    """Raises `BenchError` with the names of those that miss their limit."""
    if missed := [figure.name for figure in figures if not figure.is_met]:
        raise BenchError(f"missed: {', '.join(missed)}")


def measure_all(
    options: argparse.Namespace,
    measures: Mapping[str, Callable[[], Iterable[Figure]]],
    *,
    worst: str,
    row: Callable[[Figure], tuple[str, str, str, str]],
    to_json: Callable[[Figure], dict[str, object]],
) -> None:
    """Measure each, print one table of all figures, and write them as JSON if asked to.

    Args:
        options: as `add_formats` has them.
        worst: what the column of the worst value is called.
        row: what a line of the table says of a figure: name, median, worst, limit.

    Raises:
        BenchError: a figure misses its limit, or the file cannot be written.
    """
    other_work = machine.OtherWork()
    figures: list[Figure] = []
    with Progress(len(measures)) as bar:
        for name, measure in measures.items():
            bar.step(name)
            figures += measure()
    other_cpus = other_work.cpus()
    head, rows = ("what", "median", worst, "limit"), [row(figure) for figure in figures]
    document: dict[str, object] = {"figures": [to_json(figure) for figure in figures]}
    conclude(options, table(head, rows, markdown=options.markdown), document, other_cpus)
    check_limits(figures)
