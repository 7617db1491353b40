"""A terminal under the line editor."""

from __future__ import annotations

import os
import pty
import termios
from collections.abc import Iterator

import pytest

from qmp_iothreadd.chardev.terminal import set_terminal


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The keyboard's and the program's end."""
    keyboard, program = pty.openpty()
    yield keyboard, program
    os.close(keyboard)
    os.close(program)


def test_keys_arrive_one_by_one_and_unseen(terminal: tuple[int, int]) -> None:
    keyboard, program = terminal
    restore = set_terminal(program, keys=True)
    os.write(keyboard, b"x")
    assert os.read(program, 10) == b"x"
    os.write(keyboard, b"\r\x0e\x16")
    assert os.read(program, 10) == b"\r\x0e\x16"
    os.write(program, b"shown")
    assert os.read(keyboard, 10) == b"shown"
    restore()


def test_the_terminal_is_put_back_as_it_was(terminal: tuple[int, int]) -> None:
    _, program = terminal
    before = termios.tcgetattr(program)
    restore = set_terminal(program, keys=True)
    assert termios.tcgetattr(program) != before
    restore()
    assert termios.tcgetattr(program) == before


def test_what_is_no_terminal_is_left_alone() -> None:
    read, write = os.pipe()
    try:
        set_terminal(read, keys=True)()
    finally:
        os.close(read)
        os.close(write)
