"""The options: a row for each, with what it does and what is said of it.

The command line's parser, the help, and the man page and completion of
:mod:`qmp_iothreadd.cli.pages` all read this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, cast

from qmp_iothreadd import errors
from qmp_iothreadd.cli.backends import BACKENDS, DEVICES, MODES
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.lists import list_words
from qmp_iothreadd.cli.machine import MACHINES

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import ObjectType

Handler = Callable[[CommandLine, str], None]

FILE = "FILE"
"""The argument of options that take a file's name."""


def _no_words() -> Iterable[str]:
    return ()


class Option(NamedTuple):
    """A row of the table: names are given without dashes, one dash or two are the same.

    ``argument`` names the option's argument, empty where it takes none. ``early`` options take
    effect before all others, wherever they stand. Options without ``help`` are not listed.
    ``words`` returns what a shell offers for the argument, ``more`` what it offers for its parts
    after a comma where that is something else.
    """

    names: str
    argument: str
    handler: Handler
    help: str = ""
    early: bool = False
    words: Callable[[], Iterable[str]] = _no_words
    more: Callable[[], Iterable[str]] = _no_words


def _device_words() -> Iterable[str]:
    return (*DEVICES, "chardev:")


def _backend_words() -> Iterable[str]:
    return BACKENDS


def _chardev_words() -> Iterable[str]:
    return ("id=", *list_words("chardev"))


def _monitor_words() -> Iterable[str]:
    words = [word for word in list_words("mon") if word != "mode="]
    return ("id=", *words, *(f"mode={mode}" for mode in MODES))


def _object_options() -> ObjectType:
    from qmp_iothreadd.qapi.cache import load_schema_cached  # only to make the pages

    return cast("ObjectType", load_schema_cached().types["ObjectOptions"])


def _object_types() -> Iterable[str]:
    from qmp_iothreadd.qom.object_help import user_creatable_types

    return (*user_creatable_types(_object_options()), "help")


def _object_words() -> Iterable[str]:
    from qmp_iothreadd.qom.object_help import user_creatable_types

    union = _object_options()
    assert union.variants is not None
    cases = [union.variants.cases[name] for name in user_creatable_types(union)]
    members = {member.name for case in cases for member in case.members}
    return ("id=", *(f"{name}=" for name in sorted(members)))


def _trace_words() -> Iterable[str]:
    from qmp_iothreadd.iothread.trace_events import event_names  # only to make the pages

    return (*event_names(), *list_words("trace"), "help")


def _log_words() -> Iterable[str]:
    from qmp_iothreadd.iothread.trace_events import event_names  # only to make the pages

    return (f"trace:{name}" for name in event_names())


def _machine_words() -> Iterable[str]:
    return (*MACHINES, "help")


def _list(name: str) -> Callable[[], Iterable[str]]:
    return lambda: list_words(name)


def _set(name: str, value: bool = True) -> Handler:
    def set_value(line: CommandLine, _text: str) -> None:
        setattr(line.config, name, value)

    return set_value


def _store(name: str) -> Handler:
    def store(line: CommandLine, text: str) -> None:
        setattr(line.config, name, text)

    return store


def _no_defaults(line: CommandLine, _text: str) -> None:
    line.has_defaults = False


def _add_pretty_qmp(line: CommandLine, text: str) -> None:
    line.add_qmp(text, pretty=True)


def _ignore(_line: CommandLine, _text: str) -> None:
    """An option of QEMU's that means nothing to a monitor."""


def _check(name: str) -> Handler:
    def check(line: CommandLine, text: str) -> None:
        line.check_list(name, text)

    return check


def _no_cpu_to_debug(_line: CommandLine, _text: str) -> None:
    raise errors.gdb_without_cpu()


def _refuse(what: str) -> Handler:
    def refuse(_line: CommandLine, _text: str) -> None:
        raise errors.option_unsupported(what)

    return refuse


def _help(line: CommandLine, _text: str) -> None:
    raise Finished(help_text(line.config.reporter.program))


def _version(_line: CommandLine, _text: str) -> None:
    raise Finished(version_text())


_MONITORS = (
    Option(
        "qmp",
        "DEV",
        CommandLine.add_qmp,
        "a QMP monitor on DEV (see below)",
        words=_device_words,
        more=_list("chardev"),
    ),
    Option(
        "qmp-pretty",
        "DEV",
        _add_pretty_qmp,
        "the same, with indented JSON",
        words=_device_words,
        more=_list("chardev"),
    ),
    Option(
        "monitor",
        "DEV",
        CommandLine.add_hmp,
        "a human monitor on DEV, or 'none'",
        words=lambda: ("none", *_device_words()),
        more=_list("chardev"),
    ),
    Option(
        "chardev",
        "socket|stdio|null,id=ID,...",
        CommandLine.add_chardev,
        "a DEV with a name",
        words=_backend_words,
        more=_chardev_words,
    ),
    Option(
        "mon",
        "[chardev=]ID[,id=NAME][,mode=control|readline][,pretty=on|off]",
        CommandLine.add_monitor,
        "a monitor on a chardev",
        words=_monitor_words,
    ),
    Option("nodefaults", "", _no_defaults, "no monitor unless one is asked for"),
)
_OBJECTS = (
    Option(
        "object",
        "TYPE,id=ID[,PROP=VALUE]... | JSON",
        CommandLine.add_object,
        "create an object ('help' lists the types)",
        words=_object_types,
        more=_object_words,
    ),
    Option(
        "name", "[guest=]NAME", CommandLine.set_name, "what query-name says", words=_list("name")
    ),
    Option("uuid", "UUID", CommandLine.set_uuid, "what query-uuid says"),
    Option("S", "", _set("start_stopped"), "do not run until 'cont'"),
    Option(
        "M machine",
        "TYPE[,PROP=VALUE]...",
        CommandLine.set_machine,
        "checked; there is no machine",
        words=_machine_words,
    ),
    Option("smp", "[cpus=]N", CommandLine.set_smp, "checked; there are no CPUs"),
)
_PROCESS = (
    Option("daemonize", "", _set("daemonize"), "go to the background when ready"),
    Option("pidfile", FILE, _store("pidfile"), "write the process id to FILE"),
    Option(
        "msg",
        "[timestamp=on|off][,guest-name=on|off]",
        CommandLine.set_messages,
        "put these before messages",
        words=_list("msg"),
    ),
    Option(
        "trace",
        "[enable=]PATTERN[,events=FILE][,file=FILE]",
        CommandLine.add_trace,
        "enable trace events ('help' lists them)",
        words=_trace_words,
        more=_list("trace"),
    ),
    Option("d", "trace:PATTERN[,...]", CommandLine.set_log_items, "the same", words=_log_words),
    Option("D", FILE, _store("log_file"), "log to FILE instead of standard error"),
    Option("h help", "", _help, "this help"),
    Option("version", "", _version, "the version"),
)
_OWN = (
    Option(
        "schema",
        FILE,
        CommandLine.set_schema,
        "serve this QAPI schema instead of its own",
        early=True,
    ),
    Option(
        "schema-define",
        "CONFIG_X",
        CommandLine.define_symbol,
        "a symbol that 'if' in the schema finds defined",
        early=True,
    ),
    Option(
        "stub-missing",
        "",
        _set("stub_missing"),
        "let commands without a function answer the least that is allowed",
    ),
    Option(
        "check-replies",
        "",
        _set("check_replies"),
        "answer with an error instead of what does not fit the schema",
    ),
    Option("multi-client", "", _set("multi_client"), "serve all clients of a monitor at once"),
    Option("no-polling", "", _set("polling", False), "behave as on a platform that cannot poll"),
    Option("metrics", "[HOST:]PORT", _store("metrics_address"), "serve statistics to Prometheus"),
)
_KERNEL = tuple(
    Option(name, "X", CommandLine.note_kernel) for name in ("kernel", "initrd", "append")
)
_HARMLESS = (
    Option("m", "[size=]N", _check("memory"), words=_list("memory")),
    *(
        Option(name, "X", _check(name), words=_list(name))
        for name in ("action", "overcommit", "rtc")
    ),
    Option("serial parallel", "DEV", CommandLine.check_serial, words=lambda: ("none", "null")),
    Option(
        "accel acpitable add-fd audio audiodev bios boot compat cpu display echr fw_cfg "
        "global icount k L mem-path numa option-rom prom-env sandbox seed smbios "
        "vga watchdog-action",
        "X",
        _ignore,
    ),
    Option(
        "enable-kvm full-screen mem-prealloc no-acpi no-fd-bootchk no-reboot no-shutdown "
        "no-user-config nographic only-migratable usb win2k-hack",
        "",
        _ignore,
    ),
)
_UNSUPPORTED = (
    Option("device", "X", CommandLine.refuse_device),
    Option(
        "blockdev cdrom drive fda fdb hda hdb hdc hdd mtdblock pflash sd",
        "X",
        _refuse("disks are"),
    ),
    Option("snapshot", "", _refuse("disks are")),
    Option("net netdev nic", "X", _refuse("networks are")),
    Option("debugcon tpmdev usbdevice virtfs fsdev", "X", _refuse("devices are")),
    Option("vnc spice", "X", _refuse("displays are")),
    Option("gdb", "X", _no_cpu_to_debug),
    Option("s", "", _no_cpu_to_debug),
    Option("incoming loadvm", "X", _refuse("a guest to load is")),
    Option("chroot runas run-with", "X", _refuse("changing the user or the root folder is")),
    Option("readconfig set", "X", _refuse("configuration files are")),
    Option("preconfig", "", _refuse("starting without a machine is")),
)

GROUPS = {
    "Monitors": _MONITORS,
    "Objects and machine": _OBJECTS,
    "Process": _PROCESS,
    "Not QEMU's": _OWN,
}
"""The options that the help lists."""

IGNORED = (*_KERNEL, *_HARMLESS)
"""QEMU's options that are accepted, as ignoring them does no harm."""

OPTIONS: dict[str, Option] = {
    name: option
    for group in (*GROUPS.values(), IGNORED, _UNSUPPORTED)
    for option in group
    for name in option.names.split()
}

SUMMARY = "A QMP server with iothreads. Options are QEMU's."

DEVICE_TEXT = """\
DEV is unix:PATH[,server=on][,wait=off], tcp:HOST:PORT[,...], stdio, null or chardev:ID. Without
server=on the monitor connects to DEV. A TYPE may be 'help'."""

EXAMPLES = {
    "": "two iothreads, and a socket that it tells you",
    "-qmp unix:/tmp/qmp.sock,server=on,wait=off -object iothread,id=io0,poll-weight=4": "",
    "-nodefaults -qmp tcp:127.0.0.1:4444,server=on,wait=off -monitor stdio": "",
    "-chardev socket,id=c0,fd=3,server=on,wait=off -mon chardev=c0,mode=control": "",
}
"""Command lines, and what they do where that is not said by their options."""

_HELP_COLUMN = 24


def dashed(option: Option) -> str:
    """The option's names and argument: ``-M, -machine TYPE``. Own ones have two dashes."""
    dashes = "--" if option in _OWN else "-"
    names = ", ".join(dashes + name for name in option.names.split())
    return f"{names} {option.argument}".rstrip()


def help_text(program: str) -> str:
    """What ``-h`` prints."""
    lines = [f"usage: {program} [OPTION]...", "", SUMMARY]
    for title, group in GROUPS.items():
        lines += ["", f"{title}:"]
        for option in group:
            head = f"  {dashed(option)}"
            if len(head) >= _HELP_COLUMN:
                lines.append(head)
                head = ""
            lines.append(f"{head:<{_HELP_COLUMN}}{option.help}")
    lines += ["", DEVICE_TEXT, "", "Examples:"]
    for arguments, effect in EXAMPLES.items():
        lines.append(f"  {program} {arguments}".rstrip())
        if effect:
            lines.append(f"        {effect}")
    lines += ["", "Other options of QEMU are accepted where ignoring them does no harm.", ""]
    return "\n".join(lines)


def version_text() -> str:
    """What ``-version`` prints: the first line as tools know it from QEMU."""
    from importlib.metadata import PackageNotFoundError, version  # slow, and only for this

    from qmp_iothreadd.machine.machine import VERSION_TEXT

    try:
        own = version("qmp-iothreadd")
    except PackageNotFoundError:
        own = "not installed"
    return (
        f"QEMU emulator version {VERSION_TEXT} (qmp-iothreadd {own})\n"
        "This is not QEMU: it serves QEMU's monitor, with iothreads but without a guest."
    )
