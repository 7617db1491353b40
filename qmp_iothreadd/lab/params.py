"""What is tried: parameters of adaptive polling, and the policy that uses them."""

from __future__ import annotations

import dataclasses

from qmp_iothreadd.iothread._engine import POLL_PARAMS
from qmp_iothreadd.lab._lab import POLICIES
from qmp_iothreadd.lab.checks import check_integer
from qmp_iothreadd.lab.policies import Policy, is_policy, policy_name

_INFOS = {info.name: info for info in POLL_PARAMS}

NUMBERS = tuple(_INFOS)
"""The fields of a set that are numbers, in their order."""


@dataclasses.dataclass(frozen=True, slots=True)
class Params:
    """One set of parameters, as they are in force (query-iothreads shows those).

    So 0 means 0, other than in ``object-add``, where 0 stands for the default of all but
    ``max_ns``. With the policy legacy, ``shrink=0`` is what was in force before QEMU 11.1.

    Attributes:
        max_ns: the longest window, in ns; with 0 nothing is polled.
        grow, shrink: the window's factor and divisor.
        weight: how slowly a handler's average follows; 0 to 63.
        policy: one of POLICIES; the path of a C file, whose name ends in ``.c`` (what it has is in
            native/policy.h); or a function ``(step, ns) -> poll_ns`` (see ``policies.Policy``).

    Raises:
        ValueError: out of QEMU's range, or an unknown policy. TypeError: no integer.
    """

    max_ns: int = _INFOS["max_ns"].default
    grow: int = _INFOS["grow"].default
    shrink: int = _INFOS["shrink"].default
    weight: int = _INFOS["weight"].default
    policy: Policy = POLICIES[0]

    def __post_init__(self) -> None:
        for name, info in _INFOS.items():
            value = getattr(self, name)
            check_integer(name, value, info.minimum, info.maximum)
            object.__setattr__(self, name, int(value))  # numpy's are none for JSON
        if not is_policy(self.policy):
            known = ", ".join(POLICIES)
            raise ValueError(f"policy must be one of {known}, or a C file, not {self.policy!r}")

    def to_json(self) -> dict[str, int | str]:
        """All of it, a function by its name."""
        return {
            **{name: getattr(self, name) for name in NUMBERS},
            "policy": policy_name(self.policy),
        }

    def __str__(self) -> str:
        values = f"max-ns={self.max_ns},grow={self.grow},shrink={self.shrink},weight={self.weight}"
        return (
            values if self.policy == POLICIES[0] else f"{values},policy={policy_name(self.policy)}"
        )
