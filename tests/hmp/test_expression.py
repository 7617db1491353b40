"""Integer expressions of the human monitor, as QEMU's print evaluates them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.hmp.expression import evaluate
from qmp_iothreadd.hmp.messages import ArgumentError

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1+2", 3),
        ("0x10*3", 0x30),
        ("010", 8),
        ("0", 0),
        ("0b101", 5),
        ("1+2*3", 7),
        ("1|2+4", 7),
        ("6&3+1", 3),
        ("2+1|2*3", 9),
        ("-7/2", -3),
        ("-7%2", -1),
        ("7%-2", 1),
        ("  ( 3 )*- 2", -6),
        ("--1", 1),
        ("1--1", 2),
        ("-~+1", 2),
        ("-(1+2)*2", -6),
        ("~0", -1),
        ("'a'", 97),
        ("' '", 32),
        ("'''", 39),
        ("'a'+1", 98),
        ("6^3", 5),
        ("10-4-3", 3),
        ("100/10/5", 2),
        ("((((1))))+1", 2),
        ("9223372036854775807+1", INT64_MIN),
        ("18446744073709551615", -1),
        ("9223372036854775808", INT64_MIN),
        ("-9223372036854775808/-1", INT64_MIN),
        ("-9223372036854775808%-1", 0),
        ("0x7fffffffffffffff*2", -2),
    ],
)
def test_value_is_qemus(text: str, value: int) -> None:
    assert evaluate(text) == (value, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unexpected end of expression"),
        ("  ", "unexpected end of expression"),
        ("5-", "unexpected end of expression"),
        ("+", "unexpected end of expression"),
        ("1/0", "division by zero"),
        ("1%0", "division by zero"),
        ("1/0foo", "division by zero"),
        ("(1/0", "division by zero"),
        ("$pc", "unknown register"),
        ("$", "unknown register"),
        ("(1", "')' expected"),
        ("(1 2)", "')' expected"),
        ("1+ (2", "')' expected"),
        ("foo", "invalid char 'f' in expression"),
        ("1&&1", "invalid char '&' in expression"),
        ("!1", "invalid char '!' in expression"),
        ("()", "invalid char ')' in expression"),
        ("é", "invalid char '\ufffd' in expression"),
        ("'", "character constant expected"),
        ("'a", "missing terminating ' character"),
        ("'ab'", "missing terminating ' character"),
        ("''", "missing terminating ' character"),
        ("'é'", "missing terminating ' character"),
        ("18446744073709551616", "number too large"),
        ("1" * 10000, "number too large"),
    ],
)
def test_message_is_qemus(text: str, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        evaluate(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "value", "rest"),
    [
        ("1)", 1, ")"),
        ("1 2", 1, "2"),
        ("08", 0, "8"),
        ("0x", 0, "x"),
        ("0xg", 0, "xg"),
        ("1<<2", 1, "<<2"),
        ("1é", 1, "é"),
        ("1+2 foo", 3, "foo"),
    ],
)
def test_what_follows_is_left(text: str, value: int, rest: str) -> None:
    assert evaluate(text) == (value, rest)


def test_depth_is_not_limited() -> None:
    assert evaluate("(" * 100_000 + "1" + ")" * 100_000) == (1, "")
    assert evaluate("-" * 100_001 + "1") == (-1, "")


def test_long_sums_take_linear_time() -> None:
    assert evaluate("1+" * 100_000 + "1") == (100_001, "")


@given(st.text(alphabet="0123456789+-*/%&|^~()' xab$", max_size=40))
def test_any_text_has_a_value_or_a_message(text: str) -> None:
    with contextlib.suppress(ArgumentError):
        value, rest = evaluate(text)
        assert INT64_MIN <= value <= INT64_MAX
        assert text.endswith(rest)


def _expressions() -> st.SearchStrategy[str]:
    """Expressions without division, fully parenthesised, so that Python's value can be compared."""
    literals = st.integers(0, 2**64 - 1).map(hex)
    return st.recursive(
        literals,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*&|^"), inner).map(
                lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
            ),
            st.tuples(st.sampled_from("+-~"), inner).map("".join),
        ),
        max_leaves=12,
    )


@given(_expressions())
def test_parenthesised_expressions_agree_with_python_modulo_2_64(text: str) -> None:
    value, rest = evaluate(text)
    assert rest == ""
    assert (value - eval(text)) % 2**64 == 0
