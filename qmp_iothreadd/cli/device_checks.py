"""Option lists of devices and what is behind them: the empty machine has no place for these."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.daemon.backends import BlockConfig, DeviceConfig
from qmp_iothreadd.errors import located
from qmp_iothreadd.qom.option_lists import Options

_FS_DRIVERS = ("local", "synth")
_SECURITY_MODELS = ("passthrough", "mapped-xattr", "mapped-file", "none")


def take_device(line: CommandLine, options: Options) -> None:
    """``-device`` that is a list: the board has a place for it, or refuses it."""
    if line.machine_options.is_empty:
        raise _refusal_of_empty(options.get("driver"))
    values: dict[str, Any] = dict(options.pairs)
    if options.id is not None:
        values["id"] = options.id
    line.config.devices.append(DeviceConfig(options.location, values, from_text=True))


def take_json_devices(line: CommandLine) -> None:
    """The same in JSON."""
    for device in line.json_devices:
        if line.machine_options.is_empty:
            with located(device.location):
                raise _refusal_of_empty(device.options.get("driver"))
        line.config.devices.append(device)


def _refusal_of_empty(driver: Any) -> errors.QmpError:
    if not isinstance(driver, str):
        return errors.missing_parameter("driver")
    return refusal_of(driver)


def take_global(line: CommandLine, options: Options) -> None:
    """``-global``: what devices of a type begin with."""
    from qmp_iothreadd.machine.devices.model_table import find_row
    from qmp_iothreadd.machine.devices.unbuilt import bus_of

    driver, name = options.get("driver") or "", options.get("property") or ""
    if find_row(driver) is not None:
        line.config.device_defaults.append((driver, name, options.get("value") or ""))
    elif bus_of(driver) is None:
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
    """``-drive``, and what is short for it."""
    from qmp_iothreadd.machine.block.drives import BUSES  # few have one

    bus = options.get("if") or "none"
    if line.machine_options.is_empty:
        if bus == "virtio":
            raise refusal_of("virtio-blk-pci")
        if bus in BUSES and bus != "none":
            raise errors.drive_without_place(bus)
    pairs = list(options.pairs)
    if line.snapshot and options.get("snapshot") is None:
        pairs.append(("snapshot", "on"))
    line.config.blocks.append(BlockConfig(options.location, name=options.id, pairs=tuple(pairs)))


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
