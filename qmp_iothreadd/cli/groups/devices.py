"""Options of a guest's devices, and of what is behind them."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.cli.option import Handler, Option


def _refuse_device(_line: CommandLine, text: str) -> None:
    """There are none."""
    if text.startswith("{"):
        from qmp_iothreadd.json.reader import parse_one  # only for JSON

        value: Any = parse_one(text)
        driver = value.get("driver", "") if isinstance(value, dict) else ""
    else:
        driver = text.removeprefix("driver=").split(",", 1)[0]
    raise errors.bad_device_model(str(driver))


def _refuse(what: str) -> Handler:
    def refuse(_line: CommandLine, _text: str) -> None:
        raise errors.option_unsupported(what)

    return refuse


OPTIONS = (
    Option("device", "DRIVER[,PROP=VALUE]...", _refuse_device, "a device: there are none"),
    Option(
        "blockdev cdrom drive fda fdb hda hdb hdc hdd mtdblock pflash sd",
        "X",
        _refuse("disks are"),
        "a disk",
    ),
    Option("snapshot", "", _refuse("disks are"), "write to temporary files"),
    Option("net netdev nic", "X", _refuse("networks are"), "a network"),
    Option("tpmdev usbdevice virtfs fsdev", "X", _refuse("devices are"), "a device"),
    Option("vnc spice", "X", _refuse("displays are"), "a display"),
)
