"""The command line, in QEMU's own syntax: ``parse`` makes a Config of it, ``main`` runs the daemon.

As in QEMU's system/vl.c it is read twice: unknown options and missing arguments are found before
any option has an effect, then each takes effect in its turn.
"""

from __future__ import annotations

import sys

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.finish import finish
from qmp_iothreadd.cli.option import Option
from qmp_iothreadd.cli.options import find_option
from qmp_iothreadd.daemon.config import Config
from qmp_iothreadd.daemon.reporter import PROGRAM
from qmp_iothreadd.daemon.standard_streams import open_standard_streams, say


class CommandLineError(errors.Error):
    """The command line cannot be followed; ``text`` is what to say on standard error."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def parse(argv: list[str]) -> tuple[Config, str]:
    """The configuration that a command line (``argv[0]`` is the program) asks for, and warnings.

    Raises:
        CommandLineError: with all that QEMU would say.
        Finished: help or a version was asked for.
    """
    line = CommandLine(argv[0] if argv else PROGRAM)
    try:
        _read(line, argv[1:])
    except Finished as finished:
        finished.said = "".join(line.warnings)
        raise
    except errors.Error as error:
        text = line.config.reporter.format_error(error, line.location)
        raise CommandLineError("".join(line.warnings) + text) from None
    return line.config, "".join(line.warnings)


def _read(line: CommandLine, arguments: list[str]) -> None:
    found = _split(line, arguments)
    if any(option.names == "fleet" for _, option, _ in found):
        from qmp_iothreadd.cli.fleet import follow_fleet  # one machine is no fleet

        follow_fleet(line, found, _follow)
    else:
        _follow(line, found)


def _follow(line: CommandLine, found: list[tuple[list[str], Option, str]]) -> None:
    """Let the options take effect."""
    for early in (True, False):
        for words, option, text in found:
            line.location = " ".join(words)
            if option.early == early:
                option.handler(line, text)
    line.location = ""
    finish(line)


def _split(line: CommandLine, arguments: list[str]) -> list[tuple[list[str], Option, str]]:
    """Each option with its words and its argument; a word that is no option is a disk's file."""
    found: list[tuple[list[str], Option, str]] = []
    words = iter(arguments)
    for word in words:
        line.location = word
        is_disk = not word.startswith("-")
        option = find_option("hda" if is_disk else word.removeprefix("-").removeprefix("-"))
        if option is None:
            raise errors.invalid_option()
        if is_disk:
            found.append(([word], option, word))
            continue
        if not option.argument:
            found.append(([word], option, ""))
            continue
        text = next(words, None)
        if text is None:
            raise errors.argument_required()
        found.append(([word, text], option, text))
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the daemon as ``argv`` asks, the process's own if None, and return the exit status."""
    try:
        open_standard_streams()
        return _run(argv)
    except (OSError, ImportError, MemoryError, ValueError) as error:
        from qmp_iothreadd.errors.unforeseen import of_system  # few starts fail so

        refused = of_system(error)
        if refused is None:
            raise
        say(f"{PROGRAM}: {refused.desc}\n")
        return 1


def _run(argv: list[str] | None) -> int:
    try:
        config, warnings = parse(sys.argv if argv is None else argv)
    except Finished as finished:
        say(finished.said)
        if finished.text:
            say(f"{finished.text}\n", "stdout")
        return finished.status
    except CommandLineError as error:
        say(error.text)
        return 1
    if warnings:
        say(warnings)
    from qmp_iothreadd.daemon import daemon  # only when there is something to serve

    try:
        return daemon.run(config)
    except errors.Error as error:
        if not error.said:
            say(config.reporter.format_error(error))
    return 1
