"""Whether the simulator says what was measured, and where it does not."""

from __future__ import annotations

import dataclasses
from typing import Any

from qmp_iothreadd.lab.measuring import Measured
from qmp_iothreadd.lab.simulating import Simulated

WINDOW_LEAST = 0.01


@dataclasses.dataclass(frozen=True, slots=True)
class Limit:
    """How far apart is still agreement: a difference, or a share of what was measured.

    Windows of less than WINDOW_LEAST of max_ns are as good as none, so as much is agreement, too.
    """

    most: float
    is_share: bool
    words: str


LIMITS = {
    "polled_share": Limit(0.05, False, "found by polling"),
    "mean_poll_ns": Limit(0.10, True, "mean poll_ns"),
    "cpu_ns_per_request": Limit(0.15, True, "CPU per request"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """One figure of one set.

    Attributes:
        differs: simulated less measured; of what was measured, where the limit is such a share.
        agrees: whether the two are within the limit.
    """

    figure: str
    measured: float
    simulated: float
    differs: float
    agrees: bool

    def to_json(self) -> dict[str, Any]:
        """Both, how far apart they are, and whether that is within the limit."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        limit = LIMITS[self.figure]
        unit, factor = ("%", 100) if limit.is_share else (" points", 100)
        return (
            f"{limit.words}: simulated {self.differs * factor:+.1f}{unit}"
            f" (limit {limit.most * factor:g})"
        )


def compare(measured: Measured, simulated: Simulated) -> list[Compared]:
    """The figures that have limits, of one set."""
    found = []
    for figure, limit in LIMITS.items():
        real, virtual = getattr(measured, figure), getattr(simulated, figure)
        apart = virtual - real
        differs = apart if not limit.is_share else apart / real if real else float(apart != 0)
        least = WINDOW_LEAST * measured.params.max_ns if figure == "mean_poll_ns" else 0.0
        agrees = abs(differs) <= limit.most or abs(apart) <= least
        found.append(Compared(figure, real, virtual, differs, agrees))
    return found
