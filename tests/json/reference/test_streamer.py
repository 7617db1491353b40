from __future__ import annotations

import tracemalloc

import pytest

from qmp_iothreadd.errors import QmpError
from tests.json.reference import lexer, streamer
from tests.json.reference.lexer import JSONLexer
from tests.json.reference.parser import UNFINISHED
from tests.json.reference.streamer import JSONStreamer


class Reader:
    """The exact reader alone."""

    def __init__(self) -> None:
        self.lexer = JSONLexer()
        self.streamer = JSONStreamer(self.lexer)

    def read(self, data: bytes) -> list[object]:
        """Values, and the texts of errors."""
        self.lexer.feed(data)
        result: list[object] = []
        while True:
            try:
                value = self.streamer.next()
            except QmpError as error:
                result.append(error.desc.replace("JSON parse error, ", ""))
            else:
                if value is UNFINISHED:
                    return result
                result.append(value)


def read(data: bytes) -> list[object]:
    return Reader().read(data)


def test_errors_are_said_at_the_token_and_not_at_the_end_of_the_message() -> None:
    reader = Reader()
    assert reader.read(b'{"a":1 ') == []
    assert reader.read(b"[") == ["1:8: expected ',' or '}'"]
    assert not reader.streamer.idle
    assert reader.read(b"]}") == []
    assert reader.streamer.idle


def test_the_rest_of_a_wrong_message_is_swallowed() -> None:
    assert read(b'{null:1,[{"a":foo}]} 1\n') == ["1:2: expecting key", 1]
    assert read(b"foo 1\n") == ["1:1: invalid keyword 'foo'", 1]
    assert read(b"{{{{}}}} 1\n") == ["1:2: expecting key", 1]


def test_braces_and_brackets_are_counted_apart() -> None:
    assert read(b'{"a":[1}} 1\n') == ["1:9: expected ',' or ']'", 1]
    assert read(b'{"a":[1}]} 1\n') == ["1:9: expected ',' or ']'", "1:10: expecting value", 1]


def test_dropping_ends_where_one_too_many_is_closed() -> None:
    assert read(b"[[1}]") == ["1:5: expected ',' or ']'", "1:5: expecting value"]
    assert read(b"{] 1\n") == ["1:2: expecting key", 1]
    assert read(b"}}") == ["1:1: expecting value", "1:2: expecting value"]


def test_a_lexical_error_ends_the_message() -> None:
    assert read(b'{"a":[#,1\n') == ["1:7: stray '#'", "1:9: expecting value", 1]


def test_a_lexical_error_while_dropping_is_not_said_but_ends_it() -> None:
    assert read(b"{1 [[ # \n 2\n") == ["1:2: expecting key", 2]


def test_errors_while_dropping_are_not_said() -> None:
    assert read(b'{1 foo "\\x" \n} 2\n') == ["1:2: expecting key", 2]


def test_a_duplicate_is_found_where_its_value_ends() -> None:
    assert read(b'{"a":1,"a":[1,\n{}]}') == ["2:3: duplicate key"]


def test_stray_bytes_are_shown_as_a_c_string() -> None:
    assert read(b'"a\0') == ["1:1: stray '\"a'"]
    assert read(b'\n"a\xc3\n\xff\n') == ["2:1: stray '\"a\ufffd\n'", "3:2: stray '\ufffd'"]


def test_nesting_of_1024_is_read() -> None:
    depth = streamer.MAX_NESTING
    (value,) = read(b"[" * depth + b"]" * depth)
    for _ in range(depth - 1):
        assert isinstance(value, list)
        (value,) = value


def test_deeper_nesting_is_refused_and_swallowed() -> None:
    data = b'{"a":' + b"[" * 1024 + b"]" * 1024 + b"} 1\n"
    assert read(data) == ["JSON nesting depth limit exceeded", 1]


def test_the_count_of_tokens_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamer, "MAX_TOKEN_COUNT", 5)
    assert read(b"[1,2] [1,2] 3\n") == [[1, 2], [1, 2], 3]
    assert read(b"[1,2,3,4] 3\n") == ["JSON token count limit exceeded", 3]


def test_the_size_of_a_message_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamer, "MAX_TOKEN_SIZE", 11)
    assert read(b"[1111,222]    [1111,222]") == [[1111, 222]] * 2
    assert read(b"[1111,2222] 3\n") == ["JSON token size limit exceeded", 3]


def test_a_token_beyond_the_limit_is_an_error_of_size(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lexer, streamer):
        monkeypatch.setattr(module, "MAX_TOKEN_SIZE", 10)
    assert read(b"[" + b"a" * 100 + b",1] 3\n") == ["JSON token size limit exceeded", 3]
    assert read(b"a" * 12 + b" 3\n") == [
        "JSON token size limit exceeded",
        "1:1: invalid keyword 'a'",
        3,
    ]


def test_memory_is_bounded_while_the_limit_of_size_is_reached() -> None:
    piece = b"x" * (1 << 20)
    reader = Reader()
    tracemalloc.start()
    try:
        answers = reader.read(b'"')
        for _ in range(80):
            answers += reader.read(piece)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answers == ["JSON token size limit exceeded"]
    assert peak < 2.5 * lexer.MAX_TOKEN_SIZE
    assert now < 24 << 20
