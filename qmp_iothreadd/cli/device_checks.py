"""Option lists of devices and what is behind them: there are none without a guest."""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.daemon.backends import BlockConfig
from qmp_iothreadd.qom.option_lists import Options

_FS_DRIVERS = ("local", "synth")
_SECURITY_MODELS = ("passthrough", "mapped-xattr", "mapped-file", "none")


def check_device(line: CommandLine, options: Options) -> None:
    """``-device``: the empty machine refuses it; those of other machines are not looked at."""
    from qmp_iothreadd.machine.devices.unbuilt import bus_of, refusal

    driver = options.get("driver")
    if driver is None:
        raise errors.missing_parameter("driver")
    if line.machine_options.is_empty or bus_of(driver) is None:
        raise refusal(driver)
    raise errors.no_bus(bus_of(driver) or "", driver)


def check_global(line: CommandLine, options: Options) -> None:
    """``-global``: it is about devices, of which the empty machine has none."""
    from qmp_iothreadd.machine.devices.unbuilt import bus_of

    driver, name = options.get("driver"), options.get("property")
    if line.machine_options.is_empty and driver and bus_of(driver) is None:
        line.warn(f"global {driver}.{name} has invalid class name", about="")


def check_fsdev(_line: CommandLine, options: Options) -> None:
    """``-fsdev``, and the part of ``-virtfs`` that is the same."""
    if options.id is None:
        raise errors.fsdev_without_id()
    driver = options.get("fsdriver")
    if driver is None:
        raise errors.fsdev_without_driver()
    if driver not in _FS_DRIVERS:
        raise errors.fsdev_driver_unknown(driver)
    if driver == "local":
        model = options.get("security_model")
        if model not in _SECURITY_MODELS:
            raise errors.bad_security_model(model)


def take_drive(line: CommandLine, options: Options) -> None:
    """``-drive``, and what is short for it: a disk that no device uses."""
    from qmp_iothreadd.machine.block.drives import BUSES  # few have one

    bus = options.get("if") or "none"
    if line.machine_options.is_empty:
        if bus == "virtio":
            raise refusal_of("virtio-blk-pci")
        if bus in BUSES and bus != "none":
            raise errors.drive_without_place(bus)
    line.config.blocks.append(
        BlockConfig(options.location, name=options.id, pairs=tuple(options.pairs))
    )


def refusal_of(driver: str) -> errors.QmpError:
    """Why the empty machine cannot have a device."""
    from qmp_iothreadd.machine.devices.unbuilt import refusal

    return refusal(driver)


def check_tpm(_line: CommandLine, options: Options) -> None:
    """``-tpmdev``: there is no back end."""
    if options.id is None:
        raise errors.missing_parameter("id")
    if options.get("type") is None:
        raise errors.missing_parameter("type")
    raise errors.no_tpm_backend()
