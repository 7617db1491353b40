"""What the option ``-compat`` does about those parts of the schema that are deprecated or unstable.

Commands, arguments and values are refused on their way in, events and members left out on their way
out: QEMU's qapi/qapi-util. Loaded where there is such an option.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.errors import COMMAND_NOT_FOUND, GENERIC_ERROR
from qmp_iothreadd.qapi.schema import (
    AlternateType,
    ArrayType,
    Command,
    EnumType,
    Event,
    Feature,
    Member,
    ObjectType,
    SchemaType,
)

_KINDS: Final = ("deprecated", "unstable")


class CompatPolicy:
    """Made of a CompatPolicy of the schema."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._input = {kind: values.get(f"{kind}-input", "accept") for kind in _KINDS}
        self._hidden = {kind for kind in _KINDS if values.get(f"{kind}-output") == "hide"}

    # -- In ----------------------------------------------------------------------------------------

    def check_command(self, command: Command) -> None:
        """Raises:
        QmpError: it is not to be called.
        """
        self._check(command.features, "command", command.name, COMMAND_NOT_FOUND)

    def check_value(self, described: SchemaType | None, value: Any) -> None:
        """Check the arguments of a command, or what is in them; what does not fit is passed over.

        Raises:
            QmpError: an argument or a value is not to be used.
        """
        if isinstance(described, EnumType):
            for each in described.members:
                if each.name == value:
                    self._check(each.features, "value", each.name)
        elif isinstance(described, ArrayType) and isinstance(value, list):
            for each in value:
                self.check_value(described.element_type, each)
        elif isinstance(described, AlternateType):
            for branch in described.branches:
                if _fits(branch.type, value):
                    self.check_value(branch.type, value)
        elif isinstance(described, ObjectType) and isinstance(value, dict):
            for member in _members(described, value):
                if member.name in value:
                    self._check(member.features, "parameter", member.name)
                    self.check_value(member.type, value[member.name])

    def _check(
        self, features: Iterable[Feature], what: str, name: str, error_class: str = GENERIC_ERROR
    ) -> None:
        for kind in _KINDS:
            if self._input[kind] != "accept" and any(each.name == kind for each in features):
                if self._input[kind] == "crash":
                    os.abort()
                raise errors.disabled_by_policy(kind, what, name, error_class)

    # -- Out ---------------------------------------------------------------------------------------

    def hides_event(self, event: Event) -> bool:
        """Whether an event is not to be sent."""
        return self._hides(event.features)

    def stripped(self, described: SchemaType | None, value: Any) -> Any:
        """A value without the members that are not to be sent."""
        if isinstance(described, ArrayType) and isinstance(value, list):
            return [self.stripped(described.element_type, each) for each in value]
        if isinstance(described, AlternateType):
            for branch in described.branches:
                if _fits(branch.type, value):
                    return self.stripped(branch.type, value)
        if isinstance(described, ObjectType) and isinstance(value, dict):
            known = {member.name: member for member in _members(described, value)}
            return {
                name: self.stripped(known[name].type, each) if name in known else each
                for name, each in value.items()
                if name not in known or not self._hides(known[name].features)
            }
        return value

    def _hides(self, features: Iterable[Feature]) -> bool:
        return any(each.name in self._hidden for each in features)


def _members(described: ObjectType, value: dict[str, Any]) -> Iterable[Member]:
    """The members of an object of this value, its branch's among them."""
    variants = described.variants
    if variants is None:
        return described.members
    branch = variants.cases.get(str(value.get(variants.tag.name)))
    return (*described.members, *(_members(branch, value) if branch else ()))


_JSON_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "object": dict,
    "array": list,
    "boolean": bool,
    "int": int,
    "number": (int, float),
    "null": type(None),
}


def _fits(described: SchemaType, value: Any) -> bool:
    json_type = described.json_type()
    if isinstance(value, bool) and json_type != "boolean":
        return False
    return isinstance(value, _JSON_TYPES.get(json_type, object))
