"""What is tried: in QEMU's ranges, as it is in force."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.lab import POLICIES, Params, replay


def test_they_are_qemus_unless_told_otherwise() -> None:
    assert Params() == Params(32768, 2, 2, 3, "weighted")
    assert str(Params()) == "max-ns=32768,grow=2,shrink=2,weight=3"


def test_a_policy_is_named_where_it_is_not_qemus() -> None:
    assert POLICIES == ("weighted", "legacy", "v1", "fixed", "clairvoyant")
    expected = "max-ns=32768,grow=2,shrink=0,weight=3,policy=legacy"
    assert str(Params(shrink=0, policy="legacy")) == expected


def test_integers_of_numpys_are_taken_as_such() -> None:
    class Int64:
        def __index__(self) -> int:
            return 5

        __int__ = __index__

        def __le__(self, other: int) -> bool:
            return other >= 5

        def __ge__(self, other: int) -> bool:
            return other <= 5

    weight: Any = Int64()
    assert type(Params(weight=weight).weight) is int
    assert replay([1], [1], Params(), handlers=weight)[0].handler_ns == (1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"max_ns": -1}, ValueError, "max_ns must be from 0 to 9223372036854775807, not -1"),
        ({"weight": 64}, ValueError, "weight must be from 0 to 63, not 64"),
        ({"grow": 1.5}, TypeError, "grow must be an integer, not 1.5"),
        ({"policy": "best"}, ValueError, "policy must be one of weighted, .*, not 'best'"),
    ],
)
def test_others_are_refused(values: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Params(**values)
