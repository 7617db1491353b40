from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.json import reader, writer
from qmp_iothreadd.json.reader import PENDING, JSONReader, parse_one
from tests.recordings import scenarios

NEGOTIATION = {"send": '{"execute":"qmp_capabilities"}\n', "expect": [{"return": {}}]}


def drain(reader: JSONReader) -> list[object]:
    result: list[object] = []
    while True:
        try:
            value = reader.next()
        except QmpError as error:
            result.append(error)
        else:
            if value is PENDING:
                return result
            result.append(value)


def read(data: bytes) -> list[object]:
    reader = JSONReader()
    reader.feed(data)
    return drain(reader)


def without_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_parse_ordinary", lambda text: None)


def test_a_message_is_read_at_its_closing_brace() -> None:
    reader = JSONReader()
    reader.feed(b'{"execute": "quit"')
    assert reader.next() is PENDING
    reader.feed(b"}")
    assert reader.next() == {"execute": "quit"}
    assert reader.next() is PENDING


def test_a_long_message_can_be_read_in_pieces() -> None:
    reader = JSONReader()
    reader.feed(b"[" + b"1," * 499 + b"1]")
    pieces = 1
    while (value := reader.next(100)) is PENDING:
        assert reader.pending_bytes == 1001 - 100 * pieces
        pieces += 1
    assert (pieces, value, reader.pending_bytes) == (11, [1] * 500, 0)


def test_messages_are_read_one_at_a_time() -> None:
    reader = JSONReader()
    reader.feed(b'{"id":1}{"id":2}\r\n{"id"')
    assert reader.next() == {"id": 1}
    assert reader.pending_bytes == len(b'{"id":2}\r\n{"id"')
    assert reader.next() == {"id": 2}
    assert reader.next() is PENDING
    assert reader.pending_bytes == 0


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1}',
        b'{"a": "}{"}{"b": "\\n"}\n',
        b'{"a": {"b": [1, true, null, {"c": "x"}]}}\r\n',
        b' \t{"a": -9223372036854775808}  \r\n',
        b'{"a": 18446744073709551615}',
    ],
)
def test_plain_messages_take_the_fast_path(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = read(text)
    without_fast_path(monkeypatch)
    assert fast == read(text)


@pytest.mark.parametrize(
    "text",
    [
        b"{'a': 1}",
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": [{"b": 1, "b": 2}]}',
        b'{"a": 1.0}',
        b'{"a": 0e2}',
        b'{"a": 1e400}',
        b'{"a": NaN}',
        b'{"a": 18446744073709551616}',
        b'{"a": "\\uffff"}',
        b'{"a": "\xef\xbf\xbf"}',
        b'{"a": "\xc3\xa9"}',
        b'{"a": 1} x',
        b"[1]",
        b"{",
    ],
)
def test_whatever_is_not_plain_does_not(text: bytes) -> None:
    assert reader._parse_ordinary(text) is None


def test_lines_are_counted_on_both_paths() -> None:
    reader = JSONReader()
    reader.feed(b'{"a":1}\n\n{"a":2}\r\n{\'a\':\n3} {"a":4}\n #')
    *values, error = drain(reader)
    assert values == [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}]
    assert str(error) == "6:2: JSON parse error, stray '#'"


def test_a_value_stays_the_readers_until_it_is_asked_for() -> None:
    reader = JSONReader()
    reader.feed(b'{"a":1}\n#\n{"b":2}\n')
    assert reader.next() == {"a": 1}
    with pytest.raises(QmpError, match="stray '#'"):
        reader.next()
    assert reader.next() == {"b": 2}


@pytest.mark.parametrize("size", [64, 4096])
@pytest.mark.parametrize("text", ["x", r"\n", r"\u00e9", "é", "1"])
def test_long_messages_take_linear_time(text: str, size: int) -> None:
    def read_long(length: int) -> None:
        member = text * length if text == "1" else f'"{text * length}"'
        data = b'{"id": ' + member.encode() + b"}"
        reader = JSONReader()
        values = []
        for begin in range(0, len(data), size):
            reader.feed(data[begin : begin + size])
            values += drain(reader)
        assert len(values) == 1

    assert_linear(read_long, 50_000)


@pytest.mark.parametrize("message", [b'{"a":1}', b"{'a':1}"])
def test_many_messages_without_white_space_take_linear_time(message: bytes) -> None:
    def read_many(count: int) -> None:
        assert len(read(message * count)) == count

    assert_linear(read_many, 5_000)


def assert_linear(work: Callable[[int], None], size: int) -> None:
    """Four times the size takes four times the CPU, not sixteen times."""

    def cpu_s(size: int) -> float:
        start = time.process_time()
        work(size)
        return time.process_time() - start

    once, fourfold = (min(cpu_s(each) for _ in range(3)) for each in (size, 4 * size))
    assert fourfold < 8 * once


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), (' {"a": [1.5]} \n', {"a": [1.5]}), ("'é'", "é"), (b"null", None)],
)
def test_parse_one(text: str | bytes, value: object) -> None:
    assert parse_one(text) == value


@pytest.mark.parametrize(
    ("text", "desc"),
    [
        ("", "Expecting a JSON value"),
        (" \n", "Expecting a JSON value"),
        ("{} {}", "Expecting at most one JSON value"),
        ("{} x", "Expecting at most one JSON value"),
        ("1#", "Expecting at most one JSON value"),
        ('{"a"', "1:5: JSON parse error, premature end of input"),
        ('{"a":1', "1:8: JSON parse error, premature end of input"),
        ('{"a":1 ', "1:8: JSON parse error, premature end of input"),
        ('{"a":"x', "1:6: JSON parse error, stray '\"x'"),
        ('{"a" 1} x', "1:6: JSON parse error, expecting ':'"),
        ("'\udcff'", "1:1: JSON parse error, stray ''\ufffd'"),
        ("'\udcc3'", "1:1: JSON parse error, invalid UTF-8 sequence in string"),
    ],
)
def test_parse_one_refuses_all_but_one_value(text: str, desc: str) -> None:
    with pytest.raises(QmpError) as error:
        parse_one(text)
    assert error.value.desc == desc


def recorded_sessions() -> list[Any]:
    return [
        pytest.param(session, id=session["name"])
        for session in scenarios()
        if session["category"] == "json" or "parse error" in str(session.get("steps"))
    ]


@pytest.mark.parametrize("size", [1, 3, sys.maxsize])
@pytest.mark.parametrize("session", recorded_sessions())
def test_recorded_sessions(session: dict[str, Any], size: int) -> None:
    reader = JSONReader()
    steps = session["steps"]
    for step in [NEGOTIATION, *steps] if session.get("caps", True) else steps:
        sent = step["send"]
        data = base64.b64decode(sent["b64"]) if isinstance(sent, dict) else sent.encode()
        answers: list[object] = []
        for start in range(0, len(data), min(size, len(data)) or 1):
            reader.feed(data[start : start + size])
            answers += drain(reader)
        assert len(answers) == len(step["expect"])
        for answer, expected in zip(answers, step["expect"], strict=True):
            check_answer(answer, expected)


def check_answer(answer: object, expected: dict[str, Any]) -> None:
    if isinstance(answer, QmpError):
        assert answer.desc == expected["error"]["desc"]
    elif isinstance(answer, dict):
        assert json.loads(writer.dumps(answer.get("id"))) == expected.get("id")
    else:
        assert expected["error"]["desc"] == "QMP input must be a JSON object"
