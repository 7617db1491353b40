"""The monitor about itself: ``help``, which lists the commands."""

from __future__ import annotations

from qmp_iothreadd.hmp import arguments, messages
from qmp_iothreadd.hmp.registry import COMMANDS, HMPCommand, available, find, hmp_command
from qmp_iothreadd.qmp.registry import Context


@hmp_command(
    "help|?",
    "name:S?",
    params="[cmd]",
    help="show the help",
    completes=("command",),
    preconfig=True,
)
def show_help(ctx: Context, name: str | None) -> str:
    """What the command does that ``name`` names (``info name`` is two words), or all of them."""
    words = arguments.words(name or "")
    return "" if words is None else describe(words, preconfig=ctx.machine.preconfig)


def describe(words: list[str], *, preconfig: bool = False) -> str:
    """A line for the command that the words name, or for each below it."""
    commands = available(COMMANDS, preconfig=preconfig)
    for position, word in enumerate(words):
        found = find(commands, word)
        if found is None:
            return messages.unknown_command(" ".join(words[: position + 1])) + "\n"
        if not found.sub_commands:
            return _line(words[:position], found)
        commands = available(found.sub_commands, preconfig=preconfig)
    return "".join([_line(words, command) for command in commands])


def _line(above: list[str], command: HMPCommand) -> str:
    return f"{' '.join([*above, command.names])} {command.params} -- {command.help}\n"
