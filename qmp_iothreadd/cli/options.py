"""The table of options: found by name, one group after the other.

The command line's parser, :mod:`~qmp_iothreadd.cli.help`, and the man page and completion of
:mod:`~qmp_iothreadd.cli.pages` all read this table. A group's module is loaded with the first name
that those before it do not have: the options of most command lines are in the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import cast

from qmp_iothreadd.cli.option import Option

GROUPS = {
    "monitors": "Monitors and character devices",
    "objects": "Objects and run state",
    "process": "Process",
    "machine": "Machine",
    "devices": "Devices and what is behind them",
    "displays": "Displays and sound",
    "debug": "Debugging",
    "own": "Not QEMU's",
}
"""The modules of :mod:`qmp_iothreadd.cli.groups`, with the titles of what they have."""

OWN = "own"
"""The group of the options that QEMU does not have."""


def group_options(group: str) -> tuple[Option, ...]:
    """The rows of a group."""
    module = import_module(f"qmp_iothreadd.cli.groups.{group}")
    return cast("tuple[Option, ...]", module.OPTIONS)


def all_options() -> Iterator[Option]:
    """Every row of the table."""
    for group in GROUPS:
        yield from group_options(group)


def find_option(name: str) -> Option | None:
    """The option of this name, which has no dashes."""
    for option in all_options():
        if name in option.names.split():
            return option
    return None
