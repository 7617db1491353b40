from __future__ import annotations

import pytest

from tests.json.reference.lexer import NONE, JSONLexer
from tests.json.reference.parser import (
    UNFINISHED,
    JSONParser,
    JSONSyntaxError,
    parse_integer,
    parse_string,
)


def parse(data: bytes) -> object:
    lexer = JSONLexer()
    parser = JSONParser()
    lexer.feed(data + b" ")
    while (kind := lexer.next()) != NONE:
        value = parser.feed(kind, lexer.text)
        if value is not UNFINISHED:
            assert parser.idle
            return value
    return UNFINISHED


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", {}),
        (b"[]", []),
        (b'{"b":1,"a":{"b":[]}}', {"b": 1, "a": {"b": []}}),
        (b"[1,[2,{}],'x']", [1, [2, {}], "x"]),
        (b"[true,false,null]", [True, False, None]),
        (b'""', ""),
    ],
)
def test_values(data: bytes, value: object) -> None:
    assert parse(data) == value


def test_the_middle_of_a_value_is_no_value_and_says_so() -> None:
    assert repr(parse(b"[1,")) == "UNFINISHED"


def test_members_keep_the_order_of_the_text() -> None:
    value = parse(b'{"b":1,"a":2,"":3}')
    assert isinstance(value, dict)
    assert list(value) == ["b", "a", ""]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"}", "expecting value"),
        (b"]", "expecting value"),
        (b":", "expecting value"),
        (b"[,", "expecting value"),
        (b"[1,]", "expecting value"),
        (b'{"a":}', "expecting value"),
        (b"{,", "expecting key"),
        (b"{1", "expecting key"),
        (b"{null", "expecting key"),
        (b'{"a":1,}', "expecting key"),
        (b'{"a"}', "expecting ':'"),
        (b'{"a" "\\x"', "expecting ':'"),
        (b'{"a":1]', "expected ',' or '}'"),
        (b'{"a":1:', "expected ',' or '}'"),
        (b"[1}", "expected ',' or ']'"),
        (b"[1 2", "expected ',' or ']'"),
        (b'{"a":1,"a":2', "duplicate key"),
        (b'{"a":1,"\\u0061":[]', "duplicate key"),
        (b"nul", "invalid keyword 'nul'"),
    ],
)
def test_grammar_errors_are_raised_at_the_token(data: bytes, what: str) -> None:
    with pytest.raises(JSONSyntaxError) as error:
        parse(data)
    assert str(error.value) == what


def test_a_reset_parser_begins_anew() -> None:
    parser = JSONParser()
    parser.feed(1, b"{")
    assert not parser.idle
    parser.reset()
    assert parser.idle
    assert parser.feed(8, b"7") == 7


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"-0", 0),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"18446744073709551615", 2**64 - 1),
    ],
)
def test_integers_of_64_bits_are_exact(text: bytes, value: int) -> None:
    number = parse_integer(text)
    assert number == value
    assert type(number) is int


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"18446744073709551616", 2.0**64),
        (b"-9223372036854775809", -(2.0**63)),
        (b"1" + b"0" * 5000, float("inf")),
    ],
)
def test_longer_integers_are_doubles(text: bytes, value: float) -> None:
    number = parse_integer(text)
    assert number == value
    assert type(number) is float


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'),
        (rb"'\'\"'", "'\""),
        (rb'"a\u0041\u00e9\u20AC"', "aAé€"),
        (rb'"\ud83d\ude00x"', "😀x"),
        (rb'"\u0000"', "\0"),
        (b'"\xc0\x80"', "\0"),
        (b'"\xc3\xa9\\n\x7f"', "é\n\x7f"),
    ],
)
def test_strings(text: bytes, value: str) -> None:
    assert parse_string(text) == value


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (rb'"\x"', "invalid escape sequence in string"),
        (b'"\\\xc3\xa9"', "invalid escape sequence in string"),
        (b'"\xc3\\n"', "invalid UTF-8 sequence in string"),
        (b'"\\x\xc3"', "invalid escape sequence in string"),
        (b'"\xef\xbf\xbf"', "invalid UTF-8 sequence in string"),
        (rb'"\ude00"', r"\ude00 is not a valid Unicode character"),
        (rb'"\ud83dx"', r"\ud83d is not a valid Unicode character"),
        (rb'"\ud83d\u0041"', r"\ud83d is not a valid Unicode character"),
        (rb'"\ud83d\u12"', r"\ud83d is not a valid Unicode character"),
        (rb'"\uFDD0"', r"\uFDD0 is not a valid Unicode character"),
        (rb'"\ud83f\udfff"', r"\ud83f\udfff is not a valid Unicode character"),
        (rb'"\u12"', r"\u12" + '" is not a valid Unicode character'),
        (rb'"\u"', r"\u" + '" is not a valid Unicode character'),
        (b'"\\u123\xc3\xa9"', "\\u123\ufffd is not a valid Unicode character"),
    ],
)
def test_wrong_strings(text: bytes, what: str) -> None:
    with pytest.raises(JSONSyntaxError) as error:
        parse_string(text)
    assert str(error.value) == what
