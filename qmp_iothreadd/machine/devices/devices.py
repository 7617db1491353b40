"""The devices of a machine: how they are made, found, plugged in and unplugged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.device import Bus, Device
from qmp_iothreadd.machine.devices.models import find_model

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.machine import Machine


class Devices:
    """A part of the machine: its buses, and what is plugged into them.

    A board puts its buses in with ``add_bus`` and its own devices with ``add_built_in``;
    ``-device`` and device_add call ``plug``.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        found = machine.resolve("/machine/unattached/sysbus")
        assert isinstance(found, Bus)
        self.system_bus = found
        # Buses that belong to the board itself, the newest first.
        self._board_buses: list[Bus] = []
        self._anonymous = 0
        self._unattached = 0

    def close(self) -> None:
        """Unrealize all devices, the newest first."""
        for device in [*self.all_devices()]:
            device.unrealize_from_bus()

    # -- Looking ----------------------------------------------------------------------------------

    def buses(self) -> Iterator[Bus]:
        """All buses, in the order in which QEMU looks for one: the newest first, depth first."""
        for root in (self.system_bus, *self._board_buses):
            yield from _walk(root)

    def all_devices(self) -> Iterator[Device]:
        """All devices that are plugged into a bus, the newest first."""
        for bus in self.buses():
            yield from bus.devices

    def find(self, id_or_path: str) -> Device:
        """The device with this id, or at this path.

        Raises:
            QmpError: DeviceNotFound; or what is there is no device that could be unplugged.
        """
        path = id_or_path if id_or_path.startswith("/") else f"/machine/peripheral/{id_or_path}"
        found, _ = self._machine.tree.resolve(path if id_or_path else "/")
        if found is None:
            raise errors.device_not_found(id_or_path)
        if not isinstance(found, Device):
            raise errors.device_not_hotpluggable(id_or_path)
        return found

    def find_bus(self, name: str) -> Bus | None:
        """The bus of this name, or None."""
        return next((bus for bus in self.buses() if bus.bus_name == name), None)

    # -- What the board brings --------------------------------------------------------------------

    def add_bus(self, owner: Device | None, bus: Bus) -> Bus:
        """Make ``bus`` one that can be plugged into.

        It becomes a child of ``owner``, under its name; one of None is in the tree already.
        """
        if owner is None:
            self._board_buses.insert(0, bus)
            return bus
        owner.add_child(bus.bus_name, bus)
        owner.buses.insert(0, bus)
        bus.owner = owner
        return bus

    def add_built_in(
        self, model: str, bus: Bus | None = None, values: Mapping[str, Any] | None = None
    ) -> Device:
        """Make a device that the machine has from its start: ``/machine/unattached/device[N]``.

        Raises:
            QmpError: it cannot be; nothing is left of it.
        """
        device = self._make(find_model(self._machine.types, model), values or {})
        name = f"device[{self._unattached}]"
        self._realize(device, "/machine/unattached", name, bus)
        self._unattached += 1
        return device

    # -- What users plug in -----------------------------------------------------------------------

    def plug(self, options: Mapping[str, Any], *, hotplugged: bool) -> Device:
        """Make the device that ``options`` describe: driver, bus, id, and its properties.

        Raises:
            QmpError: there is no such model, no place for it, a property is wrong, or it does not
            work. Nothing is left of it.
        """
        values = dict(options)
        driver, name = values.pop("driver", None), values.pop("id", None)
        bus_name = values.pop("bus", None)
        if driver is None:
            raise errors.missing_parameter("driver")
        model = find_model(self._machine.types, driver)
        if hotplugged and not model.hotpluggable:
            raise errors.device_not_pluggable()
        bus = self._choose_bus(model, bus_name)
        if bus is not None and hotplugged and not bus.hotpluggable:
            raise errors.bus_not_hotpluggable(bus.bus_name)
        device = self._make(model, values)
        device.id, device.hotplugged = name, hotplugged
        if name is None:
            folder, name = "/machine/peripheral-anon", f"device[{self._anonymous}]"
            self._anonymous += 1
        else:
            folder = "/machine/peripheral"
            if self._machine.resolve(folder).child(name) is not None:
                raise errors.duplicate_device_id(name)
        self._realize(device, folder, name, bus)
        return device

    def _choose_bus(self, model: DeviceModel, name: str | None) -> Bus | None:
        if model.bus is None:
            return None
        if name is None:
            for bus in self.buses():
                if bus.type.implements(model.bus) and not bus.is_full:
                    return bus
            raise errors.no_bus(model.bus, model.name)
        found = self.find_bus(name)
        if found is None:
            raise errors.bus_not_found(name)
        if not found.type.implements(model.bus):
            raise errors.device_of_another_bus(model.name, found.kind)
        if found.is_full:
            raise errors.bus_full(name)
        return found

    # -- Unplugging -------------------------------------------------------------------------------

    def request_unplug(self, device: Device) -> None:
        """Ask the guest to let a device go; nothing happens where it was asked before.

        Raises:
            QmpError: the device, or its bus, does not come and go.
        """
        if device.bus is not None and not device.bus.hotpluggable:
            raise errors.bus_not_hotpluggable(device.bus.bus_name)
        if not device.hotpluggable:
            raise errors.device_not_unpluggable(device.type.name)
        device.pending_unplug = True
        self.unplug(device)

    def unplug(self, device: Device) -> None:
        """Take out a device that the guest has let go."""
        path, backend = device.path, device.child("virtio-backend")
        device.unrealize_from_bus()
        if backend is not None:
            self._machine.emit("DEVICE_DELETED", {"path": backend.path})
        device.unparent()
        data = {"path": path} if device.id is None else {"path": path, "device": device.id}
        self._machine.emit("DEVICE_DELETED", data)

    # -- Making and undoing -----------------------------------------------------------------------

    def _make(self, model: DeviceModel, values: Mapping[str, Any]) -> Device:
        device = self._machine.types[model.name].instantiate()
        assert isinstance(device, Device)
        for name, value in values.items():
            device.set_property(name, value)
        return device

    def _realize(self, device: Device, folder: str, name: str, bus: Bus | None) -> None:
        self._machine.resolve(folder).add_child(name, device)
        try:
            device.realize_on(bus)
        except BaseException:
            device.unparent()
            raise


def _walk(bus: Bus) -> Iterator[Bus]:
    yield bus
    for device in bus.devices:
        for below in device.buses:
            yield from _walk(below)
