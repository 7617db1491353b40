"""What an audio back end is that is said little of."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.audiodevs import Audiodevs, complete
from qmp_iothreadd.testing import make_machine

MIXED = {
    "mixing-engine": True,
    "fixed-settings": True,
    "voices": 1,
    "frequency": 44100,
    "channels": 2,
    "format": "s16",
}


def audiodev(**directions: dict[str, Any]) -> dict[str, Any]:
    return complete({"id": "a", "driver": "none", **directions})


def test_what_is_not_said_has_its_default() -> None:
    rest = {"id": "a", "driver": "none", "timer-period": 10000}
    assert audiodev() == {**rest, "in": MIXED, "out": MIXED}


def test_what_is_said_stays() -> None:
    directions: dict[str, dict[str, Any]] = {
        "in": {"voices": 3, "buffer-length": 7},
        "out": {"mixing-engine": False},
    }
    made = audiodev(**directions)
    assert made["in"] == {**MIXED, "voices": 3, "buffer-length": 7}
    assert (made["out"]["fixed-settings"], made["out"]["voices"]) == (False, 2**31 - 1)


@pytest.mark.parametrize(
    ("direction", "message"),
    [
        (
            {"fixed-settings": False, "channels": 1},
            "You can't use frequency, channels or format with fixed-settings=off",
        ),
        (
            {"mixing-engine": False, "fixed-settings": True},
            "You can't use fixed-settings without mixeng",
        ),
    ],
)
def test_parts_that_exclude_each_other(direction: dict[str, Any], message: str) -> None:
    with pytest.raises(QmpError, match=message):
        audiodev(out=direction)


def test_a_machine_has_none_that_it_is_not_given() -> None:
    machine = make_machine()
    assert machine.part(Audiodevs).audiodevs == []
    machine.part(Audiodevs).audiodevs.append(audiodev())
    assert machine.part(Audiodevs).audiodevs == [audiodev()]
    machine.close()
