"""A terminal hands over keys while a monitor has it, and is as before afterwards."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator

import pytest

from qmp_iothreadd.chardev.terminal import set_terminal


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The side of a person who types, and the terminal."""
    keyboard, terminal = os.openpty()
    yield keyboard, terminal
    os.close(keyboard)
    os.close(terminal)


def test_each_key_comes_at_once_as_it_is_and_is_not_shown(terminal: tuple[int, int]) -> None:
    keyboard, fd = terminal
    os.set_blocking(keyboard, False)
    restore = set_terminal(fd, keys=True)
    os.write(keyboard, b"a\r\x11")
    assert os.read(fd, 10) == b"a\r\x11"
    with pytest.raises(BlockingIOError):
        os.read(keyboard, 10)
    restore()


def test_afterwards_it_is_as_before(terminal: tuple[int, int]) -> None:
    _, fd = terminal
    before = termios.tcgetattr(fd)
    restore = set_terminal(fd, keys=True)
    assert termios.tcgetattr(fd) != before
    restore()
    assert termios.tcgetattr(fd) == before


def test_keys_that_raise_signals_still_do(terminal: tuple[int, int]) -> None:
    _, fd = terminal
    restore = set_terminal(fd, keys=True)
    assert termios.tcgetattr(fd)[3] & termios.ISIG
    restore()


@pytest.mark.parametrize("keys", [True, False])
def test_they_do_not_where_it_is_to_have_them(terminal: tuple[int, int], keys: bool) -> None:
    keyboard, fd = terminal
    restore = set_terminal(fd, keys=keys, signals=False)
    os.write(keyboard, b"\x03\n")
    assert os.read(fd, 10) == b"\x03\n"
    assert bool(termios.tcgetattr(fd)[3] & termios.ECHO) is not keys
    restore()


def test_what_is_no_terminal_is_left_alone() -> None:
    reader, writer = os.pipe()
    set_terminal(reader, keys=True, signals=False)()
    os.close(reader)
    os.close(writer)
