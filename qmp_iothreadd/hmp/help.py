"""``help``: what commands there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qmp_iothreadd.hmp import arguments, messages

if TYPE_CHECKING:
    from qmp_iothreadd.hmp.table import HMPCommand


def show_help(table: Sequence[HMPCommand], topic: str | None) -> str:
    """What the command does that ``topic`` names (``info name`` is two words), or all of them."""
    words = arguments.words(topic or "")
    if words is None:
        return ""
    path: list[str] = []
    for word in words:
        found = next((row for row in table if row.is_called(word)), None)
        if found is None:
            return messages.unknown_command(" ".join([*path, word])) + "\n"
        if not found.sub_commands:
            return _line(path, found)
        path.append(word)
        table = found.sub_commands
    return "".join([_line(path, row) for row in table])


def _line(path: list[str], row: HMPCommand) -> str:
    return f"{' '.join([*path, row.names])} {row.params} -- {row.help}\n"
