"""Something that was measured several times, beside the limit that its median keeps."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Iterable

from benchlib.errors import BenchError


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
