"""Values of QAPI types from strings: one visitor, and the three languages that it can read.

=================== =========================================== ===============================
``from_keyval``     dictionaries and lists, one in the other    qobject-input-visitor's keyval
``from_options``    a flat list of names and texts              opts-visitor
``from_text``       the text of one property                    string-input-visitor
=================== =========================================== ===============================

The right column has the visitor of QEMU's qapi/ that shows the language's texts, and the order in
which misfits are found: members in the order of the schema, what is left over after them.

The visitor walks a type over an input, which stands at a place in what was given. A language is a
class of input: a table of how it reads scalars, and methods that find members and elements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.json.order import first_unexpected, qdict_order
from qmp_iothreadd.qapi.core_schemas import INT_RANGES
from qmp_iothreadd.qapi.schema import AlternateType, ArrayType, EnumType, ObjectType
from qmp_iothreadd.qom import c_numbers

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import Member, SchemaType
    from qmp_iothreadd.qom.keyval import KeyVal
    from qmp_iothreadd.qom.option_lists import Options

# Reads a text, and gives None for one that is no such value; makes the error that says so, from the
# parameter's name.
_Scalar = tuple[Callable[[str], Any], Callable[[str], errors.QmpError]]

# More integers than this are refused in a range such as 1-100.
_RANGE_MAX = 65536


def _scalar(read: Callable[[str], Any], expected: str) -> _Scalar:
    return read, lambda name: errors.invalid_parameter_value(name, expected)


def _scalars(
    signed: _Scalar, unsigned: _Scalar, size: _Scalar, number: _Scalar
) -> dict[str, _Scalar]:
    """How a language reads each scalar type, by the type's name."""
    return {
        **{name: signed for name in INT_RANGES if name.startswith("int")},
        **{name: unsigned for name in INT_RANGES if name.startswith("uint")},
        "size": size,
        "number": number,
        "bool": _scalar(c_numbers.boolean, "'on' or 'off'"),
    }


def _natural(text: str) -> int | None:
    """An unsigned integer of an option list. Unlike elsewhere, a minus sign is refused."""
    return None if text.lstrip(" \t\n\v\f\r").startswith("-") else c_numbers.uint64(text)


def from_keyval(type_: SchemaType, values: KeyVal) -> Any:
    """The JSON-like value of a type that ``keyval.parse`` found, with members in schema order.

    Raises:
        QmpError: the first misfit in QEMU's order.
    """
    return _visit(type_, _KeyvalInput(values))


def from_keyval_member(type_: SchemaType, value: Any, name: str) -> Any:
    """The same for one member, ``name``, of what ``keyval.parse`` found.

    Raises:
        QmpError: it is no value of the type.
    """
    return _visit(type_, _KeyvalInput(value, name, name))


def from_options(type_: SchemaType, options: Options) -> Any:
    """The JSON-like value of a type that a list of options describes, with members in schema order.

    A member that is an object has its members in the same list; one that is an array takes every
    occurrence of its name, and ranges of integers.

    Raises:
        QmpError: the first misfit in QEMU's order.
    """
    values: dict[str, list[str]] = {}
    identifier = [] if options.id is None else [("id", options.id)]
    for name, text in [*options.pairs, *identifier]:
        values.setdefault(name, []).append(text)
    return _visit(type_, _OptionInput(values, []))


def from_text(type_: SchemaType, text: str, name: str) -> Any:
    """The value of a type, not of more than one scalar, for the property ``name``.

    Raises:
        QmpError: the text is no value of the type, or no text can be one.
    """
    return _visit(type_, _PropertyInput(text, name, name))


def _visit(type_: SchemaType, given: _Input) -> Any:
    if isinstance(type_, ObjectType):
        return _visit_object(type_, given)
    if isinstance(type_, ArrayType):
        return [_visit(type_.element_type, each) for each in given.elements(type_)]
    if isinstance(type_, AlternateType):
        return _visit(given.branch(type_), given)
    if type_.name in ("any", "null"):
        return given.untyped(type_)
    text = given.text()
    if isinstance(type_, EnumType):
        if all(member.name != text for member in type_.members):
            raise errors.unaccepted_value(given.name or "null", text)
        return text
    return text if type_.name == "str" else _read_scalar(type_.name, text, given)


def _visit_object(type_: ObjectType, given: _Input) -> dict[str, Any]:
    given.start_object(type_)
    result: dict[str, Any] = {}
    struct: ObjectType | None = type_
    while struct is not None:
        for member in struct.members:
            below = given.member(member)
            if below is not None:
                result[member.name] = _visit(member.type, below)
        variants = struct.variants
        struct = variants.cases[result[variants.tag.name]] if variants else None
    given.finish_object()
    return result


def _read_scalar(type_name: str, text: str, given: _Input) -> Any:
    read, refusal = given.scalars[type_name]
    value = read(text)
    if value is None:
        raise refusal(given.path)
    bounds = INT_RANGES.get(type_name)
    if bounds is not None and not bounds[0] <= value <= bounds[1]:
        raise errors.invalid_parameter_value(given.name or "null", f"{type_name}_t")
    return value


class _Input:
    """A place in what was given; this base has one text there, and refuses what is not a scalar.

    ``path`` is its whole name for messages, ``name`` the last part of that; an element of a list
    has None, which some messages show as ``null``.
    """

    __slots__ = ("given", "name", "path")

    scalars: ClassVar[dict[str, _Scalar]]

    def __init__(self, given: Any, path: str, name: str | None) -> None:
        self.given = given
        self.path = path
        self.name = name

    def refusal(self, type_: SchemaType) -> errors.QmpError:
        """What is said where nothing given can be a value of the type."""
        return errors.invalid_parameter_type(self.path, type_.json_type())

    def start_object(self, type_: ObjectType) -> None:
        """Enter an object, if one can be here."""
        raise self.refusal(type_)

    def member(self, member: Member) -> _Input | None:
        """The place of a member of the object; None for one that is optional and was not given."""

    def finish_object(self) -> None:
        """Leave an object, and refuse what was given for it and is no member."""

    def elements(self, type_: ArrayType) -> Iterable[_Input]:
        """The places of an array's elements."""
        raise self.refusal(type_)

    def branch(self, type_: AlternateType) -> SchemaType:
        """Which of an alternate's types was given."""
        raise self.refusal(type_)

    def untyped(self, type_: SchemaType) -> Any:
        """The value where the type, ``any`` or ``null``, does not ask for a text."""
        raise self.refusal(type_)

    def text(self) -> str:
        """The text for a scalar."""
        text: str = self.given
        return text


class _PropertyInput(_Input):
    """The text of a property's whole value, as HMP's qom-set takes it."""

    __slots__ = ()

    scalars = _scalars(
        signed=_scalar(c_numbers.int64, "int64"),
        unsigned=_scalar(c_numbers.uint64, "uint64"),
        size=(c_numbers.size, lambda name: errors.not_a_size(name)),
        number=_scalar(c_numbers.number, "number"),
    )

    def elements(self, type_: ArrayType) -> Iterable[_Input]:
        """Integers and ranges of them, with commas between; there can be one at the end."""
        name = type_.element_type.name
        if name not in INT_RANGES or name == "size":
            raise self.refusal(type_)
        kind = "int64" if name.startswith("int") else "uint64"
        parts = self.text().split(",")
        if not parts[-1] and (len(parts) > 1 or not self.text()):
            parts.pop()
        for part in parts:
            found = _text_range(getattr(c_numbers, kind), part)
            if found is None or part == "":
                expected = f"list of {kind} values or ranges"
                raise errors.invalid_parameter_value("null", expected)
            for value in found:
                yield _PropertyInput(str(value), "null", None)


def _text_range(read: Callable[[str], Any], text: str) -> range | None:
    """The integers that a text stands for: ``5``, or ``3-7``; None where it is something else."""
    first = c_numbers.scan(text)
    middle = first[1] if first is not None else len(text)
    start = end = read(text[:middle])
    if middle < len(text):
        end = read(text[middle + 1 :]) if text[middle] == "-" else None
    if start is None or end is None or not start <= end < start + _RANGE_MAX:
        return None
    return range(start, end + 1)


class _KeyvalInput(_Input):
    """What ``keyval.parse`` returns, or a part of it; elements of a list are ``list.0`` …"""

    __slots__ = ("_prefix", "_visited")

    scalars = _scalars(
        signed=_scalar(c_numbers.int64, "integer"),
        unsigned=_scalar(c_numbers.uint64, "integer"),
        size=_scalar(c_numbers.size, "size"),
        number=_scalar(c_numbers.number, "number"),
    )

    def __init__(self, given: Any, path: str = "", name: str | None = None) -> None:
        super().__init__(given, path or "<anonymous>", name)
        self._prefix = f"{path}." if path else ""
        self._visited: list[str] = []

    def start_object(self, type_: ObjectType) -> None:
        if not isinstance(self.given, dict):
            raise self.refusal(type_)

    def member(self, member: Member) -> _Input | None:
        name, path = member.name, self._prefix + member.name
        self._visited.append(name)
        if name in self.given:
            return _KeyvalInput(self.given[name], path, name)
        if not member.optional:
            raise errors.missing_parameter(path)
        return None

    def finish_object(self) -> None:
        stray = first_unexpected(qdict_order(self.given), self._visited)
        if stray is not None:
            raise errors.unexpected_parameter(self._prefix + stray)

    def elements(self, type_: ArrayType) -> Iterable[_Input]:
        if not isinstance(self.given, list):
            raise self.refusal(type_)
        return [_KeyvalInput(each, f"{self._prefix}{i}") for i, each in enumerate(self.given)]

    def branch(self, type_: AlternateType) -> SchemaType:
        """By the value's own JSON type: a text can only be the branch that is a string."""
        given = self.given
        kind = (
            "string" if isinstance(given, str) else "object" if isinstance(given, dict) else "array"
        )
        for branch in type_.branches:
            if branch.type.json_type() == kind:
                return branch.type
        raise errors.invalid_parameter_type(self.name or "null", type_.name)

    def untyped(self, type_: SchemaType) -> Any:
        if type_.name != "any":
            raise self.refusal(type_)
        return self.given

    def text(self) -> str:
        if not isinstance(self.given, str):
            raise errors.keyval_unexpected(self.path)
        return super().text()


class _OptionInput(_Input):
    """A flat list of options, as texts by name; or, in that list, the options of one name."""

    __slots__ = ("_visited",)

    scalars = _scalars(
        signed=_scalar(c_numbers.int64, "an int64 value"),
        unsigned=_scalar(_natural, "a uint64 value"),
        size=_scalar(c_numbers.size, "a size value"),
        # opts-visitor does not know it, but no object that QEMU creates from a list has one.
        number=_scalar(c_numbers.number, "a number"),
    )

    def __init__(
        self, given: dict[str, list[str]], visited: list[str], name: str | None = None
    ) -> None:
        super().__init__(given, name or "", name)
        self._visited = visited

    def refusal(self, type_: SchemaType) -> errors.QmpError:
        """As of a name that is not known: no object has a member that a list cannot describe."""
        self._occurrences()
        return errors.invalid_parameter(self.path)

    def start_object(self, type_: ObjectType) -> None:
        """Nothing has to be there: a nested object has no name of its own in the list."""

    def member(self, member: Member) -> _Input | None:
        if member.optional and member.name not in self.given:
            return None
        return _OptionInput(self.given, self._visited, member.name)

    def finish_object(self) -> None:
        """Only after the outermost object is it known which options are left over."""
        stray = first_unexpected(self.given, self._visited) if self.name is None else None
        if stray is not None:
            raise errors.invalid_parameter(stray)

    def elements(self, type_: ArrayType) -> Iterable[_Input]:
        element = type_.element_type.name
        integers = element in INT_RANGES and element != "size"
        for text in self._occurrences():
            if integers:
                for value in self._range(element, text):
                    yield _OptionElement(str(value), self.path, None)
            else:
                yield _OptionElement(text, self.path, None)

    def text(self) -> str:
        return self._occurrences()[-1]

    def _occurrences(self) -> list[str]:
        if self.path not in self.given:
            raise errors.missing_parameter(self.path)
        self._visited.append(self.path)
        texts: list[str] = self.given[self.path]
        return texts

    def _range(self, type_name: str, text: str) -> range:
        """The integers that one occurrence stands for."""
        read, _ = self.scalars[type_name]
        found = _text_range(read, text)
        if found is None:
            expected = "an int64" if type_name.startswith("int") else "a uint64"
            raise errors.invalid_parameter_value(self.path, f"{expected} value or range")
        return found


class _OptionElement(_Input):
    """One element of an array in a list of options."""

    __slots__ = ()

    scalars = _OptionInput.scalars

    def refusal(self, type_: SchemaType) -> errors.QmpError:
        return errors.invalid_parameter(self.path)

    def start_object(self, type_: ObjectType) -> None:
        """An object stands around a text here, which is its one member: QAPI's String."""
        if [member.optional for member in type_.members] != [False] or type_.variants:
            raise self.refusal(type_)

    def member(self, member: Member) -> _Input | None:
        return _OptionElement(self.given, self.path, None)

    def finish_object(self) -> None:
        """Nothing can be left over."""
