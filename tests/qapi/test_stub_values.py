"""The smallest value of a type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi import Schema, load_schema
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.stub_values import stub_value

SCHEMA = """
{ 'enum': 'Void', 'data': [] }
{ 'enum': 'Tag', 'data': [ 'loop', 'end' ] }
{ 'struct': 'Self', 'data': { 'self': 'Self' } }
{ 'struct': 'OptionalSelf', 'data': { '*self': 'OptionalSelf', 'number': 'number' } }
{ 'struct': 'HasVoid', 'data': { 'void': 'Void' } }
{ 'union': 'Chain', 'base': { 'tag': 'Tag' }, 'discriminator': 'tag', 'data': { 'loop': 'Link' } }
{ 'struct': 'Link', 'data': { 'next': 'Chain' } }
{ 'alternate': 'Either', 'data': { 'deep': 'Self', 'flag': 'bool' } }
{ 'alternate': 'Neither', 'data': { 'deep': 'Self', 'list': 'Void' } }
{ 'struct': 'All', 'data': { 'either': 'Either', 'chain': 'Chain', 'strings': [ 'str' ],
                             'null': 'null', 'size': 'size', 'any': 'any', 'flag': 'bool' } }
{ 'command': 'c', 'data': { 'self': 'Self', 'optional': 'OptionalSelf', 'void': 'HasVoid',
                            'neither': 'Neither', 'all': 'All' } }
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    path = Path(tmp_path_factory.mktemp("schema"), "schema.json")
    path.write_text(SCHEMA)
    return load_schema(str(path))


def test_a_command_that_returns_nothing_returns_an_empty_object() -> None:
    assert stub_value(None) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OptionalSelf", {"number": 0}),
        ("Chain", {"tag": "end"}),
        ("Either", False),
        (
            "All",
            {
                "either": False,
                "chain": {"tag": "end"},
                "strings": [],
                "null": None,
                "size": 0,
                "any": {},
                "flag": False,
            },
        ),
    ],
)
def test_mandatory_members_have_their_smallest_values(
    schema: Schema, name: str, value: Any
) -> None:
    type_ = schema.types[name]
    assert stub_value(type_) == value
    assert Models(schema).validate(type_, value) == value


@pytest.mark.parametrize("name", ["Self", "HasVoid", "Neither"])
def test_a_type_without_finite_values_has_an_empty_object(schema: Schema, name: str) -> None:
    assert stub_value(schema.types[name]) == {}


def test_a_type_too_deep_for_the_stack_has_an_empty_object(tmp_path: Path) -> None:
    depth = 2000
    links = [f"{{ 'struct': 'Link{i}', 'data': {{ 'm': 'Link{i + 1}' }} }}" for i in range(depth)]
    last = f"{{ 'struct': 'Link{depth}', 'data': {{}} }}"
    path = tmp_path / "schema.json"
    path.write_text("\n".join([*links, last, "{ 'command': 'c', 'returns': 'Link0' }"]))
    schema = load_schema(str(path))
    assert stub_value(schema.commands["c"].ret_type) == {}


def test_every_command_of_the_daemon_has_a_valid_smallest_return() -> None:
    schema = load_schema(packaged_schema_path())
    models = Models(schema)
    for command in schema.commands.values():
        value = stub_value(command.ret_type)
        if command.ret_type is not None:
            assert models.validate(command.ret_type, value) == value


def test_a_value_that_doubles_with_each_type_is_refused(tmp_path: Path) -> None:
    levels = [
        f"{{ 'struct': 'Lev{n}', 'data': {{ 'a': 'Lev{n + 1}', 'b': 'Lev{n + 1}' }} }}"
        for n in range(24)
    ]
    path = tmp_path / "schema.json"
    path.write_text("\n".join([*levels, "{ 'struct': 'Lev24', 'data': { 'x': 'int' } }"]))
    with pytest.raises(QmpError, match="the least value of type 'Lev0' has more than 10000 parts"):
        stub_value(load_schema(str(path)).types["Lev0"])
