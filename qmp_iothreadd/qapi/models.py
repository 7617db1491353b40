"""Validation by the schema: pydantic, strict, each type's validator built when it is first needed.

    models = Models(schema)
    check = models.arguments(schema.commands["qom-get"])
    check({"path": "/objects/io0"})              # raises QmpError: Parameter 'property' is missing

The daemon validates through pydantic-core alone: pydantic itself takes a tenth of a second and
12 MiB to import, and is not needed before ``Models.model`` makes classes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.json import order
from qmp_iothreadd.qapi.schema import ObjectType

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from pydantic import BaseModel

    from qmp_iothreadd.json.encoded_once import EncodedText
    from qmp_iothreadd.qapi.core_schemas import Nested
    from qmp_iothreadd.qapi.replies import Projection, Projections
    from qmp_iothreadd.qapi.schema import Command, Member, Schema, SchemaType

Arguments = dict[str, Any]


class Models:
    """The validators and models of one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._arguments: dict[str, Callable[[Arguments], Arguments]] = {}
        self._validators: dict[SchemaType, Callable[[Any], Any]] = {}
        self._projections: Projections | None = None
        self._model: Callable[[str], type[BaseModel]] | None = None
        self._introspection: list[dict[str, Any]] | None = None
        self._introspection_text: EncodedText | None = None

    def arguments(self, command: Command) -> Callable[[Arguments], Arguments]:
        """The validator of a command's arguments, the same one at each call.

        It takes the arguments as they are in JSON and returns keyword arguments: members in
        Python's spelling, absent ones as None, and in them objects as they are in JSON. Where the
        command is ``boxed`` there is one, ``arg``: an object with the members that were given, in
        the order of the schema. Arguments of a command that is not generated (``gen`` is false) and
        takes some are its own affair: they are not validated, and are ``arg`` too.

        The validator raises QmpError, for the same member and with the same text as QEMU.
        """
        check = self._arguments.get(command.name)
        if check is None:
            check = self._arguments[command.name] = self._make_arguments(command)
        return check

    def validate(self, type_: SchemaType, value: Any, name: str | None = None) -> Any:
        """Validate one value of any type and return it.

        Unsigned integers that were given as negative ones come back wrapped, numbers as floats, and
        objects in the order of the schema. ``name`` is what errors call the value. Raises QmpError.
        """
        validate = self._validators.get(type_) or self._validator(type_)
        try:
            return validate(value)
        except (ValueError, RecursionError) as error:
            raise _refusal(error, type_, name, value) from None

    def reply(self, type_: SchemaType | None) -> Projection:
        """What leaves out of a reply, or of an event's data, the members that its type lacks.

        The function takes a value and returns it, or a copy of it without those members; the value
        itself is not changed, nor checked. Where the type is None, of a command that returns
        nothing or an event that carries nothing, it returns None.
        """
        if self._projections is None:
            from qmp_iothreadd.qapi.replies import Projections  # the greeting does without

            self._projections = Projections()
        return self._projections.of(type_)

    def check_reply(self, type_: SchemaType | None, value: Any) -> None:
        """Check a value that is going out, strictly: an unsigned integer is not negative either.

        Members that the type lacks are refused as well, see ``reply``, and so are numbers that JSON
        does not have. Where the type is None the value is to be None or an empty object. Raises
        ReplyError.
        """
        from qmp_iothreadd.qapi.replies import ReplyError, non_finite_number

        if type_ is None:
            if value not in (None, {}):
                raise ReplyError(f"nothing should be returned, not {value!r:.60}")
            return
        try:
            validated = self.validate(type_, value)
        except errors.QmpError as error:
            raise ReplyError(f"not of type {type_.name}: {error.desc}") from None
        number = non_finite_number(value)
        if number is not None:
            raise ReplyError(f"not of type {type_.name}: JSON has no number {number}")
        # What is validated may still differ: a negative integer came back as a large one.
        if validated != value:
            raise ReplyError(f"not of type {type_.name}: a negative integer is not unsigned")

    def model(self, name: str) -> type[BaseModel]:
        """The pydantic model of a struct or union, for code that wants attributes.

        Members are attributes in Python's spelling, and are given and dumped as in JSON. A union's
        model validates to a subclass of itself that has the branch's members too. Imports pydantic.
        Raises KeyError where the schema has no such type.
        """
        if self._model is None:
            from qmp_iothreadd.qapi.pydantic_models import ModelFactory  # imports pydantic

            self._model = ModelFactory(self.schema).model
        return self._model(name)

    def introspection(self) -> list[dict[str, Any]]:
        """The schema as its clients see it: what query-qmp-schema returns, made once."""
        if self._introspection is None:
            from qmp_iothreadd.json.encoded_once import EncodedOnce
            from qmp_iothreadd.qapi.introspect import introspect

            self._introspection = [EncodedOnce(each) for each in introspect(self.schema)]
        return self._introspection

    def introspection_text(self) -> EncodedText | None:
        """The same as text, where that was made ready with the package, or None."""
        if self._introspection_text is None and self._introspection is None:
            from qmp_iothreadd.json.encoded_once import EncodedText
            from qmp_iothreadd.qapi.ready_made import ready_made_introspection

            text = ready_made_introspection(self.schema)
            if text is not None:
                self._introspection_text = EncodedText(text, self.introspection)
        return self._introspection_text

    def _make_arguments(self, command: Command) -> Callable[[Arguments], Arguments]:
        type_ = command.arg_type
        if type_ is None or not (type_.members or type_.variants):
            return no_arguments
        if not command.gen:
            return _boxed
        if command.boxed:
            return self._boxed_arguments(type_)
        return _keywords(type_, self._nested)

    def _boxed_arguments(self, type_: ObjectType) -> Callable[[Arguments], Arguments]:
        return lambda arguments: {"arg": self.validate(type_, arguments)}

    def _validator(self, type_: SchemaType) -> Callable[[Any], Any]:
        """Validates a value of the type; raises ValueError, which may be a ValidationError."""
        validator = self._validators.get(type_)
        if validator is None:
            validator = self._validators[type_] = self._make_validator(type_)
        return validator

    def _make_validator(self, type_: SchemaType) -> Callable[[Any], Any]:
        match type_:
            case ObjectType(variants=None):
                return _struct(type_.members, self._nested)
            case ObjectType():
                return _Union(type_, (), self._nested)
            case _:
                core = _core_schemas()
                schema = core.value_schema(type_, self._nested)
                validator: Callable[[Any], Any] = core.compile_schema(schema)
                return validator

    def _nested(self, type_: SchemaType, value: Any) -> Any:
        return self._validator(type_)(value)


@cache
def _core_schemas() -> ModuleType:
    """What compiles validators: the greeting does without, and so do the first requests of many.

    What words refusals is loaded with it, so that a refusal does not need a descriptor.
    """
    errors.import_late("qmp_iothreadd.qapi.visitor_errors")
    return errors.import_late("qmp_iothreadd.qapi.core_schemas")


class _Union:
    """Validates an object by the branch that its tag selects.

    Where the tag is missing or wrong the members that all branches share decide: the tag is one of
    them, and those before it are visited first.
    """

    def __init__(self, type_: ObjectType, outer: tuple[Member, ...], nested: Nested) -> None:
        assert type_.variants is not None
        self._tag = type_.variants.tag.name
        self._cases = type_.variants.cases
        self._members = outer + type_.members
        self._nested = nested
        self._validators: dict[str | None, Callable[[Any], Any]] = {}

    def __call__(self, value: Any) -> Any:
        tag = value.get(self._tag) if isinstance(value, dict) else None
        if not isinstance(tag, str) or tag not in self._cases:
            tag = None
        validator = self._validators.get(tag)
        if validator is None:
            validator = self._validators[tag] = self._make(tag)
        return validator(value)

    def _make(self, tag: str | None) -> Callable[[Any], Any]:
        branch = None if tag is None else self._cases[tag]
        if branch is None:
            return _struct(self._members, self._nested)
        if branch.variants:
            return _Union(branch, self._members, self._nested)
        return _struct(self._members + branch.members, self._nested)


def _struct(members: tuple[Member, ...], nested: Nested) -> Callable[[Any], Any]:
    """Validates an object that has these members and no others.

    Others are looked for here: pydantic-core would make an error of each, and there can be half a
    million, of which one is named.
    """
    core = _core_schemas()
    validate = core.compile_schema(core.struct_schema(members, nested))
    known = frozenset(member.name for member in members)

    def check(value: Any) -> Any:
        result = validate(value)
        if not known.issuperset(value):
            raise ValueError("unexpected members")
        return result

    return check


def _keywords(type_: ObjectType, nested: Nested) -> Callable[[Arguments], Arguments]:
    """The same of a command's arguments, in one call, with refusals in QEMU's words.

    Where none are given and none have to be, nothing is compiled: that is how sessions begin, and
    all that many ask.
    """
    from qmp_iothreadd.qapi.python_names import python_name  # the greeting does without

    known = frozenset(member.name for member in type_.members)
    absent = {python_name(member.name): None for member in type_.members if member.optional}
    may_be_empty = len(absent) == len(type_.members)
    validate: Callable[[Arguments], Arguments] | None = None

    def check(arguments: Arguments) -> Arguments:
        if may_be_empty and not arguments:
            return absent.copy()
        try:
            result = (validate or compiled())(arguments)
            if not known.issuperset(arguments):
                raise ValueError("unexpected members")
        except (ValueError, RecursionError) as error:
            raise _refusal(error, type_, None, arguments) from None
        return result

    def compiled() -> Callable[[Arguments], Arguments]:
        nonlocal validate
        core = _core_schemas()
        schema = core.struct_schema(type_.members, nested, python_names=True)
        made: Callable[[Arguments], Arguments] = core.compile_schema(schema)
        validate = made
        return made

    return check


def _refusal(
    error: ValueError | RecursionError, type_: SchemaType, name: str | None, value: Any
) -> errors.QmpError:
    """What QEMU says of a value that does not validate."""
    if isinstance(error, RecursionError):
        return errors.json_nesting_depth()
    from qmp_iothreadd.qapi.visitor_errors import visitor_error  # loaded with the validator

    return visitor_error(error, type_, value, name)


def no_arguments(arguments: Arguments) -> Arguments:
    """The validator of a command that takes none."""
    if arguments:
        name = order.first_unexpected(order.qdict_order(arguments), ())
        raise errors.unexpected_parameter(str(name))
    return {}


def _boxed(arguments: Arguments) -> Arguments:
    return {"arg": arguments}
