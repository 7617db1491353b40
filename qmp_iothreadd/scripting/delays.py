"""How long a delay is: one draw from a distribution, all in seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

LONGEST_S: Final = 3600.0

_DRAWS: Final[dict[str, Callable[[Random, Mapping[str, Any]], float]]] = {
    "constant": lambda random, words: _seconds(words),
    "uniform": lambda random, words: random.uniform(words["min-seconds"], words["max-seconds"]),
    "exponential": lambda random, words: random.expovariate(1.0) * _seconds(words),
    "lognormal": lambda random, words: (
        math.exp(random.gauss(0.0, words.get("sigma", 1.0))) * _seconds(words)
    ),
}


def draw(random: Random, words: Mapping[str, Any]) -> float:
    """A delay as a FaultDelay of the schema describes it."""
    found: float = _DRAWS[distribution(words)](random, words)
    longest: float = words.get("max-seconds", LONGEST_S)
    return float(min(max(words.get("min-seconds", 0.0), found), longest))


def distribution(words: Mapping[str, Any]) -> str:
    """The one that is named, or that the bounds stand for."""
    bounds = "min-seconds" in words and "max-seconds" in words
    named: str = words.get("distribution", "")
    return named or ("uniform" if bounds and "seconds" not in words else "constant")


def _seconds(words: Mapping[str, Any]) -> float:
    seconds: float = words.get("seconds", 1.0)
    return seconds
