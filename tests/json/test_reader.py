from __future__ import annotations

import base64
import gc
import importlib.util
import json
import os
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.json import _reader, writer
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


def test_lines_are_counted() -> None:
    reader = JSONReader()
    reader.feed(b'{"a":1}\n\n{"a":2}\r\n{\'a\':\n3} {"a":4}\n #')
    *values, error = drain(reader)
    assert values == [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}]
    assert str(error) == "6:2: JSON parse error, stray '#'"


def test_where_a_token_begins_that_follows_another_at_once() -> None:
    """It is one column too far behind a number, a word and a recovery."""
    answers = drain_texts(b'{"a":1]\n')
    assert answers == ["1:8: JSON parse error, expected ',' or '}'"]
    assert drain_texts(b"foo}") == [
        "1:1: JSON parse error, invalid keyword 'foo'",
        "1:5: JSON parse error, expecting value",
    ]


def drain_texts(data: bytes) -> list[str]:
    return [str(each) for each in read(data)]


def test_what_follows_the_end_of_the_input_is_read_on() -> None:
    reader = JSONReader()
    reader.feed(b"12")
    reader.eof()
    assert drain(reader) == [12]
    reader.feed(b'{"a":')
    reader.eof()
    (error,) = drain(reader)
    assert str(error) == "1:8: JSON parse error, premature end of input"
    reader.feed(b"[1]")
    assert drain(reader) == [[1]]


def test_the_value_of_a_long_message_is_made_in_pieces_too() -> None:
    reader = JSONReader()
    count = 100_000
    reader.feed(b"[" + b"[],{}," * count + b"{}]")
    value = reader.next(1_000_000)  # which is enough to read it whole
    assert isinstance(value, list)
    reader.feed(b"[" + b"[]," * count + b'{"a":[[]]}]')
    pieces = 0
    while (value := reader.next(500)) is PENDING:
        assert reader.pending_bytes > 0
        pieces += 1
    assert value == [[]] * count + [{"a": [[]]}]
    assert pieces > 3 * count / 500  # and those in which the value was made
    assert reader.pending_bytes == 0


def test_what_is_half_made_goes_with_its_reader() -> None:
    reader = JSONReader()
    reader.feed(b"[" + b"[[1,2]]," * 5000 + b"1]")
    while not (reader.next(100) is PENDING and reader.pending_bytes == 1):
        pass
    assert gc.is_tracked([])
    del reader


def test_a_long_token_is_read_in_pieces() -> None:
    reader = JSONReader()
    reader.feed(b'"' + b"x" * 100_000 + b'"')
    pieces = 0
    while (value := reader.next(10)) is PENDING:
        pieces += 1
    assert value == "x" * 100_000
    assert pieces == 100_002 // 640


@pytest.mark.parametrize("limit", ["max_size", "max_tokens", "max_depth"])
def test_a_limit_is_a_number(limit: str) -> None:
    with pytest.raises(ValueError, match="limits are from 1 on"):
        JSONReader(**{limit: 0})


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((0,), "1 or more"), ((-1,), "1 or more"), ((1, 2), "one argument"), (("1",), "integer")],
)
def test_what_may_be_read_at_once_is_a_number(arguments: Any, error: str) -> None:
    reader = JSONReader()
    reader.feed(b"1")
    with pytest.raises((TypeError, ValueError), match=error):
        reader.next(*arguments)
    assert reader.next(tokens=1) is PENDING
    assert reader.next(None) is PENDING
    with pytest.raises(TypeError, match="one argument"):
        reader.next(bytes=1)  # type: ignore[call-arg]


def test_it_is_fed_bytes() -> None:
    reader = JSONReader()
    data = bytearray(b"[1]")
    reader.feed(data)
    data[:] = b"..."
    reader.feed(b"")
    assert reader.next() == [1]
    with pytest.raises(TypeError):
        reader.feed("text")  # type: ignore[arg-type]


def test_pending_says_what_it_is() -> None:
    assert repr(PENDING) == "PENDING"


@pytest.mark.parametrize("count", [1, 7, 8, 9, 100, 5000])
def test_each_of_many_keys_may_be_there_once(count: int) -> None:
    keys = [f"k{number}" for number in range(count)]
    members = ",".join(f'"{key}":{{"k0":1}}' for key in keys)
    assert read(f"{{{members}}}".encode()) == [{key: {"k0": 1} for key in keys}]
    for again in (keys[0], keys[-1]):
        (error,) = read(f'{{{members},"{again}":2}}'.encode())
        assert str(error).endswith("JSON parse error, duplicate key")


def test_texts_that_look_alike_are_told_apart() -> None:
    texts = [f"{'x' * (number % 33)}{number:03}{'y' * (number % 5)}" for number in range(2000)]
    assert read(json.dumps(texts).encode() * 2) == [texts, texts]


@pytest.mark.parametrize(
    "text",
    [
        *["", "a", "é", "\xff", "\u0100", "漢字", "😀", "a\0b", "é\0", "漢\0", "x" * 33],
        *["abcdefgh" * 9 + "é", "é" + "abcdefgh" * 9, "\ud7ff\ue000\ufffd\U0010fffd"],
    ],
)
def test_texts_of_each_width(text: str) -> None:
    data = text.encode().replace(b"\0", b"\xc0\x80")
    escaped = json.dumps(text).encode()
    assert read(b'"' + data + b'"' + escaped) == [text, text]
    (value,) = read(b"'" + data + b"'")
    assert isinstance(value, str)
    assert value.isascii() == text.isascii()


@pytest.mark.parametrize(
    "number",
    [
        *[0.1, 1.5, 1e22, 1e23, 9007199254740993.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2],
        *[123456789012345678.5, 1e-5, 123456.789e-20, 2.5e-22],
    ],
)
def test_doubles_are_the_nearest(number: float) -> None:
    for text in (repr(number), f"{number:.30f}", f"{number:e}", f"{number:.25e}"):
        assert read(f"[{text},-{text}]".encode()) == [[float(text), -float(text)]]


def test_memory_is_bounded_while_the_limit_of_size_is_reached() -> None:
    piece = b"x" * (1 << 20)
    reader = JSONReader()
    before = resident()
    reader.feed(b'"')
    answers: list[object] = []
    most = 0
    for _ in range(80):
        reader.feed(piece)
        answers += drain(reader)
        most = max(most, resident() - before)
    assert [str(each) for each in answers] == ["JSON token size limit exceeded"]
    assert most < 100 << 20
    assert resident() - before < 24 << 20


def resident() -> int:
    """Bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_reader_that_is_called_within_itself_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """What says the errors is Python, as is what the collector runs while values are made."""
    reader = JSONReader()

    def json_stray(line: int, column: int, text: str) -> QmpError:
        with pytest.raises(RuntimeError, match="within next"):
            reader.next()
        reader.feed(b"[2]")
        return QmpError(f"{line} {column} {text}")

    monkeypatch.setattr(errors, "json_stray", json_stray)
    reader.feed(b"# [1]")
    with pytest.raises(QmpError, match=r"^1 1 #$"):
        reader.next()
    assert drain(reader) == [[1], [2]]


def test_a_module_that_nobody_has_any_more_goes() -> None:
    """With what it keeps: short strings, the errors' module. Until then its readers work."""
    spec = _reader.__spec__
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    gone = weakref.ref(module)
    reader = module.JSONReader()
    del module
    gc.collect()
    reader.feed(b'{"a": "b"} #')
    assert reader.next() == {"a": "b"}
    with pytest.raises(QmpError):
        reader.next()
    del reader
    gc.collect()
    assert gone() is None


def test_a_value_stays_the_readers_until_it_is_asked_for() -> None:
    reader = JSONReader()
    reader.feed(b'{"a":1}\n#\n{"b":2}\n')
    assert reader.next() == {"a": 1}
    with pytest.raises(QmpError, match="stray '#'"):
        reader.next()
    assert reader.next() == {"b": 2}


LONG = 200_000


@pytest.mark.parametrize("size", [LONG * 4, 1000])
@pytest.mark.parametrize(
    "text",
    [
        b'"' + b"\\n" * LONG,
        b'"' + b"a\\n" * LONG,
        b'"' + b"\\n" * LONG + b"\x05",
        b" \t" * LONG,
        b"1" * LONG,
        b"1." + b"1" * LONG + b"e+",
        b"a" * LONG,
        b"#" * LONG,
        b"#," * 2000,
        b"[" * LONG,
        b'{"a":' * LONG,
    ],
    ids=lambda text: text[:4].decode(),
)
def test_long_input_is_read_soon(text: bytes, size: int) -> None:
    start = time.process_time()
    reader = JSONReader()
    for begin in range(0, len(text), size):
        reader.feed(text[begin : begin + size])
        drain(reader)
    assert reader.pending_bytes == 0
    assert time.process_time() - start < 2


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
    """Sixteen times the size takes some sixteen times the CPU, not 256 times.

    Caches, the allocator and the collector may make four times that of it, and what is done within
    a millisecond says little.
    """

    def cpu_s(size: int) -> float:
        start = time.process_time()
        work(size)
        return time.process_time() - start

    once, more = (min(cpu_s(each) for _ in range(3)) for each in (size, 16 * size))
    assert more < 64 * max(once, 0.001)


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
