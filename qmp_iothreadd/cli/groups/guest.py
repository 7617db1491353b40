"""Options that describe a guest: they are checked, and have no effect."""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.cli.option import Handler, Option, accept, read_list, words_of


def _note_kernel(line: CommandLine, _text: str) -> None:
    """Nothing to load it into."""
    line.kernel_options.add(line.location.split(" ", 1)[0].lstrip("-"))


def _no_cpu_to_debug(_line: CommandLine, _text: str) -> None:
    raise errors.gdb_without_cpu()


def _refuse(what: str) -> Handler:
    def refuse(_line: CommandLine, _text: str) -> None:
        raise errors.option_unsupported(what)

    return refuse


def _list(name: str, argument: str, help: str, list: str = "") -> Option:
    list = list or name
    return Option(name, argument, read_list(list), help, no_guest=True, words=words_of(list))


def _plain(names: str, argument: str, help: str) -> Option:
    return Option(names, argument, accept, help, no_guest=True)


OPTIONS = (
    _list("m", "[size=]N", "the size of memory", "memory"),
    _list("action", "EVENT=ACTION", "what to do at the guest's end"),
    _list("overcommit", "[mem-lock=on|off][,cpu-pm=on|off]", "lock memory"),
    _list("rtc", "[base=utc|localtime|DATE]", "the clock"),
    Option("kernel", "FILE", _note_kernel, "a kernel to load"),
    Option("initrd", "FILE", _note_kernel, "its initial ram disk"),
    Option("append", "TEXT", _note_kernel, "its command line"),
    _plain("accel", "NAME", "how the guest is run"),
    _plain("acpitable add-fd audio audiodev bios boot compat cpu", "X", "not used"),
    _plain("fw_cfg global icount k L mem-path numa option-rom prom-env", "X", "not used"),
    _plain("sandbox seed smbios vga watchdog-action display", "X", "not used"),
    _plain("enable-kvm full-screen mem-prealloc no-acpi no-fd-bootchk", "", "not used"),
    _plain("no-reboot no-shutdown only-migratable usb win2k-hack", "", "not used"),
    Option("gdb", "DEV", _no_cpu_to_debug, "a debugger on DEV"),
    Option("s", "", _no_cpu_to_debug, "the same on a port of its own"),
    Option("incoming loadvm", "X", _refuse("a guest to load is"), "a guest to load"),
    Option("chroot runas run-with", "X", _refuse("changing the user or the root folder is"), "no"),
    Option("readconfig set", "X", _refuse("configuration files are"), "no"),
    Option("preconfig", "", _refuse("starting without a machine is"), "no"),
)
