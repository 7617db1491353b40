"""Lines that QEMU refuses, in its words, and lines that it accepts.

``refused.txt`` has a command line and, indented, what is said of it; ``accepted.txt`` one per line.
All begin with -M none -nodefaults -nographic. The words are those of QEMU 11.1: recorded where
there is a recording, else said by its sources and by QEMU 7.2 alike.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from qmp_iothreadd import cli

BASE = ["-M", "none", "-nodefaults", "-nographic"]
FOLDER = Path(__file__).parent


def refused() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in (FOLDER / "refused.txt").read_text().splitlines():
        if line.startswith("    "):
            command, text = found[-1]
            found[-1] = (command, f"{text}{line.strip()}\n")
        else:
            found.append((line, ""))
    return found


def said(command: str) -> str:
    try:
        config, warnings = cli.parse(["prog", *BASE, *shlex.split(command)])
    except cli.CommandLineError as error:
        return error.text
    kept = config.backend_error or config.board_error
    assert kept is not None
    return warnings + config.reporter.format_error(kept)


@pytest.mark.parametrize(("command", "text"), refused())
def test_it_is_refused(command: str, text: str) -> None:
    assert said(command) == text


@pytest.mark.parametrize("command", (FOLDER / "accepted.txt").read_text().splitlines())
def test_it_is_accepted(command: str) -> None:
    config, warnings = cli.parse(["prog", *BASE, *shlex.split(command)])
    assert (config.backend_error, config.board_error, warnings) == (None, None, "")
