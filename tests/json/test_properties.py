"""The reader against two in Python: json/reference, and fuzz/json_reference.py, which is simple."""

from __future__ import annotations

from hypothesis import example, given, strategies as st

from tests.fuzz.fuzz_json import FRAGMENTS, check, check_against_python, check_written

SIZES = st.lists(st.integers(1, 20), min_size=1, max_size=5)
NEAR_JSON = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(b"".join)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cn"])),
    lambda values: st.lists(values) | st.dictionaries(st.text("abc%\\:\0é"), values),
)


@given(NEAR_JSON, SIZES)
@example(b'{"a":1]\n{"a":1}', [3])
@example(b"foo{'a':1}{\"a\":1}", [1000])
def test_near_json_is_read_alike(data: bytes, sizes: list[int]) -> None:
    check(data, sizes)


@given(st.binary(max_size=100), SIZES)
def test_arbitrary_bytes_are_read_alike(data: bytes, sizes: list[int]) -> None:
    check(data, sizes)


@given(st.lists(NEAR_JSON | st.binary(max_size=10), max_size=5), st.integers(1, 1000))
def test_lines_with_messages_between_are_read_alike(lines: list[bytes], size: int) -> None:
    message = b'{"execute": "qom-get", "arguments": {"path": "/"}, "id": 1}\r\n'
    check(message.join([*lines, b""]), [size])


@given(VALUES)
def test_what_is_written_reads_as_the_same(value: object) -> None:
    check_written(value)


LIMITS = st.tuples(st.integers(1, 40), st.integers(1, 12), st.integers(1, 5))


@given(NEAR_JSON, SIZES, LIMITS | st.none(), st.none() | st.integers(1, 5), st.booleans())
@example(b"184467440737095516160e2}", [100], None, None, False)
@example(b"[aaaaaaaaabc 1 ", [1], (8, 9, 9), None, True)
def test_near_json_is_read_as_by_the_reader_in_python(
    data: bytes,
    sizes: list[int],
    limits: tuple[int, int, int] | None,
    tokens: int | None,
    ends: bool,
) -> None:
    check_against_python(data, sizes, limits, tokens, ends=ends)
