"""Objects whose properties are values that a user gives: defaults, ranges.

Which properties there are, and of which types, the schema says; a class adds a row for each of
which there is more to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.qom.object import Object, ObjectType


class Setting:
    """What there is to say about a property besides its type in the schema.

    ``range`` holds the smallest and the largest value of a number. ``type`` is the name that lists
    show, where it is not that of the schema's type. ``fixed``: clients cannot set it; ``secret``:
    they cannot read it. ``listed``: lists have it in any case.
    """

    __slots__ = ("default", "description", "fixed", "listed", "range", "secret", "type")

    def __init__(
        self,
        default: Any = None,
        range: tuple[float, float] | None = None,
        *,
        type: str | None = None,
        description: str | None = None,
        fixed: bool = False,
        secret: bool = False,
        listed: bool = False,
    ) -> None:
        self.default = default
        self.range = range
        self.type = type
        self.description = description
        self.fixed = fixed
        self.secret = secret
        self.listed = listed


_UNSPECIFIED = Setting()


class ConfigurableObject(Object):
    """An object that keeps what it is given. A base of QOM types, not one of them.

    ``settings`` has a row for each property that has a default or a range, ``values`` what was
    set, by property name. A subclass overrides ``apply`` to act on a property that was set.
    """

    __slots__ = ("values",)

    settings: ClassVar[Mapping[str, Setting]] = {}

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.values: dict[str, Any] = {}

    def setting(self, name: str) -> Setting:
        """The row of a property; one that says nothing where there is none."""
        return self.settings.get(name, _UNSPECIFIED)

    def load(self, name: str) -> Any:
        """The value in force of a property; None where it was not set and has no default."""
        value = self.values.get(name)
        return self.setting(name).default if value is None else value

    def store(self, name: str, value: Any) -> None:
        """Set a property to a value of the type that the schema asks for.

        Raises:
            QmpError: it is out of range, and then nothing changed; or ``apply`` refuses it.
        """
        setting = self.setting(name)
        if setting.range is not None and not setting.range[0] <= value <= setting.range[1]:
            raise errors.value_out_of_range(name, *setting.range)
        self.values[name] = value
        self.apply(name)

    def apply(self, name: str) -> None:
        """Act on the property ``name``, which was just set; its value stays if this raises."""
