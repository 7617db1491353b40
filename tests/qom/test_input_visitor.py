"""The text of a property as a value of its type; for more texts: test_keyval, test_option_lists."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.schema import ObjectType
from qmp_iothreadd.qom.input_visitor import from_text


def read(options: ObjectType, member: str, text: str) -> Any:
    """The value of a property that has the type of this member of Thing."""
    assert options.variants is not None
    types = {each.name: each.type for each in options.variants.cases["thing"].members}
    return from_text(types[member], text, "p")


@pytest.mark.parametrize(
    ("member", "text", "value"),
    [
        ("count", "-0x10", -16),
        ("small", "255", 255),
        ("big", "18446744073709551615", 2**64 - 1),
        ("length", "1.5k", 1536),
        ("ratio", "0.25", 0.25),
        ("flag", "on", True),
        ("label", "", ""),
        ("colour", "green", "green"),
    ],
)
def test_a_text_becomes_a_scalar(
    options_type: ObjectType, member: str, text: str, value: object
) -> None:
    result = read(options_type, member, text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("member", "text", "message"),
    [
        ("count", "x", "Parameter 'p' expects int64"),
        ("big", "x", "Parameter 'p' expects uint64"),
        ("small", "256", "Parameter 'p' expects uint8_t"),
        ("ratio", "x", "Parameter 'p' expects number"),
        ("flag", "x", "Parameter 'p' expects 'on' or 'off'"),
        ("colour", "blue", "Parameter 'p' does not accept value 'blue'"),
    ],
)
def test_a_text_that_is_no_such_scalar_is_refused(
    options_type: ObjectType, member: str, text: str, message: str
) -> None:
    with pytest.raises(QmpError) as caught:
        read(options_type, member, text)
    assert caught.value.desc == message


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("limits", "object"),
        ("cpus", "array"),
        ("ref", "value"),
        ("anything", "value"),
        ("nothing", "null"),
    ],
)
def test_what_is_not_one_scalar_has_no_text(
    options_type: ObjectType, member: str, expected: str
) -> None:
    with pytest.raises(QmpError) as caught:
        read(options_type, member, "1")
    assert caught.value.desc == f"Invalid parameter type for 'p', expected: {expected}"
