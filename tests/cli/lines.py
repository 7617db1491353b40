"""What a command line asks for, or what is said of it."""

from __future__ import annotations

import pytest

from qmp_iothreadd import cli
from qmp_iothreadd.cli.command_line import Finished
from qmp_iothreadd.daemon.config import Config

BASE = ["-M", "none", "-nodefaults", "-nographic"]


def parse(*arguments: str, program: str = "/usr/bin/prog") -> Config:
    config, warnings = cli.parse([program, *BASE, *arguments])
    assert warnings == ""
    assert config.backend_error is None
    assert config.board_error is None
    return config


def said(*arguments: str) -> str:
    """Everything on standard error, of a command line that is refused."""
    try:
        config, warnings = cli.parse(["/usr/bin/prog", *BASE, *arguments])
    except cli.CommandLineError as error:
        return error.text
    kept = config.backend_error or config.board_error
    assert kept is not None
    return warnings + config.reporter.format_error(kept)


def printed(*arguments: str) -> tuple[int, str]:
    with pytest.raises(Finished) as caught:
        cli.parse(["prog", *arguments])
    return caught.value.status, caught.value.text
