from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.json import writer
from qmp_iothreadd.json.order import qdict_order
from qmp_iothreadd.json.writer import dumps, message, pretty_message

NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, b"null"),
        (True, b"true"),
        (False, b"false"),
        (0, b"0"),
        (-(2**63), b"-9223372036854775808"),
        (2**64 - 1, b"18446744073709551615"),
        ([], b"[]"),
        ({}, b"{}"),
        ([1, [2, {}]], b"[1, [2, {}]]"),
        ({"return": {}, "id": "a"}, b'{"return": {}, "id": "a"}'),
    ],
)
def test_values(value: object, text: bytes) -> None:
    assert dumps(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, b"1"),
        (1e2, b"100"),
        (2.0**64, b"1.8446744073709552e+19"),
        (0.1, b"0.10000000000000001"),
        (-0.0, b"-0"),
        (float("inf"), b"inf"),
        (5e-324, b"4.9406564584124654e-324"),
    ],
)
def test_doubles_have_17_digits(value: float, text: bytes) -> None:
    assert dumps(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a/b'", rb'"a/b' + b"'" + rb'"'),
        ('"\\\b\f\n\r\t', rb'"\"\\\b\f\n\r\t"'),
        ("\0\x1f\x7f", rb'"\u0000\u001F\u007F"'),
        ("é€", rb'"\u00E9\u20AC"'),
        ("😀", rb'"\uD83D\uDE00"'),
        ("~ !#[]", b'"~ !#[]"'),
    ],
)
def test_strings_are_ascii_with_upper_case_escapes(value: str, text: bytes) -> None:
    assert dumps(value) == text
    assert dumps({value: 1}) == b"{" + text + b": 1}"


def test_members_come_in_the_order_of_qemus_dictionary() -> None:
    info = {
        "id": "io0",
        "thread-id": 1,
        "poll-max-ns": 2,
        "poll-grow": 3,
        "poll-shrink": 4,
        "poll-weight": 5,
        "aio-max-batch": 6,
    }
    assert dumps([info]) == (
        b'[{"poll-shrink": 4, "thread-id": 1, "poll-weight": 5, "aio-max-batch": 6, '
        b'"poll-grow": 3, "poll-max-ns": 2, "id": "io0"}]'
    )


def test_envelopes_are_written_as_recorded() -> None:
    error = {"error": {"class": "GenericError", "desc": "x"}, "id": 1}
    assert dumps(error) == b'{"id": 1, "error": {"class": "GenericError", "desc": "x"}}'
    event = {"event": "STOP", "data": {}, "timestamp": {"seconds": 1, "microseconds": 2}}
    assert dumps(event) == (
        b'{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP", "data": {}}'
    )


def test_in_one_bucket_the_newest_comes_first() -> None:
    version = {"major": 11, "minor": 1, "micro": 3}
    assert dumps(version) == b'{"micro": 3, "minor": 1, "major": 11}'
    assert dumps({"micro": 3, "minor": 1, "major": 11}) == (
        b'{"minor": 1, "micro": 3, "major": 11}'
    )


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_any_keys_are_ordered(value: dict[str, Any]) -> None:
    assert list(json.loads(dumps(value))) == qdict_order(value)


@given(NESTED)
def test_both_writers_agree(value: object) -> None:
    assert dumps(value).decode() == writer._write(value)


@given(NESTED)
def test_pretty_lines_are_indented_members(value: object) -> None:
    text = pretty_message(value)
    assert text.endswith(b"\r\n")
    lines = text.decode().split("\r\n")
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert json.loads(text) == value


def test_pretty_messages_look_as_qemus() -> None:
    assert pretty_message({"return": {"a": [], "b": [1, {}]}}) == (
        b'{\r\n    "return": {\r\n        "a": [\r\n        ],\r\n        "b": [\r\n            1,'
        b"\r\n            {\r\n            }\r\n        ]\r\n    }\r\n}\r\n"
    )


def test_a_message_ends_in_crlf() -> None:
    assert message({"return": {}}) == b'{"return": {}}\r\n'


def test_depth_is_no_limit() -> None:
    depth = 2000  # the interpreter's stack holds 1,000 calls
    value: object = 1
    for _ in range(depth):
        value = {"a": [value]}
    assert dumps(value).count(b"[") == depth
    assert pretty_message(value).count(b"{") == depth


@pytest.mark.parametrize("value", [(1,), b"x", {1}, object(), {"a": (1,)}, [object()]])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="not a JSON value"):
        dumps(value)


def test_what_is_remembered_of_keys_is_bounded() -> None:
    for number in range(2 * writer._MAX_SHAPES):
        dumps({f"key{number}": 1})
    assert len(writer._shapes) <= writer._MAX_SHAPES
    writer._shapes.clear()
    dumps({"x" * writer._MAX_TEMPLATE: 1})
    assert not writer._shapes
