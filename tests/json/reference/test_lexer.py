from __future__ import annotations

import pytest

from tests.json.reference import lexer
from tests.json.reference.lexer import (
    COLON,
    COMMA,
    END,
    ERROR,
    FLOAT,
    INTEGER,
    KEYWORD,
    LCURLY,
    LSQUARE,
    NONE,
    OVERSIZED,
    RCURLY,
    RSQUARE,
    STRING,
    JSONLexer,
)

Token = tuple[int, bytes, tuple[int, int]]


def tokens(data: bytes, *, size: int = 1 << 20, eof: bool = False) -> list[Token]:
    lexer = JSONLexer()
    result = []
    for start in range(0, len(data), size):
        lexer.feed(data[start : start + size])
        if eof and start + size >= len(data):
            lexer.eof()
        while (kind := lexer.next()) != NONE:
            result.append((kind, lexer.text, lexer.position()))
    assert lexer.pending_bytes == 0
    return result


def kinds(data: bytes) -> list[tuple[int, bytes]]:
    return [(kind, text) for kind, text, _ in tokens(data)]


def test_structure() -> None:
    assert kinds(b"{}[]:,") == [
        (LCURLY, b"{"),
        (RCURLY, b"}"),
        (LSQUARE, b"["),
        (RSQUARE, b"]"),
        (COLON, b":"),
        (COMMA, b","),
    ]


@pytest.mark.parametrize("text", [b'"a"', b"'a'", b'""', b'"\\""', b"'\\''", b'"\\u12"', b'"\xc3"'])
def test_strings_are_taken_whole_whatever_their_escapes_mean(text: bytes) -> None:
    assert kinds(text) == [(STRING, text)]


@pytest.mark.parametrize("text", [b"0", b"-0", b"7", b"-120"])
def test_integers(text: bytes) -> None:
    assert kinds(text + b" ") == [(INTEGER, text)]


@pytest.mark.parametrize("text", [b"0.5", b"-1.25", b"1e3", b"5E+3", b"1.0e-7"])
def test_floats(text: bytes) -> None:
    assert kinds(text + b" ") == [(FLOAT, text)]


def test_a_zero_takes_no_exponent() -> None:
    assert kinds(b"0e2 ") == [(INTEGER, b"0"), (KEYWORD, b"e"), (INTEGER, b"2")]


def test_numbers_and_keywords_end_with_the_byte_after_them() -> None:
    assert kinds(b"12") == []
    assert kinds(b"true") == []
    assert kinds(b"true]") == [(KEYWORD, b"true"), (RSQUARE, b"]")]


@pytest.mark.parametrize(
    "text",
    [
        *[b"01", b"1.,", b"1e,", b"-,", b"-I", b"1e+}", b"#", b"%", b"A", b"\x7f", b"\0", b"\xff"],
        *[b'"a\t', b'"a\n', b"'\xfe", b'"\\\x1f'],
    ],
)
def test_an_error_ends_with_the_byte_that_does_not_fit(text: bytes) -> None:
    assert kinds(text) == [(ERROR, text)]


@pytest.mark.parametrize("end", [b"[", b"]", b"{", b"}", b":", b","])
def test_after_an_error_reading_goes_on_with_structure(end: bytes) -> None:
    assert [text for _, text in kinds(b"#skipped\t 'too\"" + end)] == [b"#", end]


@pytest.mark.parametrize("end", [b"\0", b"\x01", b"\x0c", b"\x1f", b"\xfe", b"\xff"])
def test_a_control_byte_ends_the_skipping_and_is_an_error_itself(end: bytes) -> None:
    assert kinds(b"#skipped" + end) == [(ERROR, b"#"), (ERROR, end)]


def test_a_new_line_ends_the_skipping() -> None:
    assert kinds(b"#skipped\n1\n") == [(ERROR, b"#"), (INTEGER, b"1")]


def test_positions_count_lines_and_bytes() -> None:
    data = b'{\n "\xc3\xa9" :\r\n\n\t[ ] }'
    assert [position for *_, position in tokens(data)] == [
        *[(1, 1), (2, 2), (2, 7), (4, 2), (4, 4), (4, 6)]
    ]


@pytest.mark.parametrize(
    ("data", "column"),
    [
        (b"1]", 3),
        (b"1 ]", 3),
        (b"foo]", 5),
        (b"1.5]", 5),
        (b'"a"]', 4),
        (b"[]", 2),
        (b"#x]", 4),
        (b"#x\x01", 4),
        (b"#x\n]", 1),
    ],
)
def test_columns_are_one_too_many_right_after_what_ends_with_the_next_byte(
    data: bytes, column: int
) -> None:
    assert tokens(data)[-1][2][1] == column


def test_the_end_finishes_a_token_and_has_a_position() -> None:
    assert tokens(b"[1", eof=True) == [
        (LSQUARE, b"[", (1, 1)),
        (INTEGER, b"1", (1, 2)),
        (END, b"", (1, 4)),
    ]
    assert tokens(b'"a', eof=True) == [(ERROR, b'"a', (1, 1)), (END, b"", (1, 4))]
    assert tokens(b"#skip", eof=True) == [(ERROR, b"#", (1, 1)), (END, b"", (1, 7))]
    assert tokens(b"1 \n ", eof=True) == [(INTEGER, b"1", (1, 1)), (END, b"", (2, 2))]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_split_does_not_matter(size: int) -> None:
    data = b'{"a\\"b\\\\": [1, -2.5e+3, true,\n01, \'x\'] "cut\n#skip\xff} 12 '
    assert tokens(data, size=size) == tokens(data)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_token_beyond_the_limit_is_given_up(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexer, "MAX_TOKEN_SIZE", 8)
    assert tokens(b'["1234567"]', size=size)[1] == (STRING, b'"1234567"', (1, 2))
    assert tokens(b'["12345678"x]\n', size=size) == [
        (LSQUARE, b"[", (1, 1)),
        (OVERSIZED, b"", (1, 2)),
        (ERROR, b'"x]\n', (1, 2)),
    ]
    assert tokens(b"[aaaaaaaaabc 1 ", size=size)[1:] == [
        (OVERSIZED, b"", (1, 2)),
        (KEYWORD, b"bc", (1, 2)),  # placed where the one before it began
        (INTEGER, b"1", (1, 14)),
    ]
    assert tokens(b"aaaaaaaaa]", size=size) == [(OVERSIZED, b"", (1, 1)), (RSQUARE, b"]", (1, 1))]
    assert tokens(b"aaaaaaaaa ]", size=size) == [(OVERSIZED, b"", (1, 1)), (RSQUARE, b"]", (1, 11))]
