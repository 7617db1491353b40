"""Options of the machine and its guest."""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.lists import new_list
from qmp_iothreadd.cli.machine import list_properties
from qmp_iothreadd.cli.option import (
    FILE,
    Handler,
    Option,
    accept,
    no_words,
    read_list,
    set_field,
    store_text,
    words_of,
)
from qmp_iothreadd.errors import LocatedError
from qmp_iothreadd.qom.option_lists import HELP


def _set_machine(line: CommandLine, text: str) -> None:
    if not line.machine_options.machine(text):
        name = line.machine_options.get("type")
        if name is not None and name not in HELP:
            raise Finished(list_properties(name))
        from qmp_iothreadd.machine.boards.machine_types import list_machines  # only for help

        raise Finished(list_machines())


def _set_part(name: str, list_name: str) -> Handler:
    """A handler of a structured property of the machine."""

    def set_part(line: CommandLine, text: str) -> None:
        if not line.machine_options.part(name, list_name, text):
            raise Finished(new_list(list_name).help())

    return set_part


def _set_property(name: str, value: str | None = None) -> Handler:
    """A handler of a property that is a text: the argument, or ``value``."""

    def set_property(line: CommandLine, text: str) -> None:
        line.machine_options.set(name, text if value is None else value)

    return set_property


def _turn_off(name: str) -> Handler:
    """A handler of an option that QEMU 11.1 has no more, and libvirt 9 gives beside a machine."""

    def turn_off(line: CommandLine, _text: str) -> None:
        line.dropped.append(line.location)
        line.machine_options.set(name, "off")

    return turn_off


def _add_accelerator(line: CommandLine, text: str) -> None:
    name = line.read_list("accel", text).get("accel")
    if not name or name in HELP:
        from qmp_iothreadd.cli.machine_checks import ACCELERATORS  # only for help

        raise Finished("\n".join(["Accelerators supported in QEMU binary:", *ACCELERATORS]))


def _set_cpu(line: CommandLine, text: str) -> None:
    line.cpu = text
    if text in HELP:
        line.questions.append(_list_cpus)


def _list_cpus(_line: CommandLine) -> None:
    from qmp_iothreadd.machine.cpus.models import cpu_models  # only for help

    lines = [f"  {name:<22} {text}".rstrip() for name, text in cpu_models()]
    raise Finished("\n".join(["Available CPUs:", *lines]))


def _add_global(line: CommandLine, text: str) -> None:
    """DRIVER.PROPERTY=VALUE, or a list with these three."""
    name, has_value, value = text.partition("=")
    driver, has_property, name = name.partition(".")
    if has_value and has_property and driver and name and "," not in driver:
        options = line.list_of("global").create(None, line.location)
        options.pairs += [("driver", driver), ("property", name), ("value", value)]
        return
    options = line.read_list("global", text)
    if None in [options.get(each) for each in ("driver", "property", "value")]:
        raise errors.global_incomplete()


def _add_smbios(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.firmware_checks import check_smbios  # only where there is one

    check_smbios(line.read_list("smbios", text))


def _add_acpi_table(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.firmware_checks import check_acpi_table

    check_acpi_table(line.read_list("acpi", text))


def _add_option_rom(line: CommandLine, text: str) -> None:
    if not line.read_list("option-rom", text).get("romfile"):
        raise errors.option_rom_missing()


def _load_snapshot(line: CommandLine, text: str) -> None:
    line.loadvm = text
    line.refusals.append(LocatedError(errors.no_vmstate_device()))


def _machine_words() -> Iterable[str]:
    from qmp_iothreadd.machine.recorded_lists import recorded_list  # only to make the pages

    machines = recorded_list("machines")
    names = [each[name] for each in machines for name in ("name", "alias") if name in each]
    return (*sorted(names), "help")


def _accelerator_words() -> Iterable[str]:
    from qmp_iothreadd.cli.machine_checks import ACCELERATORS  # only to make the pages

    return (*ACCELERATORS, "help")


def _checked(names: str, argument: str, handler: Handler, help: str, list: str = "") -> Option:
    """An option without effect."""
    return _board(names, argument, handler, help, list, no_effect=True)


def _board(
    names: str,
    argument: str,
    handler: Handler,
    help: str,
    list: str = "",
    *,
    no_effect: bool = False,
) -> Option:
    """An option that boards follow; the empty machine keeps what it is told, or refuses it."""
    words = words_of(list) if list else no_words
    return Option(names, argument, handler, help, words=words, no_effect=no_effect)


OPTIONS = (
    Option(
        "M machine",
        "TYPE[,PROP=VALUE]...",
        _set_machine,
        "the machine: none, microvm, pc, q35, isapc, or a version of these",
        words=_machine_words,
    ),
    _board(
        "smp",
        "[cpus=]N[,maxcpus=N][,LEVEL=N]...",
        _set_part("smp", "smp-opts"),
        "how many CPUs",
        "smp-opts",
    ),
    _board("m", "[size=]N[,slots=N,maxmem=N]", read_list("memory"), "how much memory", "memory"),
    Option(
        "accel",
        "NAME[,PROP=VALUE]...",
        _add_accelerator,
        "how a guest is run",
        no_effect=True,
        words=_accelerator_words,
    ),
    _checked("enable-kvm", "", _set_property("accel", "kvm"), "-machine accel=kvm"),
    Option("cpu", "MODEL[,PROP=VALUE]...", _set_cpu, "the model of CPUs"),
    Option(
        "numa",
        "node|dist|cpu|hmat-lb|hmat-cache[,...]",
        read_list("numa"),
        "nodes of memory and CPUs; of them, nothing else is known",
    ),
    Option("mem-path", "PATH", store_text("memory_path"), "where memory is kept"),
    Option("mem-prealloc", "", set_field("preallocate"), "allocate memory at once"),
    _board("global", "DRIVER.PROP=VALUE", _add_global, "a default of a device's", "global"),
    _board(
        "boot",
        "[order=]DRIVES[,once=DRIVES][,menu=on|off]...",
        _set_part("boot", "boot-opts"),
        "what to boot from",
        "boot-opts",
    ),
    _board("kernel", FILE, _set_property("kernel"), "a kernel to boot"),
    _board("shim", FILE, _set_property("shim"), "what is run before it"),
    _board("initrd", FILE, _set_property("initrd"), "its initial ram disk"),
    _board("append", "TEXT", _set_property("append"), "its command line"),
    _board("dtb", FILE, _set_property("dtb"), "its device tree"),
    _board("bios", FILE, _set_property("firmware"), "the firmware"),
    _checked(
        "fw_cfg",
        "[name=]NAME,file=FILE|string=TEXT",
        read_list("fw_cfg"),
        "a file for firmware",
        "fw_cfg",
    ),
    _checked("smbios", "file=FILE|type=N[,FIELD=VALUE]...", _add_smbios, "a table of SMBIOS"),
    _checked("acpitable", "sig=NAME,data=FILE[,...]", _add_acpi_table, "a table of ACPI"),
    _checked("option-rom", FILE, _add_option_rom, "a ROM to load", "option-rom"),
    _board("no-acpi", "", _turn_off("acpi"), "-machine acpi=off, in older words"),
    _board("no-hpet", "", _turn_off("hpet"), "-machine hpet=off, in older words"),
    _checked("win2k-hack", "", accept, "for the installation of Windows 2000"),
    _checked("no-fd-bootchk", "", accept, "do not check the signatures of floppy disks"),
    _board(
        "rtc",
        "[base=utc|localtime|DATE][,clock=host|rt|vm][,driftfix=none|slew]",
        read_list("rtc"),
        "the guest's clock",
        "rtc",
    ),
    _checked("icount", "[shift=]N|auto[,...]", read_list("icount"), "count instructions", "icount"),
    _board("loadvm", "TAG", _load_snapshot, "load a snapshot: there is no disk that has one"),
    Option("only-migratable", "", set_field("only_migratable"), "allow only what can be migrated"),
)
