"""What the properties of a machine may be set to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.boards.values import check_boot, check_smp, round_memory


def test_sizes_are_rounded_and_the_rest_is_kept() -> None:
    assert round_memory({}) == {"size": 0}
    given = {"size": 1, "max-size": 1 << 20, "slots": 2}
    assert round_memory(given) == {"size": 8192, "max-size": 1 << 20, "slots": 2}
    assert check_boot({"order": "cn", "menu": True}) == {"order": "cn", "menu": True}
    assert set(check_smp({"cpus": 1}).values()) == {1}


@pytest.mark.parametrize(
    ("check", "values", "said"),
    [
        (round_memory, {"slots": 1}, "slots"),
        (round_memory, {"size": 16384, "max-size": 8192}, "max"),
        (round_memory, {"size": 8192, "max-size": 8192, "slots": 1}, "slots"),
        (check_boot, {"order": "z"}, "z"),
        (check_boot, {"once": "aa"}, "a"),
        (check_smp, {"cpus": 0}, "must be greater than zero"),
        (check_smp, {"maxcpus": 4}, "Invalid SMP CPUs 4"),
    ],
)
def test_what_makes_no_sense_is_refused(
    check: Callable[[dict[str, Any]], object], values: dict[str, Any], said: str
) -> None:
    with pytest.raises(QmpError, match=said):
        check(values)
