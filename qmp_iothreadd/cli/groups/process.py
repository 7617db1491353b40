"""Options of the process: its files, its messages, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.lists import HELP, list_words
from qmp_iothreadd.cli.option import (
    FILE,
    Option,
    accept,
    set_field,
    store_text,
    words_of,
)
from qmp_iothreadd.daemon.config import TracePattern

# The one item of QEMU's log that a monitor can have; the others are about the guest.
_TRACE_ITEM = "trace:"
_LOG_HELP = """\
Log items (comma separated):
trace:PATTERN   enable trace events"""
_GUEST_LOG_ITEMS = frozenset(
    (
        *("all", "cpu", "cpu_reset", "exec", "fpu", "guest_errors", "in_asm", "int", "invalid_mem"),
        *("mmu", "nochain", "none", "op", "op_ind", "op_opt", "op_plugin", "out_asm", "page"),
        *("pcall", "plugin", "strace", "tid", "unimp", "vpu"),
    )
)


def _set_messages(line: CommandLine, text: str) -> None:
    options = line.read_list("msg", text)
    line.config.reporter.timestamp = options.get_bool("timestamp", False)
    line.config.reporter.with_guest_name = options.get_bool("guest-name", False)


def _set_log_items(line: CommandLine, text: str) -> None:
    """Trace events, among QEMU's log items."""
    if text in HELP:
        raise Finished(_LOG_HELP, status=1)
    for item in text.split(","):
        if item.startswith(_TRACE_ITEM):
            _enable_trace(line, item.removeprefix(_TRACE_ITEM), "")
        elif item not in _GUEST_LOG_ITEMS:
            raise Finished(_LOG_HELP, status=1)


def _add_trace(line: CommandLine, text: str) -> None:
    options = line.read_list("trace", text)
    enable, events, file = (options.get(name) for name in ("enable", "events", "file"))
    if enable is not None:
        _enable_trace(line, enable, line.location)
    if events is not None:
        line.config.trace_files.append(events)
    if file is not None:
        line.config.log_file = file


def _enable_trace(line: CommandLine, pattern: str, location: str) -> None:
    if pattern in HELP:
        from qmp_iothreadd.iothread.trace_events import event_names  # only for help

        raise Finished("\n".join(event_names()))
    line.config.traces.append(TracePattern(pattern, location))


def _help(line: CommandLine, _text: str) -> None:
    from qmp_iothreadd.cli.help import help_text  # reads the whole table

    raise Finished(help_text(line.config.reporter.program))


def _version(_line: CommandLine, _text: str) -> None:
    from qmp_iothreadd.cli.help import version_text

    raise Finished(version_text())


def _trace_words() -> Iterable[str]:
    from qmp_iothreadd.iothread.trace_events import event_names  # only to make the pages

    return (*event_names(), *list_words("trace"), "help")


def _log_words() -> Iterable[str]:
    from qmp_iothreadd.iothread.trace_events import event_names  # only to make the pages

    return (f"trace:{name}" for name in event_names())


OPTIONS = (
    Option("daemonize", "", set_field("daemonize"), "go to the background when ready"),
    Option("pidfile", FILE, store_text("pidfile"), "write the process id to FILE"),
    Option(
        "msg",
        "[timestamp=on|off][,guest-name=on|off]",
        _set_messages,
        "put these before messages",
        words=words_of("msg"),
    ),
    Option(
        "trace",
        "[enable=]PATTERN[,events=FILE][,file=FILE]",
        _add_trace,
        "enable trace events ('help' lists them)",
        words=_trace_words,
        more=words_of("trace"),
    ),
    Option("d", "trace:PATTERN[,...]", _set_log_items, "the same", words=_log_words),
    Option("D", FILE, store_text("log_file"), "log to FILE instead of standard error"),
    Option("h help", "", _help, "this help"),
    Option("version", "", _version, "the version"),
    Option("no-user-config", "", accept, "read no configuration of the user's: there is none"),
)
