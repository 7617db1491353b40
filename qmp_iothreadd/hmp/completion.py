"""What TAB offers: the words that the last word of a line may become."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qmp_iothreadd.hmp import arguments
from qmp_iothreadd.hmp.all_commands import COMMANDS
from qmp_iothreadd.hmp.registry import HMPCommand, available, find
from qmp_iothreadd.hmp.text import SPACE
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


def completions(machine: Machine, line: str) -> tuple[str, list[str]]:
    """The last word as it was typed so far, and the words that it may become there."""
    words = arguments.words(line)
    if words is None:
        return "", []
    if not words or line[-1] in SPACE:
        if len(words) >= arguments.WORDS_MAX:
            return "", []
        words.append("")
    commands = available(COMMANDS, preconfig=machine.preconfig)
    return words[-1], [
        word for word in _last_words(machine, commands, words) if word.startswith(words[-1])
    ]


def _last_words(machine: Machine, among: list[HMPCommand], words: list[str]) -> Iterable[str]:
    """The words that may stand last, where ``words`` begin with a command of those ``among``."""
    if len(words) == 1:
        return [name for command in among for name in command.names.split("|")]
    command = find(among, words[0])
    if command is None:
        return ()
    if command.sub_commands:
        below = available(command.sub_commands, preconfig=machine.preconfig)
        return _last_words(machine, below, words[1:])
    if command.completes == ("command",):
        commands = available(COMMANDS, preconfig=machine.preconfig)
        return _last_words(machine, commands, words[1:])
    given = [word for word in words[1:-1] if not word.startswith("-")]
    if len(given) >= len(command.completes):
        return ()
    return _KINDS[command.completes[len(given)]](machine, given, words[-1])


def _types(machine: Machine, given: list[str], word: str) -> Iterable[str]:
    return [
        each.name for each in machine.types if not each.abstract and each.implements(USER_CREATABLE)
    ]


def _objects(machine: Machine, given: list[str], word: str) -> Iterable[str]:
    return machine.tree.objects.children or ()


def _paths(machine: Machine, given: list[str], word: str) -> Iterable[str]:
    """Paths one step further; those that go on end with a slash."""
    above, slash, _ = word.rpartition("/")
    parent, _ = machine.tree.resolve(above + slash) if slash else (machine.tree.root, False)
    children = parent.children if parent is not None else None
    return [
        f"{above}/{name}{'/' if child.children else ''}" for name, child in (children or {}).items()
    ]


def _properties(machine: Machine, given: list[str], word: str) -> Iterable[str]:
    found, _ = machine.tree.resolve(given[0])
    return [prop.name for prop in found.properties()] if found is not None else ()


def _chardev_backends(machine: Machine, given: list[str], word: str) -> Iterable[str]:
    from qmp_iothreadd.chardev.options import BACKENDS

    return BACKENDS


def _chardevs(machine: Machine, given: list[str], word: str) -> Iterable[str]:
    return [chardev.name for chardev in machine.chardevs.listed()]


def _ringbufs(machine: Machine, given: list[str], word: str) -> Iterable[str]:
    from qmp_iothreadd.commands.ringbuf import ring_of

    return [chardev.name for chardev in machine.chardevs.listed() if ring_of(chardev) is not None]


_KINDS: dict[str, Callable[[Machine, list[str], str], Iterable[str]]] = {
    "chardev": _chardevs,
    "chardev-backend": _chardev_backends,
    "object": _objects,
    "path": _paths,
    "property": _properties,
    "ringbuf": _ringbufs,
    "type": _types,
}
