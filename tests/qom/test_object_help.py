"""What is said of objects when help is asked for."""

from __future__ import annotations

from typing import ClassVar

import pytest

from qmp_iothreadd.qom.object import Object, Property
from qmp_iothreadd.qom.object_help import describe_properties, describe_types
from qmp_iothreadd.qom.types import USER_CREATABLE, TypeRegistry


def ignore(obj: Object, value: object) -> None:
    """Set nothing."""


class Base(Object):
    qom_name = "base"
    abstract = True
    interfaces = (USER_CREATABLE,)
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("must", "string", set=ignore),
        Property("fixed", "string", lambda obj: ""),
    )


class Thing(Base):
    qom_name = "thing"
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("any", "int", set=ignore, description="what it is"),
    )


class Bare(Object):
    qom_name = "bare"
    interfaces = (USER_CREATABLE,)
    qom_properties = ()


class Hidden(Object):
    qom_name = "hidden"
    qom_properties = ()


@pytest.fixture
def types() -> TypeRegistry:
    registry = TypeRegistry()
    for cls in (Thing, Bare, Hidden):
        registry.add(cls)
    return registry


def test_types_that_a_client_can_make_are_listed(types: TypeRegistry) -> None:
    assert describe_types(types) == "List of user creatable objects:\n  bare\n  thing"


def test_properties_that_can_be_set_are_listed_with_what_they_are(types: TypeRegistry) -> None:
    assert describe_properties(types, "thing") == (
        "thing options:\n  any=<int>              - what it is\n  must=<string>"
    )


def test_a_type_without_properties_says_so(types: TypeRegistry) -> None:
    assert describe_properties(types, "bare") == "There are no options for bare."


@pytest.mark.parametrize("name", ["nosuch", "hidden", "base"])
def test_there_is_nothing_to_say_of_others(types: TypeRegistry, name: str) -> None:
    assert describe_properties(types, name) is None
