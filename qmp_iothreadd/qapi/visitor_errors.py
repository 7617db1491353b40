"""What pydantic-core refuses, in QEMU's words.

QEMU's qobject-input-visitor visits members in the order of the schema, depth first, unknown ones
last, and reports the first that fails. pydantic-core visits in the same order and reports all of
them, so the first is the one. Which of several unknown members is named follows from QEMU's hash
tables (qobject/qdict.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.compiled_pydantic import compiled_pydantic
from qmp_iothreadd.json import order
from qmp_iothreadd.qapi.core_schemas import INT64_MAX, INT64_MIN, UINT64_MAX, branch_for
from qmp_iothreadd.qapi.schema import AlternateType, ArrayType, BuiltinType, EnumType, ObjectType

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import SchemaType, Variants


def visitor_error(
    error: ValueError, type_: SchemaType, value: Any, name: str | None = None
) -> errors.QmpError:
    """The error that QEMU reports where ``value`` is no ``type_``, which ``error`` says.

    ``error`` is a ValidationError, or what else a validator raised for the value as a whole.
    ``name`` is what the value is called, if anything.
    """
    place = _Place(type_, value, name)
    if not isinstance(error, compiled_pydantic().ValidationError):
        return place.wrong_value()
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    missing = first["type"] == "missing"
    way = first["loc"]
    for step in way[:-1] if missing else way:
        place.enter(step)
    return errors.missing_parameter(place.path_of(way[-1])) if missing else place.wrong_value()


class _Place:
    """A place inside a value: what is there, what should be, and what QEMU calls it.

    ``path`` is the whole path, ``name`` its last component, or None where that is an index.
    """

    def __init__(self, type_: SchemaType, value: Any, name: str | None) -> None:
        self.type = type_
        self.value = value
        self.name = name
        self.path = name or ""
        self._choose_branch()

    def path_of(self, member: Any) -> str:
        """The path of a member of the object at this place."""
        return f"{self.path}.{member}" if self.path else str(member)

    def enter(self, step: int | str) -> None:
        """Go to an element of the list, or a member of the object, at this place."""
        if isinstance(self.type, ArrayType):
            self.path = f"{self.path}[{step}]"
            self.name = None
            self.type = self.type.element_type
        else:
            self.path = self.path_of(step)
            self.name = str(step)
            self.type = next(struct[self.name] for struct in self._structs() if step in struct)
        self.value = self.value[step]
        self._choose_branch()

    def wrong_value(self) -> errors.QmpError:
        """The error for what is at this place."""
        path, name = self.path or "<anonymous>", self.name or "null"
        match self.type:
            case EnumType() if isinstance(self.value, str):
                return errors.unaccepted_value(name, self.value)
            case AlternateType():
                return errors.invalid_parameter_type(name, self.type.name)
            case BuiltinType(json="int"):
                return self._wrong_integer(path, name)
            case ObjectType() if isinstance(self.value, dict):
                return self._unexpected_member()
        return errors.invalid_parameter_type(path, self.type.json_type())

    def _unexpected_member(self) -> errors.QmpError:
        known = [name for struct in self._structs() for name in struct]
        named = order.first_unexpected(order.qdict_order(self.value), known)
        return errors.unexpected_parameter(self.path_of(named))

    def _wrong_integer(self, path: str, name: str) -> errors.QmpError:
        signed = self.type.name.startswith("int")
        high = INT64_MAX if signed else UINT64_MAX
        if type(self.value) is int and INT64_MIN <= self.value <= high:
            return errors.invalid_parameter_value(name, f"{self.type.name}_t")
        if signed:
            return errors.invalid_parameter_type(path, "integer")
        return errors.invalid_parameter_value(path, "uint64")

    def _choose_branch(self) -> None:
        if isinstance(self.type, AlternateType):
            self.type = branch_for(self.type, self.value) or self.type

    def _structs(self) -> list[dict[str, SchemaType]]:
        """The members of the object at this place, and of the branches that its tags select."""
        structs = []
        type_: SchemaType | None = self.type
        while isinstance(type_, ObjectType):
            structs.append({member.name: member.type for member in type_.members})
            type_ = self._branch(type_.variants) if type_.variants else None
        return structs

    def _branch(self, variants: Variants) -> ObjectType | None:
        tag = self.value.get(variants.tag.name)
        return variants.cases.get(tag) if isinstance(tag, str) else None
