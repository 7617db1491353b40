"""``object_add`` and ``qom-*``: QMP's functions, with arguments in languages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd import errors
from qmp_iothreadd.commands import qom
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import SchemaType
    from qmp_iothreadd.qom.types import TypeRegistry

_OBJECT_ADD = "object-add"


@hmp_command(
    "object_add",
    "options:S",
    params="[qom-type=]type,id=str[,prop=value][,...]",
    help="create QOM object",
    completes=("type",),
    preconfig=True,
)
def object_add(ctx: Context, options: str) -> str | None:
    """Create an object: from JSON where ``options`` begins with a brace, else from keyval."""
    from qmp_iothreadd.qom import keyval  # only here is the language needed
    from qmp_iothreadd.qom.input_visitor import from_keyval

    command = ctx.machine.schema.commands.get(_OBJECT_ADD)
    if command is None or command.arg_type is None:
        raise errors.command_not_found(_OBJECT_ADD)
    if options.startswith("{"):
        from qmp_iothreadd.json.reader import parse_one

        validate = ctx.machine.models.arguments(command)
        qom.object_add(ctx, **validate(cast("dict[str, Any]", parse_one(options))))
        return None
    values, wants_help = keyval.parse(options, "qom-type")
    if wants_help:
        return _help(ctx.machine.types, values.get("qom-type"))
    qom.object_add(ctx, from_keyval(command.arg_type, values))
    return None


def _help(types: TypeRegistry, type_name: object) -> str:
    from qmp_iothreadd.qom import object_help

    named = isinstance(type_name, str) and object_help.describe_properties(types, type_name)
    return f"{named or object_help.describe_types(types)}\n"


@hmp_command(
    "object_del",
    "id:s",
    params="id",
    help="destroy QOM object",
    completes=("object",),
    preconfig=True,
)
def object_del(ctx: Context, id: str) -> None:
    """Delete an object."""
    qom.object_del(ctx, id)


@hmp_command(
    "qom-list",
    "path:s?",
    params="path",
    help="list QOM properties",
    completes=("path",),
    preconfig=True,
)
def qom_list(ctx: Context, path: str | None) -> str:
    """The properties of an object, one per line; without a path, where paths begin."""
    if path is None:
        return "/\n"
    return "".join([f"{p['name']} ({p['type']})\n" for p in qom.qom_list(ctx, path)])


@hmp_command(
    "qom-get",
    "path:s,name:s",
    params="path property",
    help="print QOM property",
    completes=("path", "property"),
    preconfig=True,
)
def qom_get(ctx: Context, path: str, name: str) -> str:
    """The value of a property, as JSON."""
    from qmp_iothreadd.json import writer

    data = writer.pretty_message(qom.qom_get(ctx, path, name))
    return data.decode("ascii").replace("\r\n", "\n")


@hmp_command(
    "qom-set",
    "json:-j,path:s,name:s,value:S",
    params="[-j] path property value",
    help="set QOM property.\n\t\t\t-j: the value is specified in json format.",
    completes=("path", "property"),
    preconfig=True,
)
def qom_set(ctx: Context, json: bool, path: str, name: str, value: str) -> None:
    """Set a property, from JSON or from a text that is read as the property's type asks for."""
    if json:
        from qmp_iothreadd.json.reader import parse_one

        qom.qom_set(ctx, path, name, parse_one(value))
        return
    target = ctx.machine.resolve(path)
    found = target.find_property(name)
    converted: Any = value
    if found.set is not None:
        schema = ctx.machine.schema
        value_type = found.value_type or schema.types.get(found.type)
        converted = read_property(value_type, value, name)
    target.set_property(name, converted)


def read_property(type_: SchemaType | None, text: str, name: str) -> Any:
    """The value of the property ``name`` that ``text`` stands for.

    A property without a type of the schema is a text. Whether the value is in the property's range
    is left to the property.

    Raises:
        QmpError: it is no value of the type, or no text can be one.
    """
    from qmp_iothreadd.qom.input_visitor import from_text

    return text if type_ is None else from_text(type_, text, name)
