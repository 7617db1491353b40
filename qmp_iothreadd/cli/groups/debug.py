"""Options for those who look into a guest or into QEMU."""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.option import FILE, Option, accept
from qmp_iothreadd.qom import c_numbers

# The operator that is looked for first counts.
_RANGE_OPERATORS = ("-", "+", "..")

# What QEMU writes of a machine without devices.
_EMPTY_VMSTATE = '{\n    "vmschkmachine": {\n        "Name": "none"\n    }\n}\n'


def _add_debugger(line: CommandLine, _text: str) -> None:
    line.debuggers.append(line.location)


def _check_ranges(_line: CommandLine, text: str) -> None:
    for part in text.split(",") if text else ():
        operator = next((each for each in _RANGE_OPERATORS if each in part), None)
        if operator is None:
            raise errors.bad_range()
        before, _, after = part.partition(operator)
        left, right = c_numbers.uint64(before), c_numbers.uint64(after)
        if left is None:
            raise errors.bad_range_end("left", operator)
        if right is None:
            raise errors.bad_range_end("right", operator)
        if operator == ".." and left > right:
            raise errors.empty_range()


def _check_seed(_line: CommandLine, text: str) -> None:
    if c_numbers.uint64(text) is None:
        raise errors.bad_seed(text)


def _dump_vmstate(line: CommandLine, text: str) -> None:
    """Written when all options make sense."""
    try:
        file = open(text, "w", encoding="utf-8")  # noqa: SIM115 -- it is closed when it is written
    except OSError as error:
        raise errors.dump_file_failed(text, error.strerror or str(error)) from None

    def write(line: CommandLine) -> None:
        with file:
            if not line.machine_options.is_empty:
                raise errors.migration_blocked()
            file.write(_EMPTY_VMSTATE)
        raise Finished("")

    line.questions.append(write)


def _not_in_build(_line: CommandLine, _text: str) -> None:
    raise errors.option_not_in_build()


def _not_for_target(_line: CommandLine, _text: str) -> None:
    raise errors.option_not_for_target()


OPTIONS = (
    Option("gdb", "DEV", _add_debugger, "a debugger on DEV: nothing is executed"),
    Option("s", "", _add_debugger, "the same on port 1234"),
    Option("dfilter", "RANGE,...", _check_ranges, "addresses to log", no_effect=True),
    Option("seed", "N", _check_seed, "the seed of random numbers", no_effect=True),
    Option("perfmap", "", accept, "a map of translated code for perf", no_effect=True),
    Option("jitdump", "", accept, "a dump of translated code for perf", no_effect=True),
    Option("enable-sync-profile", "", accept, "profile locks", no_effect=True),
    Option("dump-vmstate", FILE, _dump_vmstate, "write what would be migrated, and end"),
    Option("plugin", "[file=]FILE[,...]", _not_in_build, "a plugin: not in this build"),
    Option("qtest", "DEV", _not_in_build, "QEMU's own tests: not in this build"),
    Option("qtest-log", FILE, accept, "their log", no_effect=True),
    Option("semihosting", "", _not_for_target, "not on this architecture"),
    Option(
        "semihosting-config", "[enable=]on|off[,...]", _not_for_target, "not on this architecture"
    ),
    Option("prom-env", "NAME=VALUE", _not_for_target, "not on this architecture"),
    Option("g", "WxH[xDEPTH]", _not_for_target, "not on this architecture"),
    Option("xen-domid", "N", _not_for_target, "not on this architecture"),
    Option("xen-attach", "", _not_for_target, "not on this architecture"),
    Option("xen-domid-restrict", "", _not_for_target, "not on this architecture"),
)
