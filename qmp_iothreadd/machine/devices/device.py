"""Devices, and the buses that they are plugged into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd.qom.object import Object, ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.machine import Machine


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


class Device(Object):
    """The abstract type of all devices.

    A model, a row of the table, says which class its devices have: the type's own or that of the
    nearest type above it. ``values`` are the properties that were set. A subclass overrides
    ``apply`` to check a value, ``realize`` and ``unrealize`` to do and undo what the model does.
    """

    __slots__ = (
        "bus",
        "buses",
        "hotplugged",
        "id",
        "machine",
        "model",
        "pending_unplug",
        "realized",
        "values",
    )

    qom_name = "device"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("realized", "bool", lambda device: device.realized),
        Property("hotpluggable", "bool", lambda device: device.hotpluggable),
        Property("hotplugged", "bool", lambda device: device.hotplugged),
        Property("parent_bus", "link<bus>", lambda device: device.bus.path if device.bus else ""),
    )

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
        # The guest was asked to let it go, and has not answered.
        self.pending_unplug = False
        self.values: dict[str, Any] = {}

    # -- Properties -------------------------------------------------------------------------------

    def load(self, name: str) -> Any:
        """The value in force of a property; None where it was not set and has no default."""
        if name in self.values:
            return self.values[name]
        found = self.model.properties.get(name)
        return found.default if found else None

    def store(self, name: str, value: Any) -> None:
        """Set a property to a value of its type.

        Raises:
            QmpError: ``apply`` refuses it, and then nothing changed.
        """
        self.values[name] = self.apply(name, value)

    def apply(self, name: str, value: Any) -> Any:
        """Check a value that is about to be set, and give what is to be kept.

        Raises:
            QmpError: the device cannot have it.
        """
        return value

    @property
    def hotpluggable(self) -> bool:
        """Whether devices of this model come and go while the machine runs."""
        return self.model.hotpluggable

    # -- Life -------------------------------------------------------------------------------------

    def realize(self) -> None:
        """Start working. Called once, with the properties set, in its place of tree and bus.

        Raises:
            QmpError: it cannot work so; the device is taken out again.
        """

    def unrealize(self) -> None:
        """Stop working, and give back what ``realize`` took. Called once per successful realize."""

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
            self.realize()
        except BaseException:
            self._leave_bus()
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
        self._leave_bus()

    def _leave_bus(self) -> None:
        if self.bus is not None:
            self.bus.devices.remove(self)
            self.bus.release(self)
            self.bus = None
