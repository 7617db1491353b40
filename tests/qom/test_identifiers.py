"""Ids."""

from __future__ import annotations

from hypothesis import given, strategies as st

from qmp_iothreadd.qom.identifiers import is_identifier


@given(st.text("abzAZ019.-_é²٣ \n", max_size=6))
def test_an_id_is_a_letter_then_letters_digits_and_punctuation(text: str) -> None:
    expected = (
        text != ""
        and text[0] in "abzAZ"
        and all(character in "abzAZ019.-_" for character in text[1:])
    )
    assert is_identifier(text) == expected


def test_an_id_may_be_long() -> None:
    assert is_identifier("A.b-c_9" * 10_000)
