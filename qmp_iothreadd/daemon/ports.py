"""Serial and parallel ports, which have nothing here but the character devices made for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.config import MonitorConfig, PortConfig
from qmp_iothreadd.daemon.monitors import object_options
from qmp_iothreadd.errors import LocatedError, QmpError

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


async def open_port(port: PortConfig, machine: Machine) -> None:
    """Open the devices of a port, and the monitor that shares it.

    Raises:
        LocatedError: one cannot be had; that the port has none is said, too.
    """
    try:
        await _open(port, machine)
    except QmpError as error:
        failure = errors.port_not_connected(port.kind, port.text)
        raise LocatedError(error, port.location, also=failure.desc) from None
    if machine.chardevs.get(port.chardev) is None:
        raise LocatedError(errors.port_not_connected(port.kind, port.text), port.location)


async def _open(port: PortConfig, machine: Machine) -> None:
    for wanted in port.made:
        made = machine.chardevs.add(wanted.id, wanted.backend)
        if made.waits:
            await made.wait()
    if port.monitor is not None:
        machine.create_object(object_options(MonitorConfig(port.monitor, port.chardev)))
