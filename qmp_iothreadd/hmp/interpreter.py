"""One line of the human monitor: find its command, read the arguments, run it, say how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.hmp import arguments, messages
from qmp_iothreadd.hmp.all_commands import COMMANDS
from qmp_iothreadd.hmp.arguments import FormatMemory
from qmp_iothreadd.hmp.registry import HMPCommand, find
from qmp_iothreadd.hmp.text import SPACE, skip_space
from qmp_iothreadd.qmp.registry import Context

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

# The last format of numbers is remembered across commands and monitors.
_formats: Final[WeakKeyDictionary[Machine, FormatMemory]] = WeakKeyDictionary()


def execute(ctx: Context, line: str) -> str:
    """Run a line; returns what it prints, also where it fails, with LF at the ends of lines.

    Both the line and the text are as ``text`` describes it.
    """
    name_end, command = _find_command(line)
    if command is None:
        if skip_space(line, 0) == len(line):
            return ""
        return _printed(messages.unknown_command(line[:name_end]))
    if ctx.machine.preconfig and not command.preconfig:
        return _printed(messages.not_before_machine(line[:name_end]))
    start = skip_space(line, name_end)
    memory = _formats.setdefault(ctx.machine, FormatMemory())
    try:
        values = arguments.parse(command.names, command.args, line[start:], memory)
    except messages.ArgumentError as error:
        return _printed(str(error)) + _printed(messages.try_help(line[:start].rstrip(SPACE)))
    try:
        return command.function(ctx, **values) or ""
    except QmpError as error:
        hint = _printed(error.hint) if error.hint else ""
        return _printed(messages.failure(error.desc)) + hint


def _find_command(line: str) -> tuple[int, HMPCommand | None]:
    """Where the name of the command, or of its sub-command, ends in the line, and which it is."""
    among = COMMANDS
    position = 0
    while True:
        start = skip_space(line, position)
        end = start
        while end < len(line) and line[end] != "/" and line[end] not in SPACE:
            end += 1
        found = find(among, line[start:end])
        if found is None or not found.sub_commands or skip_space(line, end) == len(line):
            return end, found
        among, position = found.sub_commands, end


def _printed(text: str) -> str:
    return f"{text}\n".partition(messages.NUL)[0]
