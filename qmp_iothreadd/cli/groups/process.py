"""Options of the process: its files, its messages, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.lists import list_words
from qmp_iothreadd.cli.option import (
    FILE,
    Option,
    accept,
    read_list,
    set_field,
    store_text,
    words_of,
)
from qmp_iothreadd.daemon.config import TracePattern
from qmp_iothreadd.qom.option_lists import HELP

_LOG_HELP = """\
Log items (comma separated):
trace:PATTERN   enable trace events

Use "-d trace:help" to get a list of trace events.
"""


def _set_messages(line: CommandLine, text: str) -> None:
    options = line.read_list("msg", text)
    line.config.reporter.timestamp = options.get_bool("timestamp", False)
    line.config.reporter.with_guest_name = options.get_bool("guest-name", False)


def _set_log_items(line: CommandLine, text: str) -> None:
    """Trace events, among QEMU's log items; the last -d counts, when all options were read."""
    if not line.log_items:
        line.questions.append(_check_log_items)
    line.log_items = text


def _check_log_items(line: CommandLine) -> None:
    from qmp_iothreadd.machine.log_items import OF_GUEST, PER_THREAD, TRACE  # only where asked for

    items = line.log_items.split(",")
    for item in items:
        if item.startswith(TRACE) and item != TRACE:
            _enable_trace(line, item.removeprefix(TRACE), "")
        elif item not in OF_GUEST:
            raise Finished(_LOG_HELP, status=1)
    if PER_THREAD in items and "%d" not in (line.config.log_file or ""):
        raise errors.log_per_thread_without_template()


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


def _set_run_with(line: CommandLine, text: str) -> None:
    """With async-teardown memory is given back by another process: there is none to give back."""
    options = line.read_list("run-with", text)
    config = line.config
    if options.get_bool("exit-with-parent", False):
        config.exit_with_parent = True
    root_folder, user = options.get("chroot"), options.get("user")
    if root_folder is not None:
        config.root_folder = root_folder
    if user is not None:
        config.run_as = _user_ids(user)
        if config.run_as is None:
            raise errors.user_unknown(text)


def _user_ids(text: str) -> tuple[int, int, str | None] | None:
    """The ids of a user, named or as UID:GID."""
    import pwd  # only where there is a user

    try:
        found = pwd.getpwnam(text)
    except (KeyError, ValueError):
        uid, _, gid = text.partition(":")
        if not (uid.isascii() and uid.isdecimal() and gid.isascii() and gid.isdecimal()):
            return None
        return int(uid), int(gid), None
    return found.pw_uid, found.pw_gid, found.pw_name


def _set_overcommit(line: CommandLine, text: str) -> None:
    value = line.read_list("overcommit", text).get("mem-lock")
    if value not in (None, "on", "off", "on-fault"):
        raise errors.bad_mem_lock()


def _read_config(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.config_file import read_config_file  # only where there is one

    read_config_file(line, text)


def _set_option(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.config_file import set_option  # only where asked for

    set_option(line, text)


def _help(line: CommandLine, _text: str) -> None:
    from qmp_iothreadd.cli.help import help_text  # reads the whole table

    raise Finished(help_text(line.config.reporter.program))


def _version(line: CommandLine, _text: str) -> None:
    from qmp_iothreadd.cli.help import version_text
    from qmp_iothreadd.machine.version import VERSION

    raise Finished(version_text(line.config.schema.version or VERSION))


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
    Option("readconfig", FILE, _read_config, "read options from FILE"),
    Option("set", "GROUP.ID.NAME=VALUE", _set_option, "change an option given before"),
    Option(
        "run-with",
        "[chroot=PATH][,user=NAME|UID:GID][,exit-with-parent=on|off][,async-teardown=on|off]",
        _set_run_with,
        "give up rights when ready; end with the parent",
        words=words_of("run-with"),
    ),
    Option(
        "sandbox",
        "on|off[,obsolete=allow|deny][,...]",
        read_list("sandbox"),
        "checked only: system calls are not filtered",
        words=words_of("sandbox"),
    ),
    Option(
        "overcommit",
        "[mem-lock=on|off|on-fault][,cpu-pm=on|off]",
        _set_overcommit,
        "lock memory; let a guest idle on its CPUs",
        no_effect=True,
        words=words_of("overcommit"),
    ),
    Option(
        "add-fd",
        "fd=N,set=N[,opaque=TEXT]",
        read_list("add-fd"),
        "add a descriptor to a set",
        words=words_of("add-fd"),
    ),
)
