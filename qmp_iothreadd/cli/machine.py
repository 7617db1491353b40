"""``-machine`` and what is short for its properties: all of it merged, then checked.

What properties there are, and of which types, is the table of machine types' to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.cli.lists import LISTS
from qmp_iothreadd.json.order import first_unexpected, qdict_order
from qmp_iothreadd.machine.boards import EMPTY
from qmp_iothreadd.qom import c_numbers, keyval
from qmp_iothreadd.qom.option_lists import BOOL, NUMBER, SIZE

if TYPE_CHECKING:
    from qmp_iothreadd.machine.boards.machine_types import MachineType
    from qmp_iothreadd.qom.object import Property

# Options that were properties of the machine once, and still can be written so.
_LEGACY = ("accel", "igd-passthru", "kvm-shadow-mem", "kernel-irqchip", "memory-backend")


class MachineOptions:
    """All options that are properties of the machine, merged; the last word counts."""

    def __init__(self) -> None:
        self._values: keyval.KeyVal = {}

    @property
    def type_name(self) -> str:
        """The machine's type."""
        return str(self._values.get("type", EMPTY))

    @property
    def is_empty(self) -> bool:
        """Whether it is the machine without anything."""
        return self.type_name == EMPTY

    @property
    def has_cards(self) -> bool:
        """Whether there is a bus for cards that options ask for by themselves."""
        return not self.is_empty and bool(self.machine_type().family.nic)

    @property
    def has_properties(self) -> bool:
        """Whether anything was said beside its type."""
        return bool(self._values.keys() - {"type"})

    def get(self, name: str) -> str | None:
        """A property that is a text."""
        value = self._values.get(name)
        return value if isinstance(value, str) else None

    @property
    def boots_once(self) -> bool:
        """Whether the next boot is to be from another drive than those after it."""
        boot = self._values.get("boot")
        return isinstance(boot, dict) and "once" in boot

    def machine(self, text: str) -> bool:
        """``-machine``; False if it asks for help.

        Raises:
            QmpError: the text is not keyval.
        """
        values, wants_help = keyval.parse(text, "type")
        self.merge(values)
        return not wants_help and self._values.get("type") not in ("help", "?")

    def part(self, name: str, list_name: str, text: str) -> bool:
        """An option that is a structured property, of the names of a list; False for help.

        Raises:
            QmpError: the text is not keyval, or the property was a text before.
        """
        values, wants_help = keyval.parse(text, LISTS[list_name].implied)
        if not wants_help:
            self.merge({name: values})
        return not wants_help

    def set(self, name: str, value: str) -> None:
        """An option that is a property and a text."""
        self._values[name] = value

    def merge(self, values: keyval.KeyVal) -> None:
        """Take over properties.

        Raises:
            QmpError: one is a text here and was structured before, or the other way.
        """
        _merge(self._values, values, "")

    def values(self) -> dict[str, Any]:
        """What was said of the machine, of its properties' types; once that was checked."""
        given = _with_dashes(self._values)
        known = _properties(self.machine_type())
        values = {
            name: _read(known[name].type, value)
            for name, value in given.items()
            if name in known and name not in (*_STRUCTURED, "smp-cache", "type")
        }
        for name in _STRUCTURED.keys() & given.keys():
            values[name] = _members(name, _STRUCTURED[name], given[name])
        if "memory-backend" in values:
            values["memory-backend"] = f"/objects/{values['memory-backend']}"
        return values

    def machine_type(self) -> MachineType:
        """The row of the table of machine types.

        Raises:
            QmpError: there is no such machine.
        """
        from qmp_iothreadd.machine.boards.machine_types import machine_type  # few say anything

        return machine_type(self.type_name)

    # -- Checks ------------------------------------------------------------------------------------

    def check_type(self) -> None:
        """Raises:
        QmpError: there is no such machine.
        """
        if not self.is_empty:
            self.machine_type()

    def check_properties(self) -> None:
        """In the order of QEMU's dictionary.

        Raises:
            QmpError: a property that the machine does not have, or refuses.
        """
        from qmp_iothreadd.machine.boards.values import check_value  # few say anything

        machine = self.machine_type()
        known = _properties(machine)
        values = _with_dashes(self._values)
        for name in qdict_order(values):
            if name in _STRUCTURED:
                check_value(machine, name, _members(name, _STRUCTURED[name], values[name]))
            elif name not in ("type", *_LEGACY):
                if name not in known:
                    raise errors.property_not_found(machine.qom_name, name)
                type_name = known[name].type
                if type_name in _LISTS:
                    _check_list(name, values[name])
                elif known[name].set is None and name != "smp-cache":
                    raise errors.property_not_writable(machine.qom_name, name)
                else:
                    _check_property(name, type_name, values[name])
                    check_value(machine, name, _read(type_name, values[name]))


def list_properties(name: str) -> str:
    """What ``-machine NAME,help`` says.

    Raises:
        QmpError: there is no such machine.
    """
    from qmp_iothreadd.machine.boards.board_classes import board_class, machine_properties
    from qmp_iothreadd.machine.boards.machine_types import machine_type

    machine = machine_type(name)
    hidden = board_class(machine).instance_properties
    lines = [
        f"  {f'{each.name}=<{each.type}>':<22}"
        + (f" - {each.description}" if each.description else "")
        for each in machine_properties(machine)
        if each not in hidden
    ]
    return "\n".join([f"{machine.qom_name} options:", *sorted(lines)])


def _merge(into: keyval.KeyVal, values: keyval.KeyVal, prefix: str) -> None:
    for name, value in values.items():
        present = into.get(name)
        if present is None:
            into[name] = value
        elif isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value, f"{prefix}{name}.")
        elif type(present) is not type(value):
            raise errors.used_inconsistently(prefix + name)
        else:
            into[name] = value


def _with_dashes(values: keyval.KeyVal) -> keyval.KeyVal:
    """The properties with dashes in their names: an underscore stands for one."""
    dashed = dict(values)
    for name in qdict_order(values):
        if "_" in name:
            new = name.replace("_", "-")
            if new in dashed:
                raise errors.conflicting_names(name, new)
            dashed[new] = dashed.pop(name)
    return dashed


def _properties(machine: MachineType) -> dict[str, Property]:
    from qmp_iothreadd.machine.boards.board_classes import machine_properties  # few say anything

    return {each.name: each for each in machine_properties(machine)}


def _read(type_name: str, text: Any) -> Any:
    """The value of a property that is given as a text, or a list, which was checked."""
    if type_name == "CXLFixedMemoryWindow":
        return [each | {"size": c_numbers.size(str(each.get("size")))} for each in text]
    return _READERS[type_name][0](text) if type_name in _READERS else text


def _check_property(name: str, type_name: str, value: Any) -> None:
    """One that is a text.

    Raises:
        QmpError: it is none, or not of the property's type.
    """
    from qmp_iothreadd.machine.boards.values import ENUMS

    if not isinstance(value, str):
        raise errors.keyval_unexpected(name)
    if type_name in _READERS:
        _convert(name, value, _READERS[type_name])
    if type_name in ENUMS and value not in ENUMS[type_name]:
        raise errors.unaccepted_value(name, value)
    if name == "memory-encryption":
        raise errors.no_memory_encryption_object(value)
    if type_name.startswith("link<"):
        raise errors.device_not_found(value)


_LISTS = ("CXLFixedMemoryWindow", "SgxEPC")
_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "bool": (c_numbers.boolean, "'on' or 'off'"),
    "int": (c_numbers.int64, "integer"),
    "size": (c_numbers.size, "size"),
    "uint64_t": (c_numbers.uint64, "integer"),
}
_KINDS = {BOOL: _READERS["bool"], NUMBER: _READERS["int"], SIZE: _READERS["size"]}


def _convert(name: str, text: str, reader: tuple[Callable[[str], Any], str]) -> Any:
    read, expected = reader
    value = read(text)
    if value is None:
        raise errors.invalid_parameter_value(name, expected)
    return value


def _check_list(name: str, value: Any) -> None:
    """One that is a list of structures.

    Raises:
        QmpError: it is none, or names memory of a kind that there is not.
    """
    if not isinstance(value, list):
        raise errors.invalid_parameter_type(name, "array")
    for each in value:
        if not isinstance(each, dict):
            raise errors.invalid_parameter_type(name, "object")
        if name == "sgx-epc":
            raise errors.device_not_found(str(each.get("memdev", "")))
        if c_numbers.size(str(each.get("size", ""))) is None:
            raise errors.invalid_parameter_value(f"{name}.size", "size")


def _members(name: str, list_name: str, given: Any) -> dict[str, Any]:
    """The values of a structured property, of the kinds that its list has."""
    if not isinstance(given, dict):
        raise errors.invalid_parameter_type(name, "object")
    kinds = LISTS[list_name].kinds or {}
    values: dict[str, Any] = {}
    for member, kind in kinds.items():
        if member not in given:
            continue
        text = given[member]
        if not isinstance(text, str):
            raise errors.keyval_unexpected(f"{name}.{member}")
        reader = _KINDS.get(kind)
        values[member] = _convert(f"{name}.{member}", text, reader) if reader else text
    unexpected = first_unexpected(given, kinds)
    if unexpected is not None:
        raise errors.unexpected_parameter(f"{name}.{unexpected}")
    return values


_STRUCTURED = {"boot": "boot-opts", "memory": "memory-opts", "smp": "smp-opts"}
