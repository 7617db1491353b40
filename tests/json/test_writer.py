from __future__ import annotations

import gc
import json
import sys
from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.json.encoded_once import EncodedOnce, EncodedText
from qmp_iothreadd.json.order import qdict_order
from qmp_iothreadd.json.writer import dumps, message, pretty_message
from tests.json.reference import writer as reference

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
NESTED = st.recursive(
    SCALARS,
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
def test_it_writes_what_the_reference_writes(value: object) -> None:
    assert dumps(value) == reference.dumps(value)
    assert message(value) == reference.dumps(value) + b"\r\n"
    pretty = reference.dumps(value, pretty=True)
    assert dumps(value, pretty=True) == pretty
    assert pretty_message(value) == pretty.replace(b"\n", b"\r\n") + b"\r\n"


@pytest.mark.parametrize("size", [*range(20, 30), 511, 512, 513, 4096])
def test_many_members_are_ordered_as_few(size: int) -> None:
    value = {f"member-{number * 7919}": number for number in range(size)}
    assert dumps(value) == reference.dumps(value)
    assert qdict_order(value) == list(json.loads(dumps(value)))


@pytest.mark.parametrize("character", ["a", '"', "\0", "\x80", "€", "\ud800", "😀"])
@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 680, 2044, 2045, 2046, 2047, 2048, 70000])
def test_strings_of_any_size_are_written(character: str, size: int) -> None:
    for text in (character * size, "a" * size + character, character + "a" * size):
        assert dumps([text, {text: text}]) == reference.dumps([text, {text: text}])


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


class Int(int):
    pass


class Str(str):
    __slots__ = ()


class Dict(dict[str, Any]):
    pass


REFUSED = [(1,), b"x", {1}, object(), Int(1), Str("x"), Dict(a=1), {1: 2}, {Str("x"): 1}, {None: 1}]


@pytest.mark.parametrize("pretty", [False, True])
@pytest.mark.parametrize("value", REFUSED)
def test_other_types_are_refused(value: object, pretty: bool) -> None:
    for refused in (value, [1, value], {"a": 1, "b": [value], "c": 2}, [[value]] * 50):
        with pytest.raises(TypeError, match="not a JSON value"):
            dumps(refused, pretty=pretty)


def test_a_value_that_is_inside_itself_is_refused() -> None:
    value: list[Any] = [1]
    for _ in range(3000):
        value = [1, {"a": value}]
    dumps(value)
    innermost = value
    while innermost != [1]:
        innermost = innermost[1]["a"]
    innermost.append({"b": [value]})
    with pytest.raises(ValueError, match="inside itself"):
        dumps(value)
    innermost.clear()


def test_an_integer_with_more_digits_than_python_writes_is_its_error() -> None:
    assert dumps(-(2**64)) == b"-18446744073709551616"
    with pytest.raises(ValueError, match="limit"):
        dumps([10**5000])


def test_pretty_writes_what_an_encoded_text_makes() -> None:
    value = [EncodedText('{"a": 1}', lambda: {"a": 1})]
    assert dumps(value) == b'[{"a": 1}]'
    assert dumps(value, pretty=True) == b'[\n    {\n        "a": 1\n    }\n]'


def test_an_encoded_text_may_change_what_is_being_written() -> None:
    members: dict[str, Any] = {"return": 1, "id": 2}
    elements: list[Any] = [members, "end"]

    def make() -> object:
        members.clear()
        elements.clear()
        gc.collect()
        return dumps([{"nested": 1}]).decode()

    members["first"] = EncodedText("", make)
    assert json.loads(dumps(elements, pretty=True))[0]["first"] == '[{"nested": 1}]'


@pytest.mark.parametrize("made", [EncodedText("1", lambda: 1), (1,)])
def test_an_encoded_text_that_makes_no_value_is_refused(made: object) -> None:
    with pytest.raises(TypeError, match="not a JSON value"):
        dumps([EncodedText("1", lambda: made)], pretty=True)


def test_what_an_encoded_text_raises_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        dumps([1, {"a": EncodedText("1", lambda: 1 // 0)}], pretty=True)


@pytest.mark.parametrize("text", ["é", 1, None])
def test_an_encoded_text_is_ascii(text: Any) -> None:
    with pytest.raises(TypeError, match="not a JSON value"):
        dumps(EncodedText(text, list))


def test_no_reference_is_kept() -> None:
    leaf = object()
    values: list[Any] = ["x" * 5, {"a": ["y" * 5]}, EncodedOnce(a=[1])]
    before = [sys.getrefcount(each) for each in (leaf, *values, values)]
    for _ in range(20):
        dumps([values] * 40)
        dumps({"a": values, "b": values}, pretty=True)
        with pytest.raises(TypeError):
            dumps([values, {"a": {"b": leaf, "c": values}, "d": values}])
    assert [sys.getrefcount(each) for each in (leaf, *values, values)] == before
    assert len(qdict_order(iter(["a", "b"]))) == 2


@pytest.mark.parametrize("keys", [[1], ["a", None], 5])
def test_only_strings_have_an_order(keys: Any) -> None:
    with pytest.raises(TypeError):
        qdict_order(keys)
