"""A terminal hands over keys while a monitor has it, and is as before afterwards."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator

import pytest

from qmp_iothreadd.chardev.terminal import deliver_keys


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
    restore = deliver_keys(fd)
    os.write(keyboard, b"a\r\x11")
    assert os.read(fd, 10) == b"a\r\x11"
    with pytest.raises(BlockingIOError):
        os.read(keyboard, 10)
    restore()


def test_afterwards_it_is_as_before(terminal: tuple[int, int]) -> None:
    _, fd = terminal
    before = termios.tcgetattr(fd)
    restore = deliver_keys(fd)
    assert termios.tcgetattr(fd) != before
    restore()
    assert termios.tcgetattr(fd) == before


def test_keys_that_raise_signals_still_do(terminal: tuple[int, int]) -> None:
    _, fd = terminal
    restore = deliver_keys(fd)
    assert termios.tcgetattr(fd)[3] & termios.ISIG
    restore()


def test_what_is_no_terminal_is_left_alone() -> None:
    reader, writer = os.pipe()
    deliver_keys(reader)()
    os.close(reader)
    os.close(writer)
