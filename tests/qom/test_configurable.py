"""Objects that keep what they are given: defaults, ranges, taking over."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.types import TypeRegistry


class Lamp(ConfigurableObject):
    __slots__ = ("applied",)

    qom_name = "lamp"
    settings: ClassVar[dict[str, Setting]] = {
        "watts": Setting(60, (1, 100)),
        "colour": Setting("white"),
        "height": Setting(None, (-5, 5)),
    }

    def __init__(self, type: Any) -> None:
        super().__init__(type)
        self.applied: list[str] = []

    def apply(self, name: str) -> None:
        self.applied.append(name)
        if self.values[name] == "black":
            raise QmpError("no such light")


@pytest.fixture
def lamp() -> Lamp:
    return Lamp(TypeRegistry().add(Lamp))


def test_it_is_no_type_of_qom_itself() -> None:
    types = TypeRegistry()
    lamp = types.add(Lamp)
    assert lamp.parent is types["object"]
    assert isinstance(lamp.instantiate(), Lamp)


def test_what_was_not_set_has_its_default_or_none(lamp: Lamp) -> None:
    loaded = [lamp.load(name) for name in ("watts", "colour", "height", "unheard-of")]
    assert loaded == [60, "white", None, None]
    assert lamp.values == {}


def test_what_was_set_is_kept_and_applied(lamp: Lamp) -> None:
    for name, value in {"colour": "red", "unheard-of": [1], "height": 0}.items():
        lamp.store(name, value)
        assert lamp.load(name) == value
    assert lamp.applied == ["colour", "unheard-of", "height"]


@pytest.mark.parametrize(("name", "value"), [("watts", 101), ("watts", -1), ("height", -6)])
def test_what_is_out_of_range_changes_nothing(lamp: Lamp, name: str, value: int) -> None:
    low, high = lamp.settings[name].range or (0, 0)
    with pytest.raises(QmpError, match=rf"{name} value must be in range \[{low}, {high}\]"):
        lamp.store(name, value)
    assert (lamp.values, lamp.applied) == ({}, [])


def test_what_apply_refuses_stays(lamp: Lamp) -> None:
    with pytest.raises(QmpError, match="no such light"):
        lamp.store("colour", "black")
    assert lamp.load("colour") == "black"
