"""The devices of a machine: how they are made, found, plugged in and unplugged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.json.order import qdict_order
from qmp_iothreadd.machine.devices.device import Bus, Device
from qmp_iothreadd.machine.devices.models import find_model
from qmp_iothreadd.machine.devices.walk import bus_at, choose_bus, devices_below, find_bus
from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.qom.identifiers import is_identifier

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.machine import Machine


class Devices:
    """A part of the machine: what is plugged into its buses.

    A board puts its own devices in with ``add_built_in``; ``-device`` and device_add call ``plug``.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._anonymous = 0
        self._unattached = 0

    def close(self) -> None:
        """Unrealize all devices, the newest first."""
        for device in tuple(devices_below(self._machine)):
            device.unrealize_from_bus()

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
        return find_bus(self._machine, name)

    # -- Plugging in ------------------------------------------------------------------------------

    def add_built_in(
        self,
        model: str,
        bus: Bus | None = None,
        values: Mapping[str, Any] | None = None,
        path: str | None = None,
    ) -> Device:
        """Make a device that the machine has from its start, and its users did not ask for.

        ``bus``: by default the first of the kind that the model needs; ``path`` is its place in the
        tree, by default ``/machine/unattached/device[N]``.

        Raises:
            QmpError: it cannot be; nothing is left of it.
        """
        if path is None:
            path = f"/machine/unattached/device[{self._unattached}]"
            self._unattached += 1
        row = find_model(model, has_buses=True)
        device = self._instantiate(row)
        where = self._choose_bus(row, None) if bus is None else bus
        self._put(device, path, values or {}, where, from_text=False)
        return device

    def plug(
        self, options: Mapping[str, Any], *, hotplugged: bool, from_text: bool = False
    ) -> Device:
        """Make the device that ``options`` describe: driver, bus, id, and its properties.

        ``from_text``: they are texts, as ``keyval.parse`` returns them, and not JSON's values.

        Raises:
            QmpError: there is no such model, no place for it, a property is wrong, or it does not
            work. Nothing is left of it.
        """
        driver, bus_name, name = (_text(options.get(key)) for key in ("driver", "bus", "id"))
        if driver is None:
            raise errors.missing_parameter("driver")
        model = find_model(driver, has_buses=not self._machine.board.is_empty)
        if model.internal or (hotplugged and not model.hotpluggable):
            raise errors.device_not_pluggable()
        bus = self._choose_bus(model, bus_name)
        if bus is not None and hotplugged and not bus.hotpluggable:
            raise errors.bus_not_hotpluggable(bus.bus_name)
        path = self._free_path(name)
        device = self._instantiate(model)
        device.id, device.hotplugged = name, hotplugged
        values = {key: options[key] for key in qdict_order(options) if key not in _OWN}
        self._put(device, path, values, bus, from_text=from_text)
        return device

    def _choose_bus(self, model: DeviceModel, name: str | None) -> Bus | None:
        if model.bus is None:
            return None
        if name is None:
            chosen = choose_bus(self._machine, model.bus)
            if chosen is None:
                raise errors.no_bus(model.bus, model.name)
            return chosen
        found = bus_at(self._machine, name)
        if found.is_full:
            raise errors.bus_full(name)
        if not found.type.implements(model.bus):
            raise errors.device_of_another_bus(model.name, found.kind)
        return found

    def _free_path(self, name: str | None) -> str:
        if name is None:
            self._anonymous += 1
            return f"/machine/peripheral-anon/device[{self._anonymous - 1}]"
        if not is_identifier(name):
            raise errors.not_an_identifier("id")
        if self._machine.resolve("/machine/peripheral").child(name) is not None:
            raise errors.duplicate_device_id(name)
        return f"/machine/peripheral/{name}"

    def _instantiate(self, model: DeviceModel) -> Device:
        device = self._machine.types[model.name].instantiate()
        assert isinstance(device, Device)
        return device

    def _put(
        self,
        device: Device,
        path: str,
        values: Mapping[str, Any],
        bus: Bus | None,
        *,
        from_text: bool,
    ) -> None:
        folder, _, name = path.rpartition("/")
        self._machine.resolve(folder).add_child(name, device)
        try:
            for base, key, text in self._machine.device_defaults:
                if device.type.implements(base):
                    _apply_default(device, base, key, text)
            for key, value in values.items():
                if from_text:
                    device.store_text(key, value)
                else:
                    device.set_property(key, value)
            device.realize_on(bus)
        except BaseException:
            device.leave()
            device.unparent()
            raise

    # -- Unplugging -------------------------------------------------------------------------------

    def request_unplug(self, device: Device) -> None:
        """Unplug a device, or ask the guest to let it go.

        Raises:
            QmpError: the device, or its bus, does not come and go.
        """
        guest = self._machine.part(Guest)
        if guest.is_unplugging(device) and self._machine.status == "prelaunch":
            raise errors.unplug_pending(device.id or "")
        if device.bus is not None and not device.bus.hotpluggable:
            raise errors.bus_not_hotpluggable(device.bus.bus_name)
        if not device.model.hotpluggable:
            raise errors.device_not_unpluggable(device.type.name)
        device.check_unplug()
        if device.asks_guest:
            guest.unplug(device, lambda: self.unplug(device))
        else:
            self.unplug(device)

    def unplug(self, device: Device) -> None:
        """Take out a device that the guest has let go, and before it what is behind it."""
        for bus in device.buses:
            for below in bus.devices.copy():
                self.unplug(below)
        self._machine.part(Guest).forget(device)
        path = device.path
        device.unrealize_from_bus()
        device.unparent()
        data = {"path": path} if device.id is None else {"path": path, "device": device.id}
        self._machine.emit("DEVICE_DELETED", data)


_OWN = ("driver", "bus", "id")
"""Options that are no properties."""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _apply_default(device: Device, base: str, name: str, text: str) -> None:
    try:
        device.store_text(name, text, whole=True)
    except errors.QmpError as error:
        raise errors.global_not_applied(base, name, text, error) from None
