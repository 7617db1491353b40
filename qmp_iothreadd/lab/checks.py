"""What the lab refuses before it computes with it."""

from __future__ import annotations

import operator

TIME_MAX_NS = 10**12

_RANGES: dict[str, tuple[float, float]] = {
    "sigma": (0, 10),
    "wake_sigma": (0, 10),
    "slow_share": (0, 1),
    "shape": (0.1, 100),
}


def check_integer(name: str, value: int, least: int, most: int) -> None:
    """Raises TypeError, ValueError: it is no integer from ``least`` to ``most``; numpy's are."""
    try:
        operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {value!r}") from None
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {value}")


def check_time(name: str, ns: int, least: int = 0) -> None:
    """Raises TypeError, ValueError: it is no number of ns from ``least`` to TIME_MAX_NS."""
    check_integer(name, ns, least, TIME_MAX_NS)


def check_times(name: str, least: int, most: int) -> None:
    """Raises ValueError: of these extremes one is no time, or all times are 0."""
    check_time(f"the shortest of {name}", least)
    check_time(f"the longest of {name}", most, 1)


def check_number(name: str, value: float) -> None:
    """Raises ValueError: a number of a distribution makes no sense."""
    least, most = _RANGES[name]
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {value!r}")


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raises ValueError: it is none of them."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
