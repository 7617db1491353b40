"""Base64, as QEMU and GLib read it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.json.base64_text import decode


@given(st.binary())
def test_what_was_encoded_is_decoded(data: bytes) -> None:
    assert decode(base64.b64encode(data).decode()) == data
    assert decode(base64.encodebytes(data).decode()) == data  # with LF in it


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        ("YQ", b""),
        ("YWJjZ", b"abc"),
        ("Y\nQ\n=\n=", b"a"),
        ("YQ==YQ==", b"aa"),
        ("YQ=A", b"a\0"),
        ("====", b"\0"),
        ("=Q=B", b"\x01\x01"),
    ],
)
def test_what_is_not_complete_is_dropped_and_an_equals_sign_is_allowed_anywhere(
    text: str, data: bytes
) -> None:
    assert decode(text) == data


@pytest.mark.parametrize("text", ["Y?==", "YQ ==", "YQ==\0", "é", "\r\n"])
def test_other_characters_are_refused(text: str) -> None:
    with pytest.raises(QmpError, match="Base64 data contains invalid characters"):
        decode(text)


@given(st.text(alphabet="AQz+/=\n"))
def test_any_text_of_its_characters_is_read(text: str) -> None:
    assert len(decode(text)) <= len(text.replace("\n", "")) // 4 * 3
