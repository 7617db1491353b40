"""Numbers in options, read as strtoll, strtoull and QEMU's strtosz read them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.qom import c_numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("42", 42),
        ("-42", -42),
        ("+7", 7),
        ("0x10", 16),
        ("-0X10", -16),
        ("010", 8),
        ("0b11", 3),
        (" \t\n5", 5),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("0" * 200 + "7", 7),
    ],
)
def test_int64_takes(text: str, value: int) -> None:
    assert c_numbers.int64(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x",
        "5x",
        "5 ",
        "08",
        "0x",
        "0b2",
        "--1",
        "1.0",
        "1e3",
        "1k",
        "+",
        "9223372036854775808",
    ],
)
def test_int64_refuses(text: str) -> None:
    assert c_numbers.int64(text) is None


def test_uint64_negates_modulo_2_to_the_64() -> None:
    assert c_numbers.uint64("-1") == 2**64 - 1
    assert c_numbers.uint64("-18446744073709551615") == 1
    assert c_numbers.uint64("18446744073709551615") == 2**64 - 1
    assert c_numbers.uint64("18446744073709551616") is None
    assert c_numbers.uint64("-18446744073709551616") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1024", 1024),
        ("1k", 1024),
        ("1K", 1024),
        ("7B", 7),
        ("1.5M", 3 << 19),
        (".5k", 512),
        ("1.k", 1024),
        ("2G", 2 << 30),
        ("1T", 1 << 40),
        ("1P", 1 << 50),
        ("1E", 1 << 60),
        ("0x10", 16),
        ("0x10k", 16384),
        ("010", 10),
    ],
)
def test_size_takes(text: str, value: int) -> None:
    assert c_numbers.size(text) == value


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "1kk", "1e3", "16E", "k", "1 k", "1k "])
def test_size_refuses(text: str) -> None:
    assert c_numbers.size(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("-2.5", -2.5), ("1e3", 1000.0), (".5", 0.5), ("0x1p4", 16.0), ("0x.8", 0.5)],
)
def test_number_takes(text: str, value: float) -> None:
    assert c_numbers.number(text) == value


@pytest.mark.parametrize("text", ["", "x", "inf", "nan", "1e400", "1x", "1_000", "0x1p99999"])
def test_number_refuses(text: str) -> None:
    assert c_numbers.number(text) is None


def test_boolean_has_four_words_for_each() -> None:
    assert [c_numbers.boolean(word) for word in ("on", "yes", "true", "y")] == [True] * 4
    assert [c_numbers.boolean(word) for word in ("off", "no", "false", "n")] == [False] * 4
    assert [c_numbers.boolean(word) for word in ("", "On", "1", "0", "t")] == [None] * 5


def test_scan_says_where_the_number_ends() -> None:
    assert c_numbers.scan("12-34", 3) == (34, 5)
    assert c_numbers.scan("12-34") == (12, 2)
    assert c_numbers.scan("0xg") == (0, 1)
    assert c_numbers.scan("g") is None


def test_a_long_number_is_refused_at_once() -> None:
    assert c_numbers.int64("9" * 1_000_000) is None
    assert c_numbers.size("9" * 1_000_000) is None


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["{}", "{:#x}", "{:#b}"]))
def test_every_int64_is_read_back(value: int, form: str) -> None:
    assert c_numbers.int64(form.format(value)) == value
