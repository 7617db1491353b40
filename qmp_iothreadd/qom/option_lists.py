"""Option lists, the older key=value language of QEMU: ``socket,id=c,path=/run/s,server=on``.

Most options of the command line speak it, ``-object`` among them. A list is flat: keys are taken as
they are, ``,,`` stands for a comma, of a repeated key the last value counts, except ``id``, where
the first does. A key alone is short for ``key=on``, and ``nokey`` for ``key=off``; both are warned
of.

An :class:`OptionList` describes one kind of list and keeps those that were given; ``convert`` turns
one into what a QAPI type asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.json.order import first_unexpected
from qmp_iothreadd.qom import c_numbers, keyval
from qmp_iothreadd.qom.identifiers import is_identifier

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import ArrayType, ObjectType, SchemaType

STRING, BOOL, NUMBER, SIZE = "string", "bool", "number", "size"

# More elements than this are refused in a range such as 1-100.
_RANGE_MAX = 65536

_KEY = re.compile(r"([^=,]*)(=?)")

Warn = Callable[[str], None]
"""Takes a warning; what follows its first line is said without a prefix."""


class Options:
    """The options of one list, in the order given.

    ``id`` is the list's identifier, if it has one; it is not among ``pairs``. ``location`` says
    where the list stands, for messages: ``-chardev null,id=c``.
    """

    __slots__ = ("id", "location", "pairs")

    def __init__(self, identifier: str | None, location: str) -> None:
        self.id = identifier
        self.location = location
        self.pairs: list[tuple[str, str]] = []

    def get(self, name: str) -> str | None:
        """The value of an option as it was written, the last one if there are several."""
        for key, value in reversed(self.pairs):
            if key == name:
                return value
        return None

    def get_bool(self, name: str, default: bool) -> bool:
        """The value of an option that its description calls boolean."""
        value = self.get(name)
        return default if value is None else bool(c_numbers.boolean(value))

    def get_number(self, name: str) -> int | None:
        """The value of an option that its description calls a number."""
        value = self.get(name)
        return None if value is None else c_numbers.uint64(value)


class OptionList:
    """One kind of list.

    ``description`` maps the names that are allowed to their kinds; without it any name is.
    ``implied`` is the key of a first value that comes without one. ``merge``: all that are given
    add up to a single list.
    """

    def __init__(
        self,
        name: str,
        *,
        implied: str | None = None,
        merge: bool = False,
        description: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.implied = implied
        self.merge = merge
        self.description = description
        self.given: list[Options] = []

    def parse(self, text: str, location: str, warn: Warn) -> Options | None:
        """Read a list and keep it; None if it asks for help, which only described lists can give.

        Raises:
            QmpError: a bad or duplicate id, an unknown name, a value of the wrong kind.
        """
        options = self.create(_find_id(text), location)
        try:
            if not self.read(options, text, implied=self.implied, warn=warn, help_allowed=True):
                self.given.remove(options)
                return None
        except errors.QmpError:
            self.given.remove(options)
            raise
        return options

    def create(self, identifier: str | None, location: str) -> Options:
        """An empty list, kept; the one there is if they merge.

        Raises:
            QmpError: a bad or duplicate id, or an id where none is allowed.
        """
        if self.merge:
            if identifier is not None:
                raise errors.invalid_parameter("id")
            if self.given:
                return self.given[0]
        elif identifier is not None:
            if not is_identifier(identifier):
                raise errors.not_an_identifier("id")
            if any(other.id == identifier for other in self.given):
                raise errors.duplicate_id(identifier, self.name)
        options = Options(identifier, location)
        self.given.append(options)
        return options

    def read(
        self,
        options: Options,
        text: str,
        *,
        implied: str | None = None,
        warn: Warn | None = None,
        help_allowed: bool = False,
    ) -> bool:
        """Add what ``text`` says to ``options``; False where it asks for help and that is allowed.

        Raises:
            QmpError: an unknown name, or a value of the wrong kind.
        """
        may_help = help_allowed and self.description is not None
        position = 0
        while position < len(text):
            name, value, position = _read_one(text, position, implied, warn, may_help)
            if may_help and name in _HELP:
                return False
            implied = None
            if name != "id":
                self.set(options, name, value)
        return True

    def set(self, options: Options, name: str, value: str) -> None:
        """Add one option.

        Raises:
            QmpError: an unknown name, or a value of the wrong kind.
        """
        if self.description is not None:
            kind = self.description.get(name)
            if kind is None:
                raise errors.invalid_parameter(name)
            _check_kind(name, kind, value)
        options.pairs.append((name, value))

    def help(self) -> str:
        """The options that the description allows, one a line."""
        shown = {STRING: "<str>", BOOL: "<bool (on/off)>", NUMBER: "<num>", SIZE: "<size>"}
        lines = [
            f"  {name}={shown[kind]}" for name, kind in sorted((self.description or {}).items())
        ]
        return "\n".join([f"{self.name} options:", *lines])


_HELP = ("help", "?")


def _find_id(text: str) -> str | None:
    position = 0
    while position < len(text):
        name, value, position = _read_one(text, position, None, None, False)
        if name == "id":
            return value
    return None


def _read_one(
    text: str, start: int, implied: str | None, warn: Warn | None, may_help: bool
) -> tuple[str, str, int]:
    """The name and value at ``start``, and where the next begins."""
    found = _KEY.match(text, start)
    assert found is not None  # the pattern matches nothing, too
    key, has_value = found.groups()
    if has_value:
        value, end = keyval.read_value(text, found.end())
        return key, value, end + 1
    if implied is not None:
        value, end = keyval.read_value(text, start)
        return implied, value, end + 1
    if may_help and key in _HELP:
        return key, "", found.end() + 1
    name, value = _expand_flag(key, warn)
    return name, value, found.end() + 1


def _expand_flag(key: str, warn: Warn | None) -> tuple[str, str]:
    """What a key without a value is short for."""
    name, value = (key[2:], "off") if key.startswith("no") else (key, "on")
    if warn is not None and key not in _HELP:
        advice = f"{name}={value}"
        if name == "delay":
            advice = f"nodelay={'on' if value == 'off' else 'off'}"
        warn(f"short-form boolean option '{key}' deprecated\nPlease use {advice} instead")
    return name, value


def _check_kind(name: str, kind: str, value: str) -> None:
    if kind == BOOL and c_numbers.boolean(value) is None:
        raise errors.invalid_parameter_value(name, "'on' or 'off'")
    if kind == NUMBER and c_numbers.uint64(value) is None:
        found = c_numbers.scan(value)
        if found is not None and found[1] == len(value):
            raise errors.number_too_large(name, value)
        raise errors.invalid_parameter_value(name, "a number")
    if kind == SIZE and c_numbers.size(value) is None:
        raise errors.not_a_size(name)


# -- Options to values of a type -------------------------------------------------------------------


def convert(type_: ObjectType, options: Options) -> dict[str, Any]:
    """The JSON-like value that ``type_`` makes of a list, with members in the order of the schema.

    A member that is an object reads its members from the same flat list; one that is an array takes
    every occurrence of its name, and ranges of integers.

    Raises:
        QmpError: the first misfit in QEMU's order.
    """
    return _Converter(options).convert(type_)


class _Converter:
    def __init__(self, options: Options) -> None:
        self.values: dict[str, list[str]] = {}
        for name, value in options.pairs:
            self.values.setdefault(name, []).append(value)
        if options.id is not None:
            self.values.setdefault("id", []).append(options.id)
        self.visited: list[str] = []

    def convert(self, type_: ObjectType) -> dict[str, Any]:
        result: dict[str, Any] = {}
        self._members(type_, result)
        stray = first_unexpected(self.values, self.visited)
        if stray is not None:
            raise errors.invalid_parameter(stray)
        return result

    def _members(self, type_: ObjectType, result: dict[str, Any]) -> None:
        for member in type_.members:
            if member.optional and member.name not in self.values:
                continue
            result[member.name] = self._member(member.type, member.name)
        if type_.variants is not None:
            self._members(type_.variants.cases[result[type_.variants.tag.name]], result)

    def _member(self, type_: SchemaType, name: str) -> Any:
        from qmp_iothreadd.qapi import schema  # see _scalar

        if isinstance(type_, schema.ObjectType):
            nested: dict[str, Any] = {}
            self._members(type_, nested)
            return nested
        if name not in self.values:
            raise errors.missing_parameter(name)
        if isinstance(type_, schema.ArrayType):
            return self._array(type_, name)
        value = _scalar(type_, self.values[name][-1], name)
        self.visited.append(name)
        return value

    def _array(self, type_: ArrayType, name: str) -> list[Any]:
        element = type_.element_type
        result: list[Any] = []
        for text in self.values[name]:
            if element.name in keyval.SIGNED | keyval.UNSIGNED:
                result.extend(_integers(element.name, text, name))
            else:
                result.append(_scalar(element, text, name, in_list=True))
        self.visited.append(name)
        return result


def _scalar(type_: SchemaType, text: str, name: str, *, in_list: bool = False) -> Any:
    from qmp_iothreadd.qapi import schema  # only for types; not needed until an object is described

    if isinstance(type_, schema.EnumType):
        return keyval.enum_value(type_, text, None if in_list else name)
    if type_.name == "str":
        return text
    value: Any
    if type_.name in keyval.SIGNED:
        value, expected = c_numbers.int64(text), "an int64 value"
    elif type_.name in keyval.UNSIGNED:
        value, expected = _natural(text), "a uint64 value"
    elif type_.name == "size":
        value, expected = c_numbers.size(text), "a size value"
    elif type_.name == "bool":
        value, expected = c_numbers.boolean(text), "'on' or 'off'"
    elif type_.name == "number":
        # QEMU's option lists do not know it, but no object that it creates from them has one.
        value, expected = c_numbers.number(text), "a number"
    else:
        # The same holds for every other type.
        raise errors.invalid_parameter(name)
    if value is None:
        raise errors.invalid_parameter_value(name, expected)
    return keyval.check_integer_range(type_.name, value, name)


def _natural(text: str) -> int | None:
    """Unlike elsewhere, a minus sign is refused."""
    return None if text.lstrip(" \t\n\v\f\r").startswith("-") else c_numbers.uint64(text)


def _integers(type_name: str, text: str, name: str) -> range:
    """The integers of one element of a list: ``5``, or ``3-7``."""
    signed = type_name in keyval.SIGNED
    parse = c_numbers.int64 if signed else _natural
    first = c_numbers.scan(text)
    bounds: tuple[int | None, int | None] = (None, None)
    if first is not None:
        low = parse(text[: first[1]])
        rest = text[first[1] :]
        bounds = (low, parse(rest[1:]) if rest.startswith("-") else low if not rest else None)
    start, end = bounds
    if start is None or end is None or not start <= end < start + _RANGE_MAX:
        expected = "an int64 value or range" if signed else "a uint64 value or range"
        raise errors.invalid_parameter_value(name, expected)
    for value in (start, end):
        keyval.check_integer_range(type_name, value, None)
    return range(start, end + 1)
