"""A row of the table of options, and what rows are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.cli.lists import list_words

Handler = Callable[[CommandLine, str], None]
"""What an option does to the command line being read. ``text`` is its argument."""

Words = Callable[[], Iterable[str]]
"""Returns what a shell offers."""

FILE = "FILE"
"""The argument of options that take a file's name."""


def no_words() -> Iterable[str]:
    """Nothing to offer."""
    return ()


class Option:
    """A row of the table: names are given without dashes, one dash or two are the same.

    ``argument`` names the option's argument, empty where it takes none. ``no_effect``: the argument
    is checked, and that is all. ``early`` options take effect before all
    others, wherever they stand. ``words`` returns what a shell offers for the argument, ``more``
    what it offers for its parts after a comma where that is something else.

    No named tuple: each is compiled when its module is imported, and every start waits.
    """

    __slots__ = ("argument", "early", "handler", "help", "more", "names", "no_effect", "words")

    def __init__(
        self,
        names: str,
        argument: str,
        handler: Handler,
        help: str,
        *,
        no_effect: bool = False,
        early: bool = False,
        words: Words = no_words,
        more: Words = no_words,
    ) -> None:
        self.names = names
        self.argument = argument
        self.handler = handler
        self.help = help
        self.no_effect = no_effect
        self.early = early
        self.words = words
        self.more = more


def set_field(name: str, value: bool = True) -> Handler:
    """A handler that sets a field of the configuration."""

    def set_value(line: CommandLine, _text: str) -> None:
        setattr(line.config, name, value)

    return set_value


def store_text(name: str) -> Handler:
    """A handler that keeps the argument in a field of the configuration."""

    def store(line: CommandLine, text: str) -> None:
        setattr(line.config, name, text)

    return store


def read_list(name: str) -> Handler:
    """A handler that reads an option list of this name: typing errors are found."""

    def read(line: CommandLine, text: str) -> None:
        line.read_list(name, text)

    return read


def words_of(name: str) -> Words:
    """How the options of an option list begin."""
    return lambda: list_words(name)


def accept(_line: CommandLine, _text: str) -> None:
    """A handler of what has no effect, and cannot be wrong."""
