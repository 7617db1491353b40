"""Which of several points is the best, for what somebody wants."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

from qmp_iothreadd.lab.fronts import LEAST_GAIN, Point

_COSTS: dict[str, Callable[[Point], float]] = {
    "balanced": lambda point: point.cpu_ns * point.p99_ns,
    "no-worse": lambda point: point.cpu_ns * point.p99_ns,
    "cpu": lambda point: point.cpu_ns,
    "p99": lambda point: point.p99_ns,
}

GOALS = {
    "balanced": "the least CPU x p99, so that one per cent of either counts as much",
    "no-worse": "neither more CPU nor a longer p99 than the baseline, and then balanced",
    "cpu": "the least CPU",
    "p99": "the shortest p99",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Aim:
    """What is wanted: a goal of GOALS, and what will do at most, in ns.

    Raises:
        ValueError: an unknown goal, or a limit that is none.
    """

    goal: str
    max_cpu_ns: float = math.inf
    max_p99_ns: float = math.inf

    def __post_init__(self) -> None:
        if self.goal not in GOALS:
            raise ValueError(f"goal must be one of {', '.join(GOALS)}, not {self.goal!r}")
        for name in ("max_cpu_ns", "max_p99_ns"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)!r}")

    @classmethod
    def of(cls, goal: str | None, max_cpu_ns: float | None, max_p99_ns: float | None) -> Aim:
        """Without a goal it follows from the limits: as little as possible of what has none."""
        if goal is None:
            by_limits = {(False, True): "cpu", (True, False): "p99"}
            given = max_cpu_ns is not None, max_p99_ns is not None
            goal = by_limits.get(given, "balanced")
        limits = [math.inf if each is None else each for each in (max_cpu_ns, max_p99_ns)]
        return cls(goal, *limits)

    def choose(self, points: Sequence[Point], now: int) -> int:
        """The place of the best; ``now``, if that is allowed and nothing is LEAST_GAIN better.

        Raises:
            ValueError: none is within the limits.
        """
        allowed = self._allowed(points, now)
        if not allowed:
            raise ValueError(self._refusal(points))
        best = min(allowed, key=lambda place: (_COSTS[self.goal](points[place]), points[place]))
        return now if now in allowed and self._is_as_good(points[now], points[best]) else best

    def holds(self, chosen: int, points: Sequence[Point], now: int) -> bool:
        """Whether no other is LEAST_GAIN better than what was chosen, which is allowed."""
        allowed = self._allowed(points, now)
        return chosen in allowed and all(
            self._is_as_good(points[chosen], points[place]) for place in allowed
        )

    def _allowed(self, points: Sequence[Point], now: int) -> list[int]:
        cpu_ns, p99_ns = self.max_cpu_ns, self.max_p99_ns
        if self.goal == "no-worse":
            cpu_ns, p99_ns = min(cpu_ns, points[now].cpu_ns), min(p99_ns, points[now].p99_ns)
        return [
            place
            for place, each in enumerate(points)
            if each.cpu_ns <= cpu_ns and each.p99_ns <= p99_ns
        ]

    def _is_as_good(self, point: Point, other: Point) -> bool:
        cost = _COSTS[self.goal]
        return cost(point) * (1 - LEAST_GAIN) <= cost(other)

    def _refusal(self, points: Sequence[Point]) -> str:
        least_cpu = min(each.cpu_ns for each in points)
        least_p99 = min(each.p99_ns for each in points)
        return (
            "no set stays within the limits: the least CPU a request of any is"
            f" {least_cpu:.0f} ns, the shortest p99 {least_p99:.0f} ns; allow more, or give other"
            " sets to choose from"
        )
