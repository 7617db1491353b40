"""Values of devices' properties: of which types they are, and how texts become values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd.qapi.schema import ArrayType, EnumMember, EnumType, Member, ObjectType
from qmp_iothreadd.qapi.shipped import shipped_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qapi.schema import SchemaType

# Enumerations that no command takes, so that QEMU's introspection does not have them.
_ENUMS: Final = {
    "BiosAtaTranslation": "auto none lba large rechs",
    "FdcDriveType": "144 288 120 none auto",
    "LostTickPolicy": "discard delay slew",
    "PCIELinkSpeed": "2_5 5 8 16 32 64",
    "PCIELinkWidth": "1 2 4 8 12 16 32",
}
# The types of texts that are more than a text.
_TEXTS: Final = ("busnr", "QemuUUID")


class PropertyTypes:
    """A part of the machine: the schema's types by the names that properties have."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._known: Mapping[str, SchemaType] = shipped_schema(machine.schema).types
        self._made: dict[str, SchemaType] = {}

    def close(self) -> None:
        """They hold nothing."""

    def get(self, name: str) -> SchemaType:
        """The type that a property of type ``name`` has values of."""
        found = self._known.get(name) or self._made.get(name)
        if found is None:
            found = self._made[name] = self._make(name)
        return found

    def check(self, type_name: str, value: Any, name: str) -> Any:
        """The value of the property ``name``, as its type has it.

        Raises:
            QmpError: it is of another type.
        """
        return self._machine.models.validate(self.get(type_name), value, name)

    def read(self, type_name: str, text: Any, name: str) -> Any:
        """The value that ``text``, a part of what ``keyval.parse`` returns, stands for.

        Raises:
            QmpError: it stands for none.
        """
        from qmp_iothreadd.qom.input_visitor import from_keyval_member  # not for JSON

        return from_keyval_member(self.get(type_name), text, name)

    def read_whole(self, type_name: str, text: str, name: str) -> Any:
        """The value that the whole text of a property stands for.

        Raises:
            QmpError: it stands for none.
        """
        from qmp_iothreadd.qom.input_visitor import from_text

        return from_text(self.get(type_name), text, name)

    def _make(self, name: str) -> SchemaType:
        known = self._known
        if name.startswith(("link<", *_TEXTS)):
            return known["str"]
        if name in _ENUMS:
            members = tuple(EnumMember(each) for each in _ENUMS[name].split())
            return EnumType(name, members=members)
        if name == "IOThreadVirtQueueMappingList":
            queues = ArrayType("uint16List", element_type=known["uint16"])
            mapping = ObjectType(
                "IOThreadVirtQueueMapping",
                members=(Member("iothread", known["str"]), Member("vqs", queues, optional=True)),
            )
            return ArrayType(name, element_type=mapping)
        return known["any"]


def unset_value(type_name: str) -> Any:
    """What a property that was not set, and has no default, reads as."""
    if type_name == "bool":
        return False
    if type_name.endswith(("List", "list")):
        return []
    if type_name == "size" or type_name.startswith(("int", "uint")):
        return 0
    return ""
