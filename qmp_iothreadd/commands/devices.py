"""Devices, and network back ends."""

from __future__ import annotations

from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.devices.model_table import find_row
from qmp_iothreadd.machine.devices.unbuilt import bus_of, is_cpu
from qmp_iothreadd.machine.netdevs import Netdevs
from qmp_iothreadd.qmp.registry import Context, command

_WITHOUT_BUS: Final = ("pc-dimm", "nvdimm", "loader", "guest-loader", "hv-syndbg")
_NOT_LATER: Final = ("amd-iommu", "intel-iommu")
"""Those that a machine has from its start or never."""


@command("device_add")
def device_add(ctx: Context, arg: dict[str, Any], *, from_text: bool = False) -> None:
    """Plug a device in; ``from_text``: the options are texts, from a person's line."""
    driver = arg.get("driver")
    if isinstance(driver, str) and ctx.machine.board.is_empty:
        refusal = _refusal(driver, arg.get("bus"))
        if refusal is not None:
            raise refusal
    ctx.machine.part(Devices).plug(arg, hotplugged=True, from_text=from_text)


def _refusal(driver: str, bus: object) -> errors.QmpError | None:
    """Why an empty machine cannot have a device that comes late; None: as for any other."""
    if driver in _NOT_LATER:
        return errors.device_not_pluggable()
    if driver in _WITHOUT_BUS or is_cpu(driver):
        return errors.device_not_hotpluggable_here(driver)
    if isinstance(bus, str) and bus_of(driver) is not None and find_row(driver) is None:
        return errors.bus_not_found(bus)
    return None


@command("device_del")
def device_del(ctx: Context, id: str) -> None:
    """Unplug a device."""
    devices = ctx.machine.part(Devices)
    devices.request_unplug(devices.find(id))


@command("netdev_add")
def netdev_add(ctx: Context, arg: dict[str, Any]) -> None:
    """Make a network back end."""
    ctx.machine.part(Netdevs).add(arg)


@command("netdev_del")
def netdev_del(ctx: Context, id: str) -> None:
    """Remove a network back end."""
    ctx.machine.part(Netdevs).delete(id)


@command("set_link")
def set_link(ctx: Context, name: str, up: bool) -> None:
    """Connect or disconnect the cable of a network card or back end."""
    ctx.machine.part(Netdevs).set_link(name, up=up)
