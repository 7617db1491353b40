"""A value that is encoded once is written like any other, and its text is kept."""

from __future__ import annotations

from qmp_iothreadd.json.encoded_once import EncodedOnce
from qmp_iothreadd.json.writer import message


def test_it_is_written_as_a_dictionary_and_its_text_kept() -> None:
    value = EncodedOnce(a=1, b=[None])
    assert value == {"a": 1, "b": [None]}
    assert value.encoded is None
    assert message({"return": value}) == b'{"return": {"a": 1, "b": [null]}}\r\n'
    assert value.encoded == '{"a": 1, "b": [null]}'


def test_the_text_that_is_kept_is_what_is_written() -> None:
    value = EncodedOnce(a=1)
    value.encoded = '{"a": 1, "kept": true}'
    assert message([value, value]) == b'[{"a": 1, "kept": true}, {"a": 1, "kept": true}]\r\n'


def test_it_may_be_nested_deeper_than_the_writer_recurses() -> None:
    nested: object = EncodedOnce(a=1)
    for _ in range(2000):
        nested = [nested]
    assert message(nested) == b"[" * 2000 + b'{"a": 1}' + b"]" * 2000 + b"\r\n"
