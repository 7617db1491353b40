"""``-machine`` and what is short for its properties: all of it merged, then checked.

There is no machine beside the empty one. Others are accepted by name, and their properties as they
come, so that a start that names one goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.cli.lists import LISTS
from qmp_iothreadd.json.order import first_unexpected, qdict_order
from qmp_iothreadd.qom import c_numbers, keyval
from qmp_iothreadd.qom.option_lists import BOOL, NUMBER, SIZE

EMPTY = "none"
"""The machine without anything."""

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
        """What was said of the empty machine, of its properties' types; once that was checked."""
        given = _with_dashes(self._values)
        types = _property_types()
        values = {
            name: _READERS[types[name]](value) if types[name] in _READERS else value
            for name, value in given.items()
            if name in types and name not in (*_STRUCTURED, "smp", "smp-cache")
        }
        for name in _STRUCTURED.keys() & given.keys():
            values[name] = _members(name, _STRUCTURED[name], given[name])
        if "memory-backend" in values:
            values["memory-backend"] = f"/objects/{values['memory-backend']}"
        return values

    # -- Checks ------------------------------------------------------------------------------------

    def check_type(self) -> None:
        """Raises:
        QmpError: there is no such machine.
        """
        if not self.is_empty:
            from qmp_iothreadd.machine.boards.machine_types import find_machine  # only for others

            if find_machine(self.type_name) is None:
                raise errors.machine_unsupported(self.type_name)

    def check_properties(self) -> None:
        """In the order of QEMU's dictionary.

        Raises:
            QmpError: a property that the empty machine does not have, or refuses.
        """
        values = _with_dashes(self._values)
        for name in qdict_order(values):
            if name == "smp":
                self._check_smp(values[name])
            elif name in _STRUCTURED:
                _check_structured(name, values[name])
            elif self.is_empty and name not in ("type", *_LEGACY):
                _check_property(name, values[name])

    def _check_smp(self, given: Any) -> None:
        members = _members("smp", "smp-opts", given)
        from qmp_iothreadd.cli.topology import check_topology  # only where asked for
        from qmp_iothreadd.machine.boards.machine_types import find_machine

        machine = find_machine(self.type_name) or {}
        name = machine.get("name", self.type_name)
        levels = ("dies", "modules") if name.startswith("pc-") else ()
        check_topology(members, name, machine.get("cpu-max", 1), levels)


def list_properties() -> str:
    """What ``-machine none,help`` says."""
    from qmp_iothreadd.machine.boards.properties import (
        INSTANCE_PROPERTIES,
        MACHINE_PROPERTIES,
    )

    lines = [
        f"  {f'{each.name}=<{each.type}>':<22} - {each.description}"
        for each in (*MACHINE_PROPERTIES, *INSTANCE_PROPERTIES)
    ]
    return "\n".join(["none-machine options:", *sorted(lines)])


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


def _property_types() -> dict[str, str]:
    """The types that the table of the machine's properties has."""
    from qmp_iothreadd.machine.boards.properties import (  # only where there are properties
        INSTANCE_PROPERTIES,
        MACHINE_PROPERTIES,
    )

    return {each.name: each.type for each in (*MACHINE_PROPERTIES, *INSTANCE_PROPERTIES)}


def _check_property(name: str, value: Any) -> None:
    """One that is a text."""
    type_name = _property_types().get(name)
    if type_name is None:
        raise errors.property_not_found("none-machine", name)
    if not isinstance(value, str):
        raise errors.keyval_unexpected(name)
    if type_name == "bool" and c_numbers.boolean(value) is None:
        raise errors.invalid_parameter_value(name, "'on' or 'off'")
    if type_name == "int" and c_numbers.int64(value) is None:
        raise errors.invalid_parameter_value(name, "integer")
    if name == "memory-encryption":
        raise errors.no_memory_encryption_object(value)
    if type_name.startswith("link<"):
        raise errors.device_not_found(value)


def _check_structured(name: str, given: Any) -> None:
    from qmp_iothreadd.machine.boards.values import check_boot, round_memory  # few need it

    values = _members(name, _STRUCTURED[name], given)
    if name == "boot":
        check_boot(values)
    else:
        round_memory(values)


_READERS = {"bool": c_numbers.boolean, "int": c_numbers.int64}
_KINDS: dict[str, tuple[Callable[[str], Any], str]] = {
    BOOL: (c_numbers.boolean, "'on' or 'off'"),
    NUMBER: (c_numbers.int64, "integer"),
    SIZE: (c_numbers.size, "size"),
}


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
        values[member] = text
        if kind in _KINDS:
            read, expected = _KINDS[kind]
            values[member] = read(text)
            if values[member] is None:
                raise errors.invalid_parameter_value(f"{name}.{member}", expected)
    unexpected = first_unexpected(given, kinds)
    if unexpected is not None:
        raise errors.unexpected_parameter(f"{name}.{unexpected}")
    return values


_STRUCTURED = {"boot": "boot-opts", "memory": "memory-opts"}
