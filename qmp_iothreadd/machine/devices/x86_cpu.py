"""CPUs: devices without a bus, each with a thread that sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.cpus._sleeping_thread import SleepingThread
from qmp_iothreadd.machine.cpus.cpus import Cpus
from qmp_iothreadd.machine.cpus.models import MODEL_SUFFIX, cpu_properties, find_cpu_model
from qmp_iothreadd.machine.cpus.options import read_value
from qmp_iothreadd.machine.cpus.places import LEVELS
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.qom.object import ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.machine import Machine

_LARGEST: Final = {"family": 0xF + 0xFF, "model": 0xFF, "stepping": 0xF}
_VENDOR_LENGTH: Final = 12


class X86Cpu(Device):
    """A CPU. ``index`` is that of its place, once it has one.

    What ``-cpu`` says is said of every CPU before its own properties.
    """

    __slots__ = ("index", "thread")

    asks_guest: ClassVar[bool] = True

    def __init__(self, type: ObjectType, machine: Machine, model: DeviceModel) -> None:
        super().__init__(type, machine, model)
        self.index = -1
        self.thread: SleepingThread | None = None
        for name, text in machine.part(Cpus).option.given:
            try:
                self.find_property(name)
                self.store_text(name, text)
            except errors.QmpError as error:
                raise errors.cpu_property_refused(type.name, name, text, error) from error

    @property
    def thread_id(self) -> int:
        """The kernel's number of its thread; 0: it has none."""
        return self.thread.thread_id if self.thread else 0

    # -- Properties -------------------------------------------------------------------------------

    def find_property(self, name: str) -> Property:
        """The property of this name, one that is not listed too.

        Raises:
            QmpError: ``Property 'TYPE.NAME' not found``.
        """
        row = cpu_properties().get(name)
        if row is None:
            return super().find_property(name)
        return Property(
            name,
            row.type,
            lambda cpu: cpu.load(name),
            lambda cpu, value: cpu.store(name, value),
        )

    def load(self, name: str) -> Any:
        """The value in force of a property."""
        if name == "unavailable-features":
            return find_cpu_model(self._model_name)[name]
        return self.values.get(name, cpu_properties()[name].default)

    def store(self, name: str, value: Any) -> None:
        """Set a property.

        Raises:
            QmpError: it is of another type, no CPU can have it, or the CPU has begun.
        """
        if self.realized:
            raise errors.device_property_set_too_late(name, self.id, self.type.name)
        if name == "unavailable-features":
            raise errors.property_not_writable(self.type.name, name)
        type_name = cpu_properties()[name].type
        value_type = self.machine.schema.types["str" if type_name == "string" else type_name]
        value = self.machine.models.validate(value_type, value, name)
        if name in _LARGEST and not 0 <= value <= _LARGEST[name]:
            raise errors.bad_cpu_number(name, value, _LARGEST[name])
        if name == "vendor" and len(value) != _VENDOR_LENGTH:
            raise errors.bad_cpu_vendor(value)
        self.values[name] = value

    def store_text(self, name: str, text: Any, *, whole: bool = False) -> None:
        """Set a property to what a text stands for.

        Raises:
            QmpError: there is no such property, it stands for no value, or what ``store`` raises.
        """
        row = cpu_properties().get(name)
        self.set_property(name, text if row is None else read_value(row.type, text, name))

    # -- Life -------------------------------------------------------------------------------------

    def realize(self) -> None:
        """Take the place that the properties ask for, and begin to sleep there.

        Raises:
            QmpError: there is no such place, it is taken, or the CPU cannot be had.
        """
        cpus = self.machine.part(Cpus)
        given = {level.property: self.load(level.property) for level in LEVELS}
        given |= {name: self.load(name) for name in ("apic-id", "node-id")}
        index, numbers, apic_id = cpus.find_place(self.type.name, given)
        for name, value in cpus.option.flags:
            self.set_property(self._flag(name), value)
        self._check_model()
        if self.hotplugged and self.machine.board.type.implements("microvm-machine"):
            raise errors.cpu_plug_unsupported(self.type.name)
        try:
            self.thread = SleepingThread(f"CPU {index}/TCG")
        except OSError as error:
            raise errors.cpu_thread_failed(str(error.strerror)) from error
        self.index = index
        self.values["apic-id"] = apic_id
        for level, number in zip(LEVELS, numbers, strict=True):
            self.values[level.property] = number
        self.values |= cpus.properties(index)
        cpus.by_index[index] = self

    def unrealize(self) -> None:
        """Give up the place; the thread ends."""
        self.machine.part(Cpus).by_index.pop(self.index, None)
        self.end()

    def end_soon(self) -> None:
        """Ask the thread to end."""
        if self.thread is not None:
            self.thread.request_end()

    def end(self) -> None:
        """End the thread."""
        if self.thread is not None:
            self.thread.close()

    def check_unplug(self) -> None:
        """Veto an unplug.

        Raises:
            QmpError: the board, or who runs on it, cannot do without this CPU.
        """
        board = self.machine.board
        if board.type.implements("microvm-machine"):
            raise errors.unplug_unsupported("microvm")
        if not board.has("acpi"):
            raise errors.cpu_unplug_needs_acpi()
        if self.index == 0:
            raise errors.boot_cpu_stays()
        if self.machine.part(Guest).behaviour == "absent":
            raise errors.cpu_unplug_unsupported(self.type.name)

    def _flag(self, name: str) -> str:
        """A name as ``-cpu`` has it after a sign."""
        dashed = name.replace("_", "-")
        return name if name in cpu_properties() or dashed not in cpu_properties() else dashed

    @property
    def _model_name(self) -> str:
        return self.type.name.removesuffix(MODEL_SUFFIX)

    def _check_model(self) -> None:
        if self._model_name == "host":
            raise errors.host_cpu_needs_kvm()
        bits = self.load("phys-bits")
        if bits and not 32 <= bits <= 52:
            raise errors.bad_phys_bits(bits)
        if self.load("enforce") and self.load("unavailable-features"):
            raise errors.cpu_features_missing()
