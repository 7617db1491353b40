"""Documentation's form: how long lines may be, and what stands between sentences."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.qapi.doc_format import MAX_LINE, Misformatted, first_misformatted
from qmp_iothreadd.qapi.messages import Rule

LONG = "a" * (MAX_LINE - 1)  # with "# " in front, one too many


def found(text: str) -> Misformatted | None:
    """What is found in a comment of these lines, each without its ``# ``."""
    return first_misformatted([f"# {line}".rstrip() for line in text.split("\n")])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "One.  Two.",
        "One.\nTwo.",
        "One. two",
        "Up to 1.5 GiB.  See 3.A",
        "e.g. This",
        "(e.g. This)",
        "1. First",
        "   2. Second",
        "a" * (MAX_LINE - 2),
        "a" * (MAX_LINE - 2) + "   ",
        "https://example.org/" + LONG,
        "    ftp://example.org/" + LONG,
        "::\n\n    " + LONG + "\n\n    No. Rules.",
        ".. qmp-example::\n   :title: No. Rules.\n\n     " + LONG,
        "::\n\n" + LONG,
    ],
)
def test_what_is_fine(text: str) -> None:
    assert found(text) is None


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("One. Two.", 6),
        ("One! Two.", 6),
        ("One? (Two.)", 6),
        ("One. 2", 6),
        ("12. Twelfth", 5),
        ("First 1. Second", 10),
        ("1. First. Second", 11),
        ("1. 2. Third", 7),
        ("Like e.g. This. That", 17),
        ("cte.g. This", 8),
        ("One.  Two. Three", 12),
    ],
)
def test_sentences_have_two_spaces_between_them(text: str, offset: int) -> None:
    assert found(text) == (0, Rule.DOC_SENTENCES, offset)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (LONG, 0),
        ("One.  Two.\n\n" + LONG, 2),
        ("See https://example.org/" + LONG, 0),
        ("https://example.org/ " + LONG, 0),
        ("text::\n\n    " + LONG, 2),
        ("  .. qmp-example::\n\n    " + LONG, 2),
        ("::\n\n    literal\n\n  " + LONG, 4),
        ("::\n\n    literal\nprose\n\n    " + LONG, 5),
    ],
)
def test_lines_are_not_too_long(text: str, line: int) -> None:
    assert found(text) == (line, Rule.DOC_LINE_TOO_LONG, None)


def test_a_line_that_is_wrong_in_both_ways_is_too_long() -> None:
    assert found("One. Two. " + LONG) == (0, Rule.DOC_LINE_TOO_LONG, None)


@given(st.text("ab.!? E1(eg\n", max_size=80))
def test_two_spaces_everywhere_are_always_fine(text: str) -> None:
    assert found(text.replace(" ", "  ")[: MAX_LINE - 2]) is None


@given(st.lists(st.text("ae.g!? E1( ", max_size=30), max_size=5), st.text("ab", min_size=3))
def test_the_first_line_that_is_wrong_is_found(before: list[str], word: str) -> None:
    fine = [line for line in before if found(line) is None]
    wrong = f"{word}. X"
    assert found("\n".join([*fine, wrong, wrong])) == (
        len(fine),
        Rule.DOC_SENTENCES,
        len(f"# {word}."),
    )
