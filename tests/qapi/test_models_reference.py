"""Validation, compared with a visitor written straight from what QEMU's input visitor does.

The visitor below walks a value member by member and stops at the first that fails. The validators
have pydantic-core walk all of it. Both must have the same result, or the same error, for any value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.json import order
from qmp_iothreadd.qapi import Schema, load_schema
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.schema import (
    AlternateType,
    ArrayType,
    BuiltinType,
    EnumType,
    ObjectType,
    SchemaType,
)

SCHEMA = """
{ 'enum': 'Kind', 'data': [ 'plain', 'nested', 'bare', 'twice' ] }
{ 'struct': 'Numbers',
  'data': { '*i': 'int', '*i8': 'int8', '*i16': 'int16', '*i32': 'int32', '*i64': 'int64',
            '*u8': 'uint8', '*u16': 'uint16', '*u32': 'uint32', '*u64': 'uint64',
            '*size': 'size', '*n': 'number' } }
{ 'struct': 'Scalars', 'base': 'Numbers',
  'data': { 's': 'str', '*b': 'bool', '*null': 'null', '*any': 'any', '*enum': 'Kind' } }
{ 'struct': 'Lists',
  'data': { '*ints': [ 'uint16' ], '*kinds': [ 'Kind' ], '*shapes': [ 'Shape' ],
            '*choices': [ 'Choice' ] } }
{ 'union': 'Shape',
  'base': { 'first': 'int', 'kind': 'Kind', '*last': 'str' },
  'discriminator': 'kind',
  'data': { 'plain': 'Scalars', 'nested': 'Holder', 'twice': 'Inner' } }
{ 'union': 'Inner', 'base': { 'way': 'Kind' }, 'discriminator': 'way', 'data': { 'plain': 'Name' } }
{ 'struct': 'Name', 'data': { 'name': 'str' } }
{ 'struct': 'Holder', 'data': { 'shape': 'Shape', '*lists': 'Lists' } }
{ 'alternate': 'Choice',
  'data': { 'kind': 'Kind', 'number': 'int8', 'shape': 'Shape', 'flag': 'bool', 'none': 'null' } }
{ 'alternate': 'Text', 'data': { 'text': 'str', 'names': [ 'Name' ] } }
{ 'alternate': 'Amount', 'data': { 'much': 'number', 'all': 'bool', 'which': 'Name' } }
{ 'struct': 'Top',
  'data': { 'choice': 'Choice', '*text': 'Text', '*amounts': [ 'Amount' ], '*shape': 'Shape',
            '*lists': 'Lists' } }
{ 'command': 'plain', 'data': 'Top' }
"""


class RefusedError(Exception):
    """QEMU's text."""


class Visitor:
    """A value being visited, with its path as QEMU keeps it: names and indices from the top."""

    def __init__(self, path: list[str | int]) -> None:
        self.path = path

    def full(self) -> str:
        if not self.path:
            return "<anonymous>"
        steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path]
        return "".join(steps).removeprefix(".")

    def last(self) -> str:
        return self.path[-1] if self.path and isinstance(self.path[-1], str) else "null"

    def expect(self, fine: bool, what: str) -> None:
        if not fine:
            raise RefusedError(f"Invalid parameter type for '{self.full()}', expected: {what}")

    def visit(self, type_: SchemaType, value: Any) -> Any:
        match type_:
            case BuiltinType():
                return self.scalar(type_, value)
            case EnumType():
                self.expect(isinstance(value, str), "string")
                if value not in [member.name for member in type_.members]:
                    raise RefusedError(f"Parameter '{self.last()}' does not accept value '{value}'")
                return value
            case ArrayType():
                self.expect(isinstance(value, list), "array")
                return [
                    Visitor([*self.path, i]).visit(type_.element_type, item)
                    for i, item in enumerate(value)
                ]
            case ObjectType():
                return self.struct(type_, value)
            case AlternateType():
                return self.alternate(type_, value)
        raise AssertionError(type_)

    def scalar(self, type_: SchemaType, value: Any) -> Any:
        json_type = type_.json_type()
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if json_type == "int":
            return self.integer(type_.name, value)
        if json_type == "number":
            self.expect(number, "number")
            return float(value)
        kinds: dict[str, Any] = {"string": str, "boolean": bool, "null": type(None)}
        if json_type in kinds:
            self.expect(isinstance(value, kinds[json_type]), json_type)
        return value

    def integer(self, name: str, value: Any) -> int:
        integer = isinstance(value, int) and not isinstance(value, bool)
        bits = int(name.lstrip("uintsze") or 64)
        if name.startswith("u") or name == "size":
            if not (integer and -(2**63) <= value < 2**64):
                raise RefusedError(f"Parameter '{self.full()}' expects uint64")
            value %= 2**64
            fits = value < 2**bits
        else:
            self.expect(integer and -(2**63) <= value < 2**63, "integer")
            fits = -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)
        if not fits:
            raise RefusedError(f"Parameter '{self.last()}' expects {name}_t")
        return int(value)

    def alternate(self, type_: AlternateType, value: Any) -> Any:
        looks: list[tuple[Any, str]] = [
            (bool, "boolean"),
            (int | float, "number"),
            (str, "string"),
            (dict, "object"),
            (list, "array"),
            (type(None), "null"),
        ]
        look = next(name for kind, name in looks if isinstance(value, kind))
        for branch in type_.branches:
            if branch.type.json_type().replace("int", "number") == look:
                return self.visit(branch.type, value)
        raise RefusedError(
            f"Invalid parameter type for '{self.last()}', expected: {type_.name}",
        )

    def struct(self, type_: ObjectType, value: Any) -> dict[str, Any]:
        self.expect(isinstance(value, dict), "object")
        result: dict[str, Any] = {}
        visited: list[str] = []
        self.members(type_, value, result, visited)
        unknown = order.first_unexpected(order.qdict_order(value), visited)
        if unknown is not None:
            raise RefusedError(f"Parameter '{Visitor([*self.path, unknown]).full()}' is unexpected")
        return result

    def members(
        self, type_: ObjectType, value: dict[str, Any], result: dict[str, Any], visited: list[str]
    ) -> None:
        for member in type_.members:
            inner = Visitor([*self.path, member.name])
            visited.append(member.name)
            if member.name in value:
                result[member.name] = inner.visit(member.type, value[member.name])
            elif not member.optional:
                raise RefusedError(f"Parameter '{inner.full()}' is missing")
        if type_.variants:
            branch = type_.variants.cases[result[type_.variants.tag.name]]
            self.members(branch, value, result, visited)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    path = Path(tmp_path_factory.mktemp("schema"), "schema.json")
    path.write_text(SCHEMA)
    return load_schema(str(path))


JSON_INTEGERS = st.integers(-(2**63), 2**64 - 1)
NEAR_LIMITS = st.builds(
    lambda power, sign, offset: max(-(2**63), min(2**64 - 1, sign * 2**power + offset)),
    st.sampled_from([0, 7, 8, 15, 16, 31, 32, 63, 64]),
    st.sampled_from([1, -1]),
    st.integers(-1, 1),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), JSON_INTEGERS, NEAR_LIMITS, st.floats(allow_nan=False), st.text()
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def nearly(draw: st.DrawFn, type_: SchemaType, depth: int = 0) -> Any:
    """A value of the type, or one that is wrong somewhere."""
    if draw(st.integers(0, 19)) == 19:
        return draw(ANYTHING)
    match type_:
        case BuiltinType(json="int"):
            return draw(NEAR_LIMITS | st.integers(0, 100))
        case BuiltinType(json="number"):
            return draw(st.floats(allow_nan=False) | JSON_INTEGERS)
        case BuiltinType(json="string"):
            return draw(st.text(max_size=5))
        case BuiltinType(json="boolean"):
            return draw(st.booleans())
        case BuiltinType(json="null"):
            return None
        case EnumType():
            return draw(st.sampled_from([member.name for member in type_.members]))
        case ArrayType():
            return draw(st.lists(nearly(type_.element_type, depth + 1), max_size=3))
        case AlternateType():
            return draw(nearly(draw(st.sampled_from(type_.branches)).type, depth + 1))
        case ObjectType():
            return draw(nearly_object(type_, depth + 1))
    return draw(ANYTHING)


@st.composite
def nearly_object(draw: st.DrawFn, type_: ObjectType, depth: int) -> dict[str, Any]:
    value = {}
    struct: ObjectType | None = type_
    while struct is not None:
        for member in struct.members:
            rarely = member.optional and (depth > 4 or draw(st.booleans()))
            if not rarely and draw(st.integers(0, 39)) < 39:
                value[member.name] = draw(nearly(member.type, depth))
        variants = struct.variants
        tag = value.get(variants.tag.name) if variants else None
        struct = variants.cases.get(tag) if variants and isinstance(tag, str) else None
    if draw(st.integers(0, 9)) == 9:
        value |= draw(st.dictionaries(st.text("abc-", max_size=3), SCALARS, max_size=12))
    order = draw(st.permutations(list(value)))
    return {name: value[name] for name in order}


def outcome(function: Any, *arguments: Any) -> tuple[str, Any]:
    try:
        return "value", function(*arguments)
    except (RefusedError, QmpError) as error:
        return "error", str(error)


def same(ours: Any, theirs: Any) -> bool:
    """Equality that minds types and the order of members."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs)


@given(st.data())
def test_values_and_errors_are_those_of_a_visitor(schema: Schema, data: st.DataObject) -> None:
    names = ["Scalars", "Lists", "Shape", "Choice", "Text", "Top"]
    type_ = schema.types[data.draw(st.sampled_from(names))]
    value = data.draw(nearly(type_))
    ours = outcome(Models(schema).validate, type_, value, "it")
    theirs = outcome(Visitor(["it"]).visit, type_, value)
    assert same(list(ours), list(theirs)), (ours, theirs)


@given(st.data())
def test_arguments_and_their_errors_are_those_of_a_visitor(
    schema: Schema, data: st.DataObject
) -> None:
    type_ = schema.types["Top"]
    assert isinstance(type_, ObjectType)
    arguments = data.draw(nearly_object(type_, 1))
    kind, ours = outcome(Models(schema).arguments(schema.commands["plain"]), arguments)
    their_kind, theirs = outcome(Visitor([]).visit, type_, arguments)
    if their_kind == "value":
        theirs = {member.name: theirs.get(member.name) for member in type_.members}
    assert (kind, ours) == (their_kind, theirs)
