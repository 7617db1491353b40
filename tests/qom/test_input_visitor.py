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
        ("words", "array"),
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


@pytest.mark.parametrize(
    ("member", "text", "value"),
    [
        ("cpus", "5", [5]),
        ("cpus", "0-2,7,", [0, 1, 2, 7]),
        ("cpus", "0x1-0x3,1", [1, 2, 3, 1]),
        ("deltas", "-2--1", [-2, -1]),
        ("cpus", "", []),
    ],
)
def test_a_text_becomes_a_list_of_integers(
    options_type: ObjectType, member: str, text: str, value: list[int]
) -> None:
    assert read(options_type, member, text) == value


@pytest.mark.parametrize("text", ["x", ",", "1-", "-", "5-3", "1 2", "1-2-3", "0-70000", "1,,2"])
def test_a_text_that_is_no_such_list_is_refused(options_type: ObjectType, text: str) -> None:
    """As QEMU 7.2's human monitor says it."""
    with pytest.raises(QmpError) as caught:
        read(options_type, "cpus", text)
    assert caught.value.desc == "Parameter 'null' expects list of uint64 values or ranges"


@pytest.mark.parametrize("text", ["70000", "-1", "0,-1"])
def test_an_integer_of_a_list_that_is_out_of_range_is_refused(
    options_type: ObjectType, text: str
) -> None:
    with pytest.raises(QmpError, match="Parameter 'null' expects uint16_t"):
        read(options_type, "cpus", text)
