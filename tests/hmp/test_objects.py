"""Values of properties from plain text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.hmp.commands.objects import read_property
from qmp_iothreadd.qapi.load import load
from qmp_iothreadd.qapi.schema import Schema

SCHEMA = Path(__file__).parents[2] / "schema" / "qapi-schema.json"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load(str(SCHEMA))


@pytest.mark.parametrize(
    ("type_name", "text", "value"),
    [
        ("int", " -0x10", -16),
        ("int64", "017", 15),
        ("uint32", "5", 5),
        ("uint64", "-1", 2**64 - 1),
        ("size", "1.5k", 1536),
        ("bool", "on", True),
        ("bool", "n", False),
        ("number", "1e2", 100.0),
        ("string", ' "x" ', ' "x" '),
        ("RunState", "paused", "paused"),
    ],
)
def test_text_of_the_type(schema: Schema, type_name: str, text: str, value: Any) -> None:
    assert read_property(schema.types.get(type_name), text, "p") == value


@pytest.mark.parametrize(
    ("type_name", "text", "said"),
    [
        ("int", "", "Parameter 'p' expects int64"),
        ("int32", "1 ", "Parameter 'p' expects int64"),
        ("uint8", "x", "Parameter 'p' expects uint64"),
        ("size", "-1", "Parameter 'p' expects a non-negative number below 2^64"),
        ("bool", "1", "Parameter 'p' expects 'on' or 'off'"),
        ("number", "nan", "Parameter 'p' expects number"),
        ("StatusInfo", "x", "Invalid parameter type for 'p', expected: object"),
        ("strList", "x", "Invalid parameter type for 'p', expected: array"),
    ],
)
def test_text_that_is_none_of_the_type(
    schema: Schema, type_name: str, text: str, said: str
) -> None:
    with pytest.raises(QmpError) as caught:
        read_property(schema.types.get(type_name), text, "p")
    assert caught.value.desc == said
