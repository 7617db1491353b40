"""Devices, and the buses that they are plugged into.

Each machine has the system's bus, so each start imports this: what only a device needs comes late.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.qom.object import Object, ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.devices.property_values import PropertyTypes
    from qmp_iothreadd.machine.machine import Machine


class BusNumbers:
    """A part of the machine: numbers for buses that nobody named, for each kind from 0."""

    def __init__(self, machine: Machine) -> None:
        self._next: dict[str, int] = {}

    def close(self) -> None:
        """They hold nothing."""

    def take(self, kind: str) -> int:
        """The next number."""
        number = self._next.get(kind, 0)
        self._next[kind] = number + 1
        return number


class Bus(Object):
    """The abstract type of what devices are plugged into.

    ``bus_name`` is what users call it (``pci.0``), ``owner`` the device that offers it, if any,
    and ``devices`` are those in it, the newest first. ``hotpluggable``: devices come and go while
    the machine runs. ``capacity``: how many devices there is room for; None: what ``claim`` says.
    """

    __slots__ = ("bus_name", "devices", "hotpluggable", "owner")

    qom_name = "bus"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = ()
    capacity: ClassVar[int | None] = None

    def __init__(self, type: ObjectType, bus_name: str = "", *, hotpluggable: bool = False) -> None:
        super().__init__(type)
        self.bus_name = bus_name
        self.hotpluggable = hotpluggable
        self.owner: Device | None = None
        self.devices: list[Device] = []

    @property
    def kind(self) -> str:
        """The name of its type, as a model asks for it."""
        return self.type.name

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another device."""
        return self.capacity is not None and len(self.devices) >= self.capacity

    def claim(self, device: Device) -> None:
        """Give a device, whose properties are set, its place.

        Raises:
            QmpError: the place it asks for is taken or there is none such; or none is left.
        """

    def release(self, device: Device) -> None:
        """Take back the place of a device."""


class SystemBus(Bus):
    """The bus that every machine has."""

    __slots__ = ()

    qom_name = "System"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("realized", "bool", lambda bus: False),
        Property("hotplug-handler", "link<hotplug-handler>", lambda bus: ""),
    )

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type, "main-system-bus")


class Device(Object):
    """The abstract type of all devices.

    A model, a row of the table, says which class its devices have: the type's own or that of the
    nearest type above it. ``values`` are the properties that were set. A subclass overrides
    ``apply`` to check a value, ``realize`` and ``unrealize`` to do and undo what the model does.
    What it takes before that it gives back by a function in ``releases``.
    """

    __slots__ = (
        "bus",
        "buses",
        "hotplugged",
        "id",
        "machine",
        "model",
        "realized",
        "releases",
        "values",
    )

    qom_name = "device"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("realized", "bool", lambda device: device.realized),
        Property("hotpluggable", "bool", lambda device: device.model.hotpluggable),
        Property("hotplugged", "bool", lambda device: device.hotplugged),
        Property("parent_bus", "link<bus>", lambda device: device.bus.path if device.bus else ""),
    )
    asks_guest: ClassVar[bool] = False
    """Whether the guest has to let go of the device before it can be unplugged."""

    def __init__(self, type: ObjectType, machine: Machine, model: DeviceModel) -> None:
        super().__init__(type)
        self.machine = machine
        self.model = model
        self.id: str | None = None
        self.bus: Bus | None = None
        # The buses that it offers, the newest first.
        self.buses: list[Bus] = []
        self.hotplugged = False
        self.realized = False
        self.values: dict[str, Any] = {}
        self.releases: list[Callable[[], None]] = []

    # -- Properties -------------------------------------------------------------------------------

    def load(self, name: str) -> Any:
        """The value in force of a property of the model."""
        if name in self.values:
            return self.values[name]
        row = self.model.properties[name]
        if row.default is not None:
            return row.default
        from qmp_iothreadd.machine.devices.property_values import unset_value

        return unset_value(row.type)

    def default_of(self, name: str) -> dict[str, Any]:
        """The default of a property, under ``default-value``; empty where it has none."""
        row = self.model.properties.get(name)
        return {} if row is None or row.default is None else {"default-value": row.default}

    def store(self, name: str, value: Any) -> None:
        """Set a property of the model.

        Raises:
            QmpError: it is of another type, or ``apply`` refuses it, and then nothing changed; or
            the device works already, and the property stays.
        """
        if self.realized and name not in self.model.instance:
            raise errors.device_property_set_too_late(name, self.id, self.type.name)
        self.values[name] = self.apply(name, self.convert(name, value))

    def store_text(self, name: str, text: Any, *, whole: bool = False) -> None:
        """Set a property to what a text stands for: a part of what ``keyval.parse`` returns.

        ``whole``: it is the property's whole text, of ``-global``.

        Raises:
            QmpError: there is no such property, it stands for no value, or what ``store`` raises.
        """
        row = self.model.properties.get(name)
        if row is not None:
            types = self._property_types()
            text = (types.read_whole if whole else types.read)(row.type, text, name)
        self.set_property(name, text)

    def convert(self, name: str, value: Any) -> Any:
        """The value as the property's type has it, an object by its path.

        Raises:
            QmpError: it is of another type, or there is no such object.
        """
        row = self.model.properties[name]
        value = self._property_types().check(row.type, value, name)
        if row.type.startswith("link<"):
            from qmp_iothreadd.qom.links import resolve_link

            return resolve_link(self, name, value, row.type[len("link<") : -1])
        return value

    def apply(self, name: str, value: Any) -> Any:
        """Check a value that is about to be set, and give what is to be kept.

        Raises:
            QmpError: the device cannot have it.
        """
        take = _backends().BACKENDS.get(name)
        return value if take is None else take(self, name, value)

    def _property_types(self) -> PropertyTypes:
        from qmp_iothreadd.machine.devices.property_values import PropertyTypes

        return self.machine.part(PropertyTypes)

    # -- Life -------------------------------------------------------------------------------------

    def realize(self) -> None:
        """Start working. Called once, with the properties set, in its place of tree and bus.

        Raises:
            QmpError: it cannot work so; the device is taken out again.
        """

    def unrealize(self) -> None:
        """Stop working, and give back what ``realize`` took. Called once per successful realize."""

    def check_unplug(self) -> None:
        """Veto an unplug by raising QmpError."""

    def offer_bus(self, cls: type[Bus], name: str | None = None, *, hotpluggable: bool) -> Bus:
        """Make a bus that others are plugged into, of the class ``cls``.

        One without a name is ``ID.N``; where the device has no id, it is numbered by its kind.
        """
        if name is None and self.id:
            name = f"{self.id}.{len(self.buses)}"
        elif name is None:
            number = self.machine.part(BusNumbers).take(cls.qom_name)
            name = f"{cls.qom_name.lower()}.{number}"
        made = cls(self.machine.types.add(cls), name, hotpluggable=hotpluggable)
        self.add_child(name, made)
        self.buses.insert(0, made)
        made.owner = self
        return made

    def realize_on(self, bus: Bus | None) -> None:
        """Take a place on ``bus``, where there is one, and start working there.

        Raises:
            QmpError: there is no place, or ``realize`` refuses. The device is off the bus again.
        """
        try:
            if bus is not None:
                bus.claim(self)
                self.bus = bus
                bus.devices.insert(0, self)
            if "mac" in self.model.properties:
                _backends().add_card(self)
            self.realize()
        except BaseException:
            self.leave()
            raise
        self.realized = True

    def unrealize_from_bus(self) -> None:
        """Stop working, after all devices on the buses that this one offers, and leave the bus."""
        for bus in self.buses:
            for below in bus.devices.copy():
                below.unrealize_from_bus()
        if self.realized:
            self.realized = False
            self.unrealize()
        self.leave()

    def leave(self) -> None:
        """Leave the bus, take away those offered, and give back what the properties hold."""
        while self.buses:
            self.buses.pop().unparent()
        if self.bus is not None:
            self.bus.devices.remove(self)
            self.bus.release(self)
            self.bus = None
        while self.releases:
            self.releases.pop()()


def _backends() -> ModuleType:
    """What knows, of some properties, what they stand for: it imports this module."""
    return errors.import_late("qmp_iothreadd.machine.devices.backends")
