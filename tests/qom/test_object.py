"""Objects: properties, children, paths."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qom.object import Container, Object, ObjectType, Property
from qmp_iothreadd.qom.types import TypeRegistry


class Lamp(Object):
    __slots__ = ("level",)

    qom_name = "lamp"
    qom_properties = (
        Property("level", "int", lambda lamp: lamp.level, lambda lamp, value: lamp.turn(value)),
        Property("secret", "string", None, lambda lamp, value: None),
        Property("fixed", "string", lambda lamp: "yes"),
    )

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.level = 0

    def turn(self, value: Any) -> None:
        if value > 10:
            raise QmpError("too bright")
        self.level = value


@pytest.fixture
def types() -> TypeRegistry:
    return TypeRegistry()


@pytest.fixture
def lamp(types: TypeRegistry) -> Lamp:
    return Lamp(types.add(Lamp))


def test_properties_are_read_and_written(lamp: Lamp) -> None:
    lamp.set_property("level", 3)
    assert lamp.get_property("level") == 3
    assert lamp.get_property("type") == "lamp"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (lambda lamp: lamp.get_property("nope"), "Property 'lamp.nope' not found"),
        (lambda lamp: lamp.set_property("nope", 1), "Property 'lamp.nope' not found"),
        (lambda lamp: lamp.get_property("secret"), "Property 'lamp.secret' is not readable"),
        (lambda lamp: lamp.set_property("fixed", 1), "Property 'lamp.fixed' is not writable"),
        (lambda lamp: lamp.set_property("level", 11), "too bright"),
    ],
)
def test_properties_refuse(lamp: Lamp, action: Any, expected: str) -> None:
    with pytest.raises(QmpError) as caught:
        action(lamp)
    assert caught.value.desc == expected
    assert lamp.level == 0


def test_a_child_is_a_property_that_reads_as_its_path(types: TypeRegistry, lamp: Lamp) -> None:
    root, room = (Container(types.add(Container)) for _ in range(2))
    root.add_child("room", room)
    room.add_child("lamp", lamp)
    assert lamp.path == "/room/lamp"
    assert room.get_property("lamp") == "/room/lamp"
    assert [(prop.name, prop.type) for prop in room.properties()] == [
        ("type", "string"),
        ("lamp", "child<lamp>"),
    ]
    with pytest.raises(QmpError, match=r"Property 'container.lamp' is not writable"):
        room.set_property("lamp", "x")


@pytest.mark.parametrize("name", ["one", "type"])
def test_a_name_is_taken_by_a_child_or_a_property(types: TypeRegistry, name: str) -> None:
    container = types.add(Container)
    folder = Container(container)
    folder.add_child("one", Container(container))
    with pytest.raises(QmpError) as caught:
        folder.add_child(name, Container(container))
    expected = f"attempt to add duplicate property '{name}' to object (type 'container')"
    assert caught.value.desc == expected


def test_an_object_taken_out_is_nobodys_child(types: TypeRegistry, lamp: Lamp) -> None:
    room = Container(types.add(Container))
    room.add_child("lamp", lamp)
    lamp.unparent()
    assert lamp.parent is None
    assert room.children == {}
    lamp.unparent()  # once more does nothing
    room.add_child("lamp", lamp)
    assert room.children == {"lamp": lamp}


def test_a_child_that_was_just_added_is_taken_back(types: TypeRegistry, lamp: Lamp) -> None:
    room = Container(types.add(Container))
    room.remove_child("lamp")  # nothing was ever added
    room.add_child("lamp", lamp)
    assert room.children_in_order() == (lamp,)
    room.remove_child("lamp")
    assert lamp.parent is None
    assert room.children == {}
    assert room.children_in_order() == ()


def test_the_root_has_the_path_of_the_root(types: TypeRegistry) -> None:
    assert Container(types.add(Container)).path == "/"


def test_a_sibling_is_in_the_same_folder(types: TypeRegistry, lamp: Lamp) -> None:
    folder, other = (Container(types.add(Container)) for _ in range(2))
    assert lamp.sibling("other") is None  # it is in no folder
    folder.add_child("lamp", lamp)
    folder.add_child("other", other)
    assert lamp.sibling("other") is other
    assert lamp.sibling("nope") is None


def test_properties_that_objects_have_and_their_type_has_not_come_last(types: TypeRegistry) -> None:
    type_ = types.add(Lamp)
    type_.add_instance_property(Property("cable", "int", lambda lamp: 3))
    lamp = Lamp(type_)
    lamp.add_child("bulb", Container(types.add(Container)))
    own = ["cable", "bulb"]
    listed = [prop.name for prop in lamp.properties()]
    assert sorted(listed[-2:]) == sorted(own)
    assert not set(own) & {prop.name for prop in type_.listed_properties()}
    assert lamp.get_property("cable") == 3
