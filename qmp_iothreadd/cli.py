"""The command line, in QEMU's own syntax: ``parse`` makes a Config of it, ``main`` runs the daemon.

Options are rows of one table. As in QEMU they are read twice: unknown options and missing arguments
are found before any option has an effect, then each takes effect in its turn.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.command_line import CommandLine, Finished
from qmp_iothreadd.config import ChardevConfig, Config, LocatedError, MonitorConfig
from qmp_iothreadd.process import open_standard_streams

Handler = Callable[[CommandLine, str], None]

PROGRAM = "qmp-iothreadd"


class Option(NamedTuple):
    """A row of the table: names are given without dashes, one dash or two are the same.

    ``argument`` names the option's argument, empty where it takes none. ``early`` options take
    effect before all others, wherever they stand. Options without ``help`` are not listed.
    """

    names: str
    argument: str
    handler: Handler
    help: str = ""
    early: bool = False


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
    raise Finished(help_text(line.config.program))


def _version(_line: CommandLine, _text: str) -> None:
    raise Finished(version_text())


_MONITORS = (
    Option("qmp", "DEV", CommandLine.add_qmp, "a QMP monitor on DEV (see below)"),
    Option("qmp-pretty", "DEV", _add_pretty_qmp, "the same, with indented JSON"),
    Option("monitor", "DEV", CommandLine.add_hmp, "a human monitor on DEV, or 'none'"),
    Option("chardev", "socket|stdio|null,id=ID,...", CommandLine.add_chardev, "a DEV with a name"),
    Option(
        "mon",
        "[chardev=]ID[,id=NAME][,mode=control|readline][,pretty=on|off]",
        CommandLine.add_monitor,
        "a monitor on a chardev",
    ),
    Option("nodefaults", "", _no_defaults, "no monitor unless one is asked for"),
)
_OBJECTS = (
    Option(
        "object",
        "TYPE,id=ID[,PROP=VALUE]... | JSON",
        CommandLine.add_object,
        "create an object ('help' lists the types)",
    ),
    Option("name", "[guest=]NAME", CommandLine.set_name, "what query-name says"),
    Option("uuid", "UUID", CommandLine.set_uuid, "what query-uuid says"),
    Option("S", "", _set("start_stopped"), "do not run until 'cont'"),
    Option(
        "M machine", "TYPE[,PROP=VALUE]...", CommandLine.set_machine, "the machine not to be (none)"
    ),
    Option("smp", "[cpus=]N", CommandLine.set_smp, "how many CPUs query-cpus-fast shows"),
)
_PROCESS = (
    Option("daemonize", "", _set("daemonize"), "go to the background when ready"),
    Option("pidfile", "FILE", _store("pidfile"), "write the process id to FILE"),
    Option(
        "msg", "[timestamp=on|off][,guest-name=on|off]", CommandLine.set_messages, "dress messages"
    ),
    Option("D", "FILE", _store("log_file"), "log to FILE instead of standard error"),
    Option("d", "trace:PATTERN[,...]", CommandLine.set_log_items, "enable trace events"),
    Option(
        "trace", "[enable=]PATTERN[,events=FILE][,file=FILE]", CommandLine.add_trace, "the same"
    ),
    Option("h help", "", _help, "this help"),
    Option("version", "", _version, "the version"),
)
_OWN = (
    Option("schema", "FILE", _store("schema_path"), "serve this QAPI schema", early=True),
    Option(
        "schema-define",
        "CONFIG_X",
        CommandLine.define_symbol,
        "a symbol that 'if' in the schema finds defined",
        early=True,
    ),
    Option("stub-missing", "", _set("stub_missing"), "answer commands without a function"),
    Option("multi-client", "", _set("multi_client"), "let many clients share a monitor"),
    Option("no-polling", "", _set("polling", False), "behave as on a platform that cannot poll"),
    Option("metrics", "ADDRESS", _store("metrics_address"), "serve statistics to Prometheus"),
)
_KERNEL = tuple(
    Option(name, "X", CommandLine.note_kernel) for name in ("kernel", "initrd", "append")
)
_HARMLESS = (
    Option("m", "[size=]N", _check("memory")),
    *(Option(name, "X", _check(name)) for name in ("action", "overcommit", "rtc")),
    Option("serial parallel", "DEV", CommandLine.check_serial),
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

_GROUPS = {
    "Monitors": _MONITORS,
    "Objects and machine": _OBJECTS,
    "Process": _PROCESS,
    "Not QEMU's": _OWN,
}
OPTIONS: dict[str, Option] = {
    name: option
    for group in (*_GROUPS.values(), _KERNEL, _HARMLESS, _UNSUPPORTED)
    for option in group
    for name in option.names.split()
}

_EXAMPLES = """\
DEV is unix:PATH[,server=on][,wait=off], tcp:HOST:PORT[,...], stdio, null or chardev:ID. Without
server=on the monitor connects to DEV. A TYPE may be 'help'.

Examples:
  {program}
        two iothreads, and a socket that it tells you
  {program} -qmp unix:/tmp/qmp.sock,server=on,wait=off -object iothread,id=io0,poll-weight=4
  {program} -nodefaults -qmp tcp:127.0.0.1:4444,server=on,wait=off -monitor stdio
  {program} -chardev socket,id=c0,fd=3,server=on,wait=off -mon chardev=c0,mode=control

Other options of QEMU are accepted where ignoring them does no harm.
"""


def help_text(program: str) -> str:
    """What ``-h`` prints."""
    lines = [
        f"usage: {program} [OPTION]...",
        "",
        "A QMP server with iothreads. Options are QEMU's.",
    ]
    for title, group in _GROUPS.items():
        lines += ["", f"{title}:"]
        dashes = "--" if group is _OWN else "-"
        for option in group:
            names = ", ".join(dashes + name for name in option.names.split())
            head = f"  {names} {option.argument}".rstrip()
            lines.append(f"{head:<24}{option.help}" if len(head) < 24 else head)
            if len(head) >= 24:
                lines.append(f"{'':24}{option.help}")
    return "\n".join([*lines, "", _EXAMPLES.format(program=program)])


def version_text() -> str:
    """What ``-version`` prints: the first line as tools know it from QEMU."""
    from importlib.metadata import PackageNotFoundError, version  # slow, and only for this

    from qmp_iothreadd.machine import VERSION

    try:
        own = version("qmp-iothreadd")
    except PackageNotFoundError:
        own = "not installed"
    qemu = ".".join(map(str, VERSION))
    return (
        f"QEMU emulator version {qemu} (qmp-iothreadd {own})\n"
        "This is not QEMU: it serves QEMU's monitor, with iothreads but without a guest."
    )


class CommandLineError(Exception):
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
    line = CommandLine(os.path.basename(argv[0]) if argv else PROGRAM)
    try:
        _read(line, argv[1:])
    except errors.QmpError as error:
        text = line.config.error_message(error, line.location)
        raise CommandLineError("".join(line.warnings) + text) from None
    except LocatedError as error:
        raise CommandLineError("".join(line.warnings) + error.report(line.config)) from None
    except _schema_error() as error:
        raise CommandLineError("".join(line.warnings) + f"{error}\n") from None
    return line.config, "".join(line.warnings)


def _schema_error() -> type[Exception]:
    """What a bad schema raises; imported only when something was raised."""
    from qmp_iothreadd.qapi.messages import QAPIError

    return QAPIError


def _read(line: CommandLine, arguments: list[str]) -> None:
    found = _split(line, arguments)
    for early in (True, False):
        for words, option, text in found:
            line.location = " ".join(words)
            if option is None:
                if not early:
                    line.disk_images.append(words[0])
            elif option.early == early:
                option.handler(line, text)
    line.location = ""
    line.finish()
    if line.has_defaults and not line.backends.chardevs.given:
        _choose_default_monitor(line.config)


def _split(line: CommandLine, arguments: list[str]) -> list[tuple[list[str], Option | None, str]]:
    """Each option with its words and its argument; None for a word that is no option."""
    found: list[tuple[list[str], Option | None, str]] = []
    words = iter(arguments)
    for word in words:
        line.location = word
        if not word.startswith("-"):
            found.append(([word], None, ""))
            continue
        option = OPTIONS.get(word[2:] if word.startswith("--") else word[1:])
        if option is None:
            raise errors.invalid_option()
        if not option.argument:
            found.append(([word], option, ""))
            continue
        text = next(words, None)
        if text is None:
            raise errors.argument_required()
        found.append(([word, text], option, text))
    return found


def _choose_default_monitor(config: Config) -> None:
    config.default = True
    config.chardevs["compat_monitor0"] = ChardevConfig(
        "compat_monitor0", "unix", path=default_socket_path(), server=True
    )
    config.monitors.append(MonitorConfig("compat_monitor0", "compat_monitor0", "control"))


def default_socket_path() -> str:
    """Where the daemon listens unless it is told.

    In the user's folder for such things, else in one of its own below the temporary folder, which
    is there only once the daemon has made it.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and os.path.isdir(runtime):
        return os.path.join(runtime, f"{PROGRAM}.sock")
    temporary = os.environ.get("TMPDIR") or "/tmp"
    return os.path.join(temporary, f"{PROGRAM}-{os.getuid()}", "qmp.sock")


def main(argv: list[str] | None = None) -> int:
    """Run the daemon as ``argv`` asks, the process's own if None, and return the exit status."""
    open_standard_streams()
    try:
        config, warnings = parse(sys.argv if argv is None else argv)
    except Finished as finished:
        print(finished.text)
        return finished.status
    except CommandLineError as error:
        sys.stderr.write(error.text)
        return 1
    sys.stderr.write(warnings)
    from qmp_iothreadd import daemon  # only when there is something to serve

    try:
        return daemon.run(config)
    except errors.QmpError as error:
        sys.stderr.write(config.error_message(error))
    except LocatedError as error:
        sys.stderr.write(error.report(config))
    except _schema_error() as error:
        sys.stderr.write(f"{error}\n")
    return 1
