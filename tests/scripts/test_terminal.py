"""Tables and progress of the measuring scripts."""

from __future__ import annotations

import pytest
from benchlib.terminal import Progress, table

HEAD = ("", "ours [1]", "ratio")
ROWS = [("time", "1.2 µs", "0.31 (3.23× faster)"), ("p̄50, a long title", "–", "")]


def test_a_table_for_markdown() -> None:
    assert table(HEAD, ROWS, markdown=True).splitlines() == [
        "|  | ours [1] | ratio |",
        "| --- | ---: | ---: |",
        "| time | 1.2 µs | 0.31 (3.23× faster) |",
        "| p̄50, a long title | – |  |",
    ]


def test_a_table_for_a_terminal_has_its_figures_to_the_right() -> None:
    head, rule, first, second = table(HEAD, ROWS).splitlines()
    assert head.endswith("ratio")
    assert set(rule) == {"─"}
    assert first.index("1.2 µs") + len("1.2 µs") == head.index("ours [1]") + len("ours [1]")
    assert first.endswith("0.31 (3.23× faster)")
    assert second.endswith("–")


def test_a_wide_table_is_not_folded() -> None:
    assert len(table(("x" * 300, "y" * 300), [("1", "2")]).splitlines()) == 3


def test_progress_is_not_shown_where_there_is_no_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Progress(2) as progress:
        progress.step("one")
        progress.step("two")
    assert capfd.readouterr() == ("", "")
