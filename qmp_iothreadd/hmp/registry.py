"""The human monitor's commands: functions, registered with what ``help`` says of them."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

HMPFunction = Callable[..., str | None]
_F = TypeVar("_F", bound=HMPFunction)


class HMPCommand(NamedTuple):
    """A command as ``hmp_command`` describes it.

    ``preconfig``: it is there before the machine is, see -preconfig. ``sub_commands``: those that
    are called by two words, of which the first is this one's.
    """

    names: str
    args: str
    params: str
    help: str
    completes: tuple[str, ...]
    preconfig: bool
    function: HMPFunction
    sub_commands: list[HMPCommand]

    def is_called(self, name: str) -> bool:
        """Whether ``name`` is one of the alternatives."""
        return name in self.names.split("|")


COMMANDS: Final[list[HMPCommand]] = []
"""Sorted by name, as QEMU's human monitor lists them."""


def find(commands: list[HMPCommand], name: str) -> HMPCommand | None:
    """The command of this name, or None."""
    return next((command for command in commands if command.is_called(name)), None)


def available(commands: list[HMPCommand], *, preconfig: bool) -> list[HMPCommand]:
    """Those that can be had now, ``preconfig``: before the machine is there."""
    return [each for each in commands if each.preconfig] if preconfig else commands


def hmp_command(
    names: str,
    args: str = "",
    *,
    params: str = "",
    help: str,
    completes: tuple[str, ...] = (),
    preconfig: bool = False,
) -> Callable[[_F], _F]:
    """Register a function under the name, or the names separated by ``|``, that people type.

    A name of two words, ``info block``, is a sub-command of the first, which is registered before.
    ``args``: what the function takes, see ``arguments``. ``params`` and ``help`` are for people to
    read. ``completes``: what TAB offers for each argument, see ``completion``.
    ``preconfig``: it can be had before the machine is there.

    The function is called with a ``Context`` and the arguments as keywords; it returns the text to
    print, None where there is none, and fails by raising ``QmpError``.

    Raises:
        LookupError: the first of two words is no command.
    """
    *above, names = names.split(" ")

    def register(function: _F) -> _F:
        commands = COMMANDS
        for word in above:
            parent = find(commands, word)
            if parent is None:
                raise LookupError(word)
            commands = parent.sub_commands
        command = HMPCommand(names, args, params, help, completes, preconfig, function, [])
        insort(commands, command, key=attrgetter("names"))
        return function

    return register
