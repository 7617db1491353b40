from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tests.json.reference import mod_utf8

CHARACTERS = st.characters(exclude_categories=["Cs"]).filter(
    lambda c: mod_utf8.is_character(ord(c))
)


@given(st.text(CHARACTERS))
def test_characters_survive(text: str) -> None:
    data = text.encode().replace(b"\0", b"\xc0\x80")
    assert mod_utf8.decode(data) == text
    assert mod_utf8.decode_lossy(data) == text


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",  # a continuation byte alone
        b"\xc3",  # a sequence cut off
        b"\xe2\x82",
        b"\xc1\x80",  # longer than needed
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",  # a surrogate
        b"\xef\xb7\x90",  # noncharacters
        b"\xef\xbf\xbf",
        b"\xf0\x9f\xbf\xbe",
        b"\xf4\x90\x80\x80",  # beyond U+10FFFF
        b"\xf8\x88\x80\x80\x80",  # five bytes
        b"\xfe",
        b"\xff",
    ],
)
def test_malformed_sequences_are_refused_and_shown_as_one_replacement(data: bytes) -> None:
    with pytest.raises((UnicodeDecodeError, ValueError), match=r"noncharacter|codec"):
        mod_utf8.decode(data)
    assert mod_utf8.decode_lossy(b"a" + data + b"b") == "a\ufffdb"


def test_a_lossy_text_ends_at_nul() -> None:
    assert mod_utf8.decode_lossy(b"ab\0cd") == "ab"


@pytest.mark.parametrize(
    ("code_point", "expected"),
    [
        *[(0, True), (0x10FFFD, True), (0xFDD0, False), (0xFFFF, False), (0x1FFFE, False)],
        *[(-1, False), (0xD800, False), (0xDFFF, False), (0x110000, False), (0xFDF0, True)],
    ],
)
def test_which_code_points_are_characters(code_point: int, expected: bool) -> None:
    assert mod_utf8.is_character(code_point) is expected


def test_a_c_string_ends_at_its_nul() -> None:
    assert mod_utf8.decode_lossy(b"a\xc0\x80b\0c") == "a\0b"
