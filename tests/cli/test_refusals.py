"""Lines that QEMU refuses or warns of, in its words, and lines that it accepts.

``refused.txt`` and ``warned.txt`` have a command line and, indented, what is said of it;
``accepted.txt`` has one per line.
All begin with -M none -nodefaults -nographic. The heads of the files say where the words are from.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from qmp_iothreadd import cli
from tests.cli.lines import BASE, said

FOLDER = Path(__file__).parent


def lines(name: str) -> list[str]:
    """The lines of a file that are no comments."""
    text = (FOLDER / name).read_text()
    return [line for line in text.splitlines() if not line.startswith("#")]


def answered(name: str) -> list[tuple[str, str]]:
    """The command lines of a file, each with what is said of it."""
    found: list[tuple[str, str]] = []
    for line in lines(name):
        if line.startswith("    "):
            command, text = found[-1]
            found[-1] = (command, f"{text}{line.strip()}\n")
        else:
            found.append((line, ""))
    return found


@pytest.mark.parametrize(("command", "text"), answered("refused.txt"))
def test_it_is_refused(command: str, text: str) -> None:
    assert said(*shlex.split(command)) == text


@pytest.mark.parametrize(("command", "text"), answered("warned.txt"))
def test_it_is_warned_of(command: str, text: str) -> None:
    config, warnings = cli.parse(["prog", *BASE, *shlex.split(command)])
    assert (config.backend_error, config.board_error) == (None, None)
    assert warnings == text


@pytest.mark.parametrize("command", lines("accepted.txt"))
def test_it_is_accepted(command: str) -> None:
    config, warnings = cli.parse(["prog", *BASE, *shlex.split(command)])
    assert (config.backend_error, config.board_error, warnings) == (None, None, "")


@pytest.mark.parametrize("options", ["set=-1", "set=9223372036854775808", "opaque=x"])
def test_a_descriptor_needs_a_set(options: str) -> None:
    fd = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(fd, True)  # as what is handed over
    option = f"fd={fd},{options}"
    try:
        assert said(*BASE, "-add-fd", option) == (
            f"prog: -add-fd {option}: set option is required and must be non-negative\n"
        )
    finally:
        os.close(fd)
