"""What may be a policy: one of the lab's, a C file, or a function of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from qmp_iothreadd.lab._lab import POLICIES, OwnPolicy

Policy = str | Callable[[Any, list[int]], int]
"""A name of POLICIES, the path of a C file, or a function.

The function is called as ``function(step, ns)`` after each iteration, and returns the next window:
0 to ``step.max_ns``. A step has block_ns, events, handlers, poll_ns, max_ns, grow, shrink, weight;
``ns`` is a list with a number per handler, 0 at first, in which it keeps what it likes.
"""

_SUFFIX = ".c"


def is_policy(policy: object) -> bool:
    """Whether it is any: of POLICIES, a C file's path, or a function."""
    return callable(policy) or (
        isinstance(policy, str) and (policy in POLICIES or policy.endswith(_SUFFIX))
    )


def policy_name(policy: Policy) -> str:
    """As tables and files have it."""
    return policy if isinstance(policy, str) else getattr(policy, "__name__", repr(policy))


def own_policies(policies: Iterable[Policy]) -> list[OwnPolicy | None]:
    """What decides for each, None where that is one of POLICIES.

    Raises:
        ValueError: a C file that does not compile, or that fails when it is tried. OSError: there
            is none, or no compiler.
    """
    return [_own(policy) for policy in policies]


def _own(policy: Policy) -> OwnPolicy | None:
    if not isinstance(policy, str):
        return OwnPolicy.of_function(policy, policy_name(policy))
    if policy in POLICIES:
        return None
    from qmp_iothreadd.lab.compiling import compiled  # few have one

    return compiled(policy)
