"""QOM types: inheritance, interfaces, properties from the schema."""

from __future__ import annotations

from typing import Any, cast

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.schema import ObjectType as SchemaObject
from qmp_iothreadd.qom.object import Object, ObjectType, Property
from qmp_iothreadd.qom.types import USER_CREATABLE, TypeRegistry, schema_property


class Base(Object):
    __slots__ = ()

    qom_name = "base"
    abstract = True
    qom_properties = (Property("size", "int"),)


class Thing(Base):
    __slots__ = ("values",)

    qom_name = "thing"
    interfaces = (USER_CREATABLE,)
    qom_properties = (Property("colour", "string"),)

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.values: dict[str, Any] = {}

    def load(self, name: str) -> Any:
        return self.values.get(name)

    def store(self, name: str, value: Any) -> None:
        self.values[name] = value


class Lamp(Object):
    __slots__ = ()

    qom_name = "lamp"


@pytest.fixture
def types() -> TypeRegistry:
    return TypeRegistry()


def test_a_class_is_registered_with_its_bases_once(types: TypeRegistry) -> None:
    thing = types.add(Thing)
    assert types.add(Thing) is thing
    assert thing.parent is types["base"]
    assert types["base"].parent is types["object"]
    assert types["object"].parent is None
    assert types.get("nope") is None
    assert [each.name for each in types] == ["interface", USER_CREATABLE, "object", "base", "thing"]


def test_inherited_properties_come_first(types: TypeRegistry) -> None:
    assert list(types.add(Thing).properties) == ["type", "size", "colour"]


@pytest.mark.parametrize("name", ["thing", "base", "object", USER_CREATABLE, "interface"])
def test_a_type_implements_what_it_inherits_and_its_interfaces(
    types: TypeRegistry, name: str
) -> None:
    assert types.add(Thing).implements(name)


def test_a_type_implements_nothing_else(types: TypeRegistry) -> None:
    types.add(Thing)
    assert not types["base"].implements("thing")
    assert not types["base"].implements(USER_CREATABLE)
    assert not types[USER_CREATABLE].implements("object")


def test_abstract_types_and_interfaces_have_no_objects(types: TypeRegistry) -> None:
    assert isinstance(types.add(Thing).instantiate(), Thing)
    for name in ("base", USER_CREATABLE):
        with pytest.raises(QmpError, match=f"invalid object type: {name}"):
            types[name].instantiate()


def test_a_factory_makes_the_objects(types: TypeRegistry) -> None:
    made: list[Thing] = []

    def factory(type: ObjectType) -> Thing:
        made.append(Thing(type))
        return made[-1]

    assert types.add(Thing, factory=factory).instantiate() is made[0]


def test_a_type_is_only_made_when_somebody_looks_for_it(types: TypeRegistry) -> None:
    made: list[str] = []

    def add(name: str, python_type: type[Object]) -> None:
        made.append(name)
        types.add(python_type)

    types.declare(["thing"], lambda name: add(name, Thing))
    types.load_later(lambda: add("lamp", Lamp))
    assert made == []
    assert types["thing"].name == "thing"
    assert made == ["thing"]
    assert types["thing"].name == "thing"
    assert made == ["thing"]
    assert types["lamp"].name == "lamp"
    assert made == ["thing", "lamp"]
    with pytest.raises(KeyError, match="nope"):
        types["nope"]


def test_all_types_are_there_for_who_goes_through_them(types: TypeRegistry) -> None:
    types.declare(["thing"], lambda name: types.add(Thing))
    types.load_later(lambda: types.declare(["lamp"], lambda name: types.add(Lamp)))
    names = ["interface", USER_CREATABLE, "object", "base", "thing", "lamp"]
    assert [each.name for each in types] == names


def test_types_that_could_not_be_added_are_still_to_come(types: TypeRegistry) -> None:
    failures = [OSError("no descriptor is left"), MemoryError()]

    def add() -> None:
        if failures:
            raise failures.pop(0)
        types.add(Lamp)

    types.load_later(add)
    with pytest.raises(OSError, match="no descriptor"):
        types.load_next()
    with pytest.raises(MemoryError):
        types.get("lamp")
    assert types["lamp"].name == "lamp"
    assert not types.load_next()


# -- Properties from the schema -------------------------------------------------------------------


def test_schema_properties_check_their_values(types: TypeRegistry, options_type: Any) -> None:
    schema_type = cast("SchemaObject", options_type.variants.cases["thing"])
    validate = Models(cast("Any", None)).validate
    properties = [schema_property(member, validate) for member in schema_type.members]
    thing = types.add(Thing, tuple(properties)).instantiate()
    expected = {"count": "int", "flag": "bool", "label": "string", "colour": "Colour"}
    listed = {prop.name: prop.type for prop in thing.properties()}
    assert expected.items() <= listed.items()
    for name, value in [("count", -3), ("flag", True), ("label", "é"), ("colour", "green")]:
        thing.set_property(name, value)
        assert thing.get_property(name) == value
    for name, value, text in [
        ("count", "3", "Invalid parameter type for 'count', expected: integer"),
        ("count", True, "Invalid parameter type for 'count', expected: integer"),
        ("label", 1, "Invalid parameter type for 'label', expected: string"),
        ("colour", "blue", "Parameter 'colour' does not accept value 'blue'"),
        ("limits", {"total": "x"}, "Invalid parameter type for 'limits.total', expected: integer"),
    ]:
        with pytest.raises(QmpError) as caught:
            thing.set_property(name, value)
        assert caught.value.desc == text


@pytest.mark.parametrize(
    ("name", "least"),
    [("small", 0), ("flag", False), ("label", ""), ("words", []), ("limits", {})],
)
def test_a_schema_property_that_was_never_set_is_the_least_its_type_allows(
    types: TypeRegistry, options_type: Any, name: str, least: Any
) -> None:
    (member,) = [each for each in options_type.variants.cases["thing"].members if each.name == name]
    prop = schema_property(member, lambda type, value, name: value)
    assert types.add(Thing, (prop,)).instantiate().get_property(name) == least
