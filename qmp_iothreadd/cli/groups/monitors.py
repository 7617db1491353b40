"""Options of monitors and character devices."""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd.chardev.compat import PREFIXES, WORDS
from qmp_iothreadd.chardev.options import BACKENDS, list_backends
from qmp_iothreadd.cli.backends import CHARDEV
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.lists import list_words
from qmp_iothreadd.cli.monitors import DEPRECATED
from qmp_iothreadd.cli.option import Handler, Option, words_of
from qmp_iothreadd.daemon.config import MODES
from qmp_iothreadd.daemon.standard_streams import say
from qmp_iothreadd.qom import c_numbers
from qmp_iothreadd.qom.option_lists import HELP


def _add_qmp(line: CommandLine, text: str) -> None:
    line.defaults.monitor = False
    line.monitors.short_form(text, "control", False, line.location)


def _add_pretty_qmp(line: CommandLine, text: str) -> None:
    line.defaults.monitor = False
    line.monitors.short_form(text, "control", True, line.location)


def _add_hmp(line: CommandLine, text: str) -> None:
    line.defaults.monitor = False
    if not text.startswith("none"):
        line.monitors.short_form(text, "readline", False, line.location)


def _add_monitor(line: CommandLine, text: str) -> None:
    line.warn_once(DEPRECATED)
    line.defaults.monitor = False
    line.read(line.monitors.options, text)


def _add_chardev(line: CommandLine, text: str) -> None:
    options = line.read(line.backends.chardevs, text)
    if options.get("backend") in HELP:
        raise Finished(list_backends())


def _no_defaults(line: CommandLine, _text: str) -> None:
    line.defaults.wanted = False


def _no_graphic(line: CommandLine, _text: str) -> None:
    line.defaults.nographic = True


def _set_escape_key(line: CommandLine, text: str) -> None:
    """As strtol reads it; one that is no number is said, and stands for 0."""
    found = c_numbers.scan(text)
    if found is None:
        say("Bad argument to echr\n", "stdout")
    value = found[0] if found else 0
    line.config.escape_key = min(value, c_numbers.INT64_MAX) & 0xFFFFFFFF


def _add_port(kind: str) -> Handler:
    def add_port(line: CommandLine, text: str) -> None:
        if kind == "serial":
            line.defaults.serial = False
        elif kind == "parallel":
            line.defaults.parallel = False
        line.add_port(kind, text, line.location)

    return add_port


def _device_words() -> Iterable[str]:
    return (*WORDS, *PREFIXES, CHARDEV)


def _port_words() -> Iterable[str]:
    return ("none", "mon:", *_device_words())


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
        "BACKEND,id=ID[,...]",
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
    Option("nographic", "", _no_graphic, "a human monitor on the terminal if none is asked for"),
    Option(
        "serial",
        "DEV",
        _add_port("serial"),
        "make DEV for a port, which there is not",
        words=_port_words,
        more=words_of("chardev"),
    ),
    Option(
        "parallel",
        "DEV",
        _add_port("parallel"),
        "the same",
        words=_port_words,
        more=words_of("chardev"),
    ),
    Option(
        "debugcon", "DEV", _add_port("debugcon"), "a debug console, where there is a bus for it"
    ),
    Option("echr", "N", _set_escape_key, "the code of the key that begins a mux's commands"),
)
