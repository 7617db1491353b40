"""Arguments of commands that no schema has, in the schema's notation."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.arguments import command_of
from qmp_iothreadd.qapi.cache import load_schema_cached
from qmp_iothreadd.qapi.models import Models


def validated(data: object, arguments: dict[str, Any]) -> dict[str, Any]:
    schema = load_schema_cached()
    return Models(schema).arguments(command_of("frob", data, schema))(arguments)


@pytest.mark.parametrize(
    ("data", "arguments", "keywords"),
    [
        ({}, {}, {}),
        ({"name": "str", "*speed": "int"}, {"name": "a"}, {"name": "a", "speed": None}),
        ({"a-b": "bool"}, {"a-b": True}, {"a_b": True}),
        ({"cpu_index": "int"}, {"cpu_index": 1}, {"cpu_index": 1}),
        ({"states": ["RunState"]}, {"states": ["paused"]}, {"states": ["paused"]}),
        ({"texts": ["str"]}, {"texts": ["a"]}, {"texts": ["a"]}),
        ({"*size": {"type": "size"}}, {"size": 3}, {"size": 3}),
    ],
)
def test_arguments_are_validated_as_described(
    data: object, arguments: dict[str, Any], keywords: dict[str, Any]
) -> None:
    assert validated(data, arguments) == keywords


@pytest.mark.parametrize(
    ("data", "arguments", "message"),
    [
        ({}, {"a": 1}, "Parameter 'a' is unexpected"),
        ({"a": "str"}, {}, "Parameter 'a' is missing"),
        ({"*a": "str"}, {"a": 1}, "Invalid parameter type for 'a', expected: string"),
        ({"a": "RunState"}, {"a": "b"}, "Parameter 'a' does not accept value 'b'"),
    ],
)
def test_what_does_not_fit_is_refused_in_qemus_words(
    data: object, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(QmpError, match=f"^{message}$"):
        validated(data, arguments)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("str", "an object of names and types is expected"),
        (None, "an object of names and types is expected"),
        ({1: "str"}, "an object of names and types is expected"),
        ({"a": "Nope"}, "member 'a' uses unknown type 'Nope'"),
        ({"a": ["Nope"]}, "member 'a' uses unknown type 'Nope'"),
        ({"a": 1}, "'data' member 'a' should be a type name"),
        ({"a": ["str", "int"]}, "'data' member 'a': array type must contain single type name"),
        ({"a b": "str"}, "'data' member 'a b' has an invalid name"),
        ({"a-b": "str", "a_b": "str"}, "member 'a_b' collides with member 'a-b'"),
    ],
)
def test_what_is_no_notation_is_refused(data: object, reason: str) -> None:
    with pytest.raises(QmpError) as caught:
        command_of("frob", data, load_schema_cached())
    assert str(caught.value) == f"The arguments of 'frob' are not in QAPI notation: {reason}"
