"""Options of monitors and character devices."""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd import errors
from qmp_iothreadd.cli.backends import BACKENDS, DEVICES, MODES, list_backends
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.lists import HELP, list_words
from qmp_iothreadd.cli.option import Option, accept, words_of


def _add_qmp(line: CommandLine, text: str) -> None:
    line.has_defaults = False
    line.backends.short_form(text, "control", False, line.location)


def _add_pretty_qmp(line: CommandLine, text: str) -> None:
    line.has_defaults = False
    line.backends.short_form(text, "control", True, line.location)


def _add_hmp(line: CommandLine, text: str) -> None:
    line.has_defaults = False
    if text != "none":
        line.backends.short_form(text, "readline", False, line.location)


def _add_monitor(line: CommandLine, text: str) -> None:
    line.has_defaults = False
    line.read(line.backends.monitors, text)


def _add_chardev(line: CommandLine, text: str) -> None:
    options = line.read(line.backends.chardevs, text)
    if options.get("backend") in HELP:
        raise Finished(list_backends())


def _no_defaults(line: CommandLine, _text: str) -> None:
    line.has_defaults = False


def _check_serial(_line: CommandLine, text: str) -> None:
    """Only their absence is possible."""
    if text not in ("none", "null"):
        raise errors.option_unsupported("serial and parallel ports are")


def _device_words() -> Iterable[str]:
    return (*DEVICES, "chardev:")


def _backend_words() -> Iterable[str]:
    return BACKENDS


def _chardev_words() -> Iterable[str]:
    return ("id=", *list_words("chardev"))


def _monitor_words() -> Iterable[str]:
    words = [word for word in list_words("mon") if word != "mode="]
    return ("id=", *words, *(f"mode={mode}" for mode in MODES))


OPTIONS = (
    Option(
        "qmp",
        "DEV",
        _add_qmp,
        "a QMP monitor on DEV (see below)",
        words=_device_words,
        more=words_of("chardev"),
    ),
    Option(
        "qmp-pretty",
        "DEV",
        _add_pretty_qmp,
        "the same, with indented JSON",
        words=_device_words,
        more=words_of("chardev"),
    ),
    Option(
        "monitor",
        "DEV",
        _add_hmp,
        "a human monitor on DEV, or 'none'",
        words=lambda: ("none", *_device_words()),
        more=words_of("chardev"),
    ),
    Option(
        "chardev",
        "socket|stdio|null,id=ID,...",
        _add_chardev,
        "a DEV with a name",
        words=_backend_words,
        more=_chardev_words,
    ),
    Option(
        "mon",
        "[chardev=]ID[,id=NAME][,mode=control|readline][,pretty=on|off]",
        _add_monitor,
        "a monitor on a chardev",
        words=_monitor_words,
    ),
    Option("nodefaults", "", _no_defaults, "no monitor unless one is asked for"),
    Option("nographic", "", accept, "no window", no_guest=True),
    Option(
        "serial parallel", "DEV", _check_serial, "a port on DEV", words=lambda: ("none", "null")
    ),
    Option("echr", "N", accept, "the code of the key that begins a mux's commands"),
)
