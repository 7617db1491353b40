"""The axes of a plot: where a value stands, and which values are written beside them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable

_MOST_TICKS = 6


def time_text(ns: float) -> str:
    """A time with the unit that fits it: ``8 µs``, ``1.5 ms``."""
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if abs(ns) >= factor:
            return f"{ns / factor:.3g} {unit}"
    return f"{ns:.3g} ns"


def share_text(share: float) -> str:
    """A share of 1 as percent: ``99.9 %``."""
    return f"{100 * share:.4g} %"


def number_text(value: float) -> str:
    """A number as short as it is exact enough for a plot."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


@dataclasses.dataclass(frozen=True, slots=True)
class Axis:
    """What is on an axis.

    Attributes:
        title: what the values are.
        text: how one of them is written.
        log: as logarithms; values of 0 or less stand where the least of the others does.
    """

    title: str
    text: Callable[[float], str] = number_text
    log: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Scale:
    """An axis with the values that it has to hold, laid over ``start`` to ``end`` of a drawing."""

    axis: Axis
    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where a value stands."""
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.axis.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round values that the axis holds, in order; some two to six."""
        found = _decades(self.low, self.high) if self.axis.log else []
        return found if len(found) > 1 else _steps(self.low, self.high)


def scale(axis: Axis, values: Iterable[float], start: float, end: float) -> Scale:
    """A scale that holds all values, with some room; any range where there are none."""
    finite = [value for value in values if math.isfinite(value)]
    if axis.log:
        positive = [value for value in finite if value > 0] or [1.0]
        low, high = min(positive) / 1.1, max(positive) * 1.1
    else:
        low, high = min(finite, default=0.0), max(finite, default=1.0)
        room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
        low, high = (max(low - room, 0.0) if low >= 0 else low - room), high + room
    return Scale(axis, low, high, start, end)


def _steps(low: float, high: float) -> list[float]:
    least = (high - low) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= least * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * each for each in range(first, last + 1)]


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten, with 2 and 5 times them where those are few; every second where many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for parts in ((1, 2, 5), (1, 3), (1,)):
        found = [
            part * 10.0**power
            for power in powers
            for part in parts
            if low <= part * 10.0**power <= high
        ]
        if len(found) <= _MOST_TICKS:
            return found
    return found[:: math.ceil(len(found) / _MOST_TICKS)]
