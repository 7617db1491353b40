"""What is made of the whole command line, in the order of QEMU's system/vl.c.

An option list is kept when it is read, and means something later: tables name the lists of each
step of start-up, with what checks them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.errors import LocatedError, located
from qmp_iothreadd.qom.option_lists import Options

Check = Callable[[CommandLine, Options], None]
"""Raises QmpError where a list that was given makes no sense."""

# The lists, and the function of a module of ``cli`` that checks each.
_EARLY = {
    "name": "process_checks.take_name",
    "action": "process_checks.check_actions",
    "sandbox": "process_checks.check_sandbox",
    "add-fd": "process_checks.take_descriptor",
}
_CLOCK = {
    "icount": "machine_checks.check_replay",
    "rtc": "machine_checks.check_rtc",
    "memory": "machine_checks.take_memory",
}
_ACCELERATORS = {"icount": "machine_checks.check_icount"}
_BACKENDS = {"fsdev": "device_checks.check_fsdev", "drive": "device_checks.take_drive"}
_CLIENTS = {
    "netdev": "network_checks.take_netdev",
    "nic": "network_checks.check_nic",
    "net": "network_checks.check_net",
    "tpmdev": "device_checks.check_tpm",
}
_BOARD = {
    "numa": "machine_checks.check_numa",
    "fw_cfg": "firmware_checks.check_fw_cfg",
    "device": "device_checks.take_device",
    "global": "device_checks.take_global",
}


def finish(line: CommandLine) -> None:
    """Check what only the whole command line shows, and make monitors of options.

    What is wrong with something that others are made before is kept for the daemon.

    Raises:
        LocatedError: it makes no sense, so that nothing needs to be made.
        Finished: something is to be printed instead.
    """
    _check_options(line)
    try:
        _make_backends(line)
    except LocatedError as error:
        line.config.backend_error = error
        return
    try:
        if line.ports is not None:
            line.ports.make(line.config.ports, has_bus=not line.machine_options.is_empty)
    except LocatedError as error:
        line.config.port_error = error
        return
    try:
        _check_board(line)
    except LocatedError as error:
        line.config.board_error = error


def _make_backends(line: CommandLine) -> None:
    """Character devices, disks, the machine, then monitors."""
    config = line.config
    config.chardev_options = line.backends.chardevs
    line.backends.make_chardevs(config.chardevs)
    _check_machine(line)
    config.monitors = line.monitors.configs()
    line.defaults.add_socket(config, line.monitors)
    for text, location in line.control:
        from qmp_iothreadd.cli.control import add_control  # only where asked for

        add_control(line, text, location)


def _check_options(line: CommandLine) -> None:
    """What is checked before anything is made.

    Raises:
        LocatedError: the first that makes no sense.
        Finished: something was asked for that is said and done.
    """
    if line.dropped and line.machine_options.is_empty:
        raise LocatedError(errors.invalid_option(), line.dropped[0])
    with located(""):
        if not line.fleet and (line.socket_folder or line.fleet_events):
            _call(line, "fleet.check_alone")
        _check_combinations(line)
        _check_lists(line, _EARLY)
        for question in line.questions:
            question(line)
        _check_lists(line, _CLOCK)
        line.machine_options.check_type()
        line.defaults.add(line)
        if line.vga is not None:
            _call(line, "display_checks.check_vga")


def _check_machine(line: CommandLine) -> None:
    """What is checked once objects and character devices are there.

    Raises:
        LocatedError: the first that makes no sense.
    """
    with located(""):
        _check_lists(line, _BACKENDS)
        options = line.machine_options
        if line.defaults.nographic and not options.is_empty and options.get("graphics") is None:
            options.set("graphics", "off")
        if options.has_properties:
            options.check_properties()
            line.config.machine = options.values()
        line.config.machine_type = options.type_name
        _check_lists(line, _ACCELERATORS)
        if options.get("accel") is not None or "accel" in line.lists:
            _call(line, "machine_checks.check_accelerators")
        _check_lists(line, _CLIENTS)


def _check_board(line: CommandLine) -> None:
    """What is checked once monitors are there, where the machine gets its CPUs and devices.

    Raises:
        LocatedError: the first that makes no sense.
    """
    with located(""):
        if line.cpu is not None:
            _call(line, "machine_checks.check_cpu")
        if line.machine_options.get("memory-backend") is not None:
            _call(line, "machine_checks.check_memory_backend")
        options = line.machine_options
        if options.get("kernel") is not None or options.get("firmware") is not None:
            _call(line, "firmware_checks.check_images")
        _check_lists(line, _BOARD)
        if line.json_devices:
            _call(line, "device_checks.take_json_devices")
        if options.boots_once and not options.machine_type().family.boot_order:
            raise errors.boot_order_fixed()
        for refusal in line.refusals:
            raise refusal
        for location in line.debuggers:
            raise LocatedError(errors.nothing_to_debug(has_cpus=not options.is_empty), location)


def _check_combinations(line: CommandLine) -> None:
    options = line.machine_options
    if options.get("kernel") is None:
        for name in ("append", "shim", "initrd"):
            if options.get(name) is not None:
                raise errors.kernel_missing(name)
    config = line.config
    incoming = config.incoming is not None
    if line.loadvm is not None:
        if incoming:
            raise errors.options_mutually_exclusive("incoming", "loadvm")
        if config.preconfig:
            raise errors.options_mutually_exclusive("preconfig", "loadvm")
    if incoming and config.preconfig and config.incoming != "defer":
        raise errors.preconfig_wants_defer()


def _check_lists(line: CommandLine, checks: dict[str, str]) -> None:
    for name, check in checks.items():
        if name in line.lists:
            for options in line.lists[name].given:
                with located(options.location):
                    cast(Check, _load(check))(line, options)


def _call(line: CommandLine, check: str) -> None:
    cast(Callable[[CommandLine], None], _load(check))(line)


def _load(check: str) -> object:
    module, _, function = check.partition(".")
    return getattr(import_module(f"qmp_iothreadd.cli.{module}"), function)
