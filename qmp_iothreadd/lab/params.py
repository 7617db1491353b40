"""What is tried: parameters of adaptive polling, and the policy that uses them."""

from __future__ import annotations

import dataclasses

from qmp_iothreadd.iothread._engine import POLL_PARAMS
from qmp_iothreadd.lab._lab import POLICIES

_DEFAULTS = {info.name: info.default for info in POLL_PARAMS}
_RANGES = {info.name: (info.minimum, info.maximum) for info in POLL_PARAMS}


@dataclasses.dataclass(frozen=True, slots=True)
class Params:
    """One set of parameters, as they are in force (query-iothreads shows those).

    So 0 means 0, other than in ``object-add``, where 0 stands for the default of all but
    ``max_ns``. With the policy legacy, ``shrink=0`` is what was in force before QEMU 11.1.

    Attributes:
        max_ns: the longest window, in ns; with 0 nothing is polled.
        grow, shrink: the window's factor and divisor.
        weight: how slowly a handler's average follows; 0 to 63.
        policy: one of POLICIES.

    Raises:
        ValueError: out of QEMU's range, or an unknown policy. TypeError: no integer.
    """

    max_ns: int = _DEFAULTS["max_ns"]
    grow: int = _DEFAULTS["grow"]
    shrink: int = _DEFAULTS["shrink"]
    weight: int = _DEFAULTS["weight"]
    policy: str = POLICIES[0]

    def __post_init__(self) -> None:
        for name in ("max_ns", "grow", "shrink", "weight"):
            value, (low, high) = getattr(self, name), _RANGES[name]
            if not isinstance(value, int):
                raise TypeError(f"{name} must be an integer, not {value!r}")
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value}")
        if self.policy not in POLICIES:
            raise ValueError(f"policy must be one of {', '.join(POLICIES)}, not {self.policy!r}")

    def __str__(self) -> str:
        values = f"max-ns={self.max_ns},grow={self.grow},shrink={self.shrink},weight={self.weight}"
        return values if self.policy == POLICIES[0] else f"{values},policy={self.policy}"
