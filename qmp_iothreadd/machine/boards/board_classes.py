"""The class of ``/machine`` for each machine type: a version of a family has one of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.machine.boards.machine_types import find_machine
from qmp_iothreadd.machine.recorded_lists import recorded_list
from qmp_iothreadd.qom.object import Object

if TYPE_CHECKING:
    from qmp_iothreadd.machine.boards.machine_object import MachineObject
    from qmp_iothreadd.machine.boards.machine_types import MachineType
    from qmp_iothreadd.qom.object import Property
    from qmp_iothreadd.qom.types import TypeRegistry


@cache
def board_class(machine: MachineType) -> type[MachineObject]:
    """The class of ``/machine`` of a type that is built; its module is imported now."""
    module, _, class_name = machine.family.board.partition(":")
    late = errors.import_late(f"qmp_iothreadd.machine.boards.{module}")
    cls: type[MachineObject] = getattr(late, class_name)
    if cls.__dict__.get("qom_name") == machine.qom_name:
        return cls
    own = {"abstract": False, "qom_name": machine.qom_name, "qom_properties": cls.qom_properties}
    return type(class_name, (cls,), {"__slots__": (), **own})


def machine_properties(machine: MachineType) -> Iterable[Property]:
    """The properties that machines of this type have."""
    found: dict[str, Property] = {}
    for cls in reversed(board_class(machine).__mro__):
        if cls is not Object:
            found.update({each.name: each for each in cls.__dict__.get("qom_properties", ())})
    return found.values()


def add_machine_types(types: TypeRegistry) -> None:
    """Add the QOM types of all machines that there can be."""
    for each in recorded_list("machines"):
        found = find_machine(each["name"])
        if found is not None and found.is_built:
            types.add(board_class(found))
