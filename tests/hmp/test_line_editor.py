"""The line editor by itself. The sequences are those that QEMU's monitor sends to a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.hmp.line_editor import HISTORY_MAX, LINE_MAX, LineEditor

WORDS = [b"stop", b"system_powerdown", b"system_reset", b"dir/", b"caf\xc3\xa9"]


def complete(line: bytes) -> tuple[int, list[bytes]]:
    word = line.rpartition(b" ")[2]
    return len(word), [each for each in WORDS if each.startswith(word)]


def new_editor() -> LineEditor:
    return LineEditor(b"> ", complete)


def press(editor: LineEditor, keys: bytes) -> list[bytes]:
    """The lines that the keys complete, each shown its prompt."""
    lines = []
    for key in keys:
        line = editor.feed(key)
        if line is not None:
            lines.append(line)
            editor.prompt()
    return lines


def shown(keys: bytes, before: bytes = b"") -> bytes:
    """What the terminal gets for ``keys``, after ``before`` was typed."""
    editor = new_editor()
    press(editor, before)
    editor.output.clear()
    press(editor, keys)
    return bytes(editor.output)


UP, DOWN, RIGHT, LEFT = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D"


def test_each_key_redraws_the_line() -> None:
    assert shown(b"ab") == b"a\x1b[K" + b"\x1b[Dab\x1b[K"
    assert shown(b"\x7f", before=b"ab") == b"\x1b[D\x1b[Da\x1b[K"


def test_moving_the_cursor_redraws_nothing() -> None:
    assert shown(LEFT * 2 + RIGHT, before=b"ab") == b"\x1b[D\x1b[D\x1b[C"
    assert shown(b"\x01\x05", before=b"ab") == b"\x1b[D\x1b[D\x1b[C\x1b[C"
    assert shown(RIGHT + LEFT * 5, before=b"a") == b"\x1b[D"


def test_a_key_in_the_middle_puts_the_cursor_back() -> None:
    assert shown(b"x", before=b"ab" + LEFT) == b"\x1b[Daxb\x1b[K\x1b[D"


def test_enter_ends_the_line_wherever_the_cursor_is() -> None:
    editor = new_editor()
    assert press(editor, b"ab" + LEFT + b"\rc\n\r") == [b"ab", b"c", b""]
    assert editor.output.endswith(b"c\x1b[K\r\n> \r\n> ")


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (b"ab\x08c", b"ac"),
        (b"ab\x01\x04", b"b"),
        (b"ab\x01\x1b[3~", b"b"),
        (b"ab\x1b[1~x\x1b[4~y", b"xaby"),
        (b"ab\x1bOHx\x1bOFy", b"xaby"),
        (b"foo bar  baz\x17", b"foo bar  "),
        (b"foo bar  baz\x17\x17", b"foo "),
        (b"foo bar  \x17\x17\x17", b""),
        (b" \x17", b""),
        (b"a b\x1b[D\x17", b"b"),
        (b"a b\x1b[D\x15", b"b"),
        (b"a\x00\x02\x03\x0b\x1ab", b"ab"),
        (b"\xc3\xa9\x08", b"\xc3"),
        (b"ab\x9bDx", b"axb"),
        (b"ab\x1bxc", b"abc"),
        (b"ab\x1b[xc", b"abc"),
        (b"ab\x1b[12345678901~c", b"abc"),
        (b"ab\x1bOAc", b"abc"),
        (b"ab\x1b\x1b[D", b"ab[D"),
    ],
)
def test_editing(keys: bytes, line: bytes) -> None:
    assert press(new_editor(), keys + b"\r") == [line]


def test_enter_inside_an_escape_sequence_is_part_of_it() -> None:
    assert press(new_editor(), b"a\x1b\rb\x1b[\nc\r") == [b"abc"]


def test_clearing_the_screen_keeps_the_line() -> None:
    assert shown(b"\x0c", before=b"ab" + LEFT) == b"\x1b[2J\x1b[1;1H> ab\x1b[K\x1b[D"


def test_a_line_has_a_limit() -> None:
    [line] = press(new_editor(), b"x" * (LINE_MAX + 5) + b"\r")
    assert len(line) == LINE_MAX


# -- History --------------------------------------------------------------------------------------


def test_history_goes_up_and_down_again() -> None:
    editor = new_editor()
    press(editor, b"one\rtwo\r")
    assert press(editor, UP + UP + UP + b"\r") == [b"one"]
    assert editor.history.lines == [b"two", b"one"]
    assert press(editor, UP + UP + DOWN + DOWN + b"\r") == [b""]
    assert press(editor, b"\x10\x10\x0e\r") == [b"one"]
    assert press(editor, b"\x1b[F\x1b[F\x1b[E\r") == [b"one"]


def test_history_is_empty_at_first() -> None:
    assert press(new_editor(), UP + DOWN + b"a\r") == [b"a"]


def test_a_line_is_remembered_once_and_an_empty_one_never() -> None:
    editor = new_editor()
    press(editor, b"one\rtwo\r\rone\r")
    assert editor.history.lines == [b"two", b"one"]


def test_an_old_line_that_was_edited_is_a_new_one() -> None:
    editor = new_editor()
    press(editor, b"one\rtwo\r" + UP + UP + b"x\r")
    assert editor.history.lines == [b"one", b"two", b"onex"]


def test_history_forgets_the_oldest() -> None:
    editor = new_editor()
    press(editor, b"".join([b"%d\r" % number for number in range(HISTORY_MAX + 2)]))
    assert len(editor.history.lines) == HISTORY_MAX
    assert editor.history.lines[0] == b"2"


def test_history_outlives_the_editor_with_its_place() -> None:
    editor = new_editor()
    press(editor, b"one\rtwo\rthree\r" + UP)
    following = LineEditor(b"> ", complete, editor.history)
    assert press(following, UP + b"\r") == [b"two"]


def test_repeating_the_latest_line_of_a_full_history_stays_there() -> None:
    editor = new_editor()
    press(editor, b"".join([b"%d\r" % number for number in range(HISTORY_MAX)]))
    assert press(editor, UP + b"\r" + UP + b"\r") == [b"63", b"62"]


# -- Completion -----------------------------------------------------------------------------------


def test_the_only_completion_is_typed_with_a_space_after_it() -> None:
    assert press(new_editor(), b"st\tx\r") == [b"stop x"]
    assert press(new_editor(), b"di\tx\r") == [b"dir/x"]
    assert press(new_editor(), b"st y" + LEFT * 2 + b"\t\r") == [b"stop  y"]


def test_several_completions_are_listed_and_typed_as_far_as_they_agree() -> None:
    assert shown(b"\t", before=b"sy") == (
        b"\r\nsystem_powerdown  system_reset      \r\n> system_\x1b[K"
    )
    assert press(new_editor(), b"sy\tr\t\r") == [b"system_reset "]


def test_no_completion_changes_nothing() -> None:
    assert shown(b"\t", before=b"x") == b""


def test_columns_are_as_wide_as_the_longest_word_and_fit_the_screen() -> None:
    editor = LineEditor(b"> ", lambda line: (0, [b"b" * 30, b"a", b"c", b"c"]))
    press(editor, b"\t")
    rows = bytes(editor.output).split(b"\r\n")
    assert rows[1] == b"a".ljust(32) + (b"b" * 30).ljust(32)
    assert rows[2] == b"c".ljust(32)


def test_completions_are_limited_in_number() -> None:
    editor = LineEditor(b"> ", lambda line: (0, [b"%04d" % each for each in range(1000)]))
    press(editor, b"\t")
    assert bytes(editor.output).count(b"0") < 1000


@given(st.lists(st.one_of(st.binary(max_size=8), st.sampled_from([UP, DOWN, b"st\t", b"\r"]))))
def test_any_keys_keep_the_cursor_in_the_line(chunks: list[bytes]) -> None:
    editor = new_editor()
    lines = press(editor, b"".join(chunks))
    assert all(len(line) <= LINE_MAX and b"\r" not in line for line in lines)
    assert len(editor.history.lines) <= HISTORY_MAX
    assert len(set(editor.history.lines)) == len(editor.history.lines)
    editor.output.clear()
    press(editor, b"\x18")  # no key: there is nothing left to show
    assert editor.output == b""
