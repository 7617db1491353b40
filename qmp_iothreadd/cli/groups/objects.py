"""Options of objects, of the run state, and of what clients see of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.option import Handler, Option, read_list, set_field, store_text, words_of
from qmp_iothreadd.daemon.config import ObjectConfig
from qmp_iothreadd.qom.option_lists import HELP

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import ObjectType
    from qmp_iothreadd.qom.option_lists import Options
    from qmp_iothreadd.qom.types import TypeRegistry

_UUID = r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"


def _add_object(line: CommandLine, text: str) -> None:
    """An object, in JSON or as an option list."""
    if text.startswith("{"):
        from qmp_iothreadd.json.reader import parse_one  # only for JSON

        union = _object_options(line)
        _keep_object(line, line.config.schema.models().validate(union, parse_one(text)))
        return
    options = line.read_list("object", text)
    type_name = options.get("qom-type")
    if type_name is None:
        raise errors.missing_parameter("qom-type")
    _print_object_help(line, type_name, options)
    from qmp_iothreadd.qom.input_visitor import from_options  # only objects have a type

    _keep_object(line, from_options(_object_options(line), options))


def _keep_object(line: CommandLine, values: dict[str, Any]) -> None:
    line.config.objects.append(ObjectConfig(values, line.location))


def _print_object_help(line: CommandLine, type_name: str, options: Options) -> None:
    wants_help = any(name in HELP for name, _ in options.pairs)
    if type_name not in HELP and not wants_help:
        return
    from qmp_iothreadd.machine.object_types import object_types  # only for help
    from qmp_iothreadd.qom import object_help

    models = line.config.schema.models()
    types = object_types(models.schema, models)
    if type_name in HELP:
        raise Finished(object_help.describe_types(types))
    described = object_help.describe_properties(types, type_name)
    if described is not None:
        raise Finished(described)


def _object_options(line: CommandLine) -> ObjectType:
    union = line.config.schema.models().schema.types.get("ObjectOptions")
    if union is None:
        # A schema of the user's, which has no objects.
        raise errors.option_unsupported("objects are")
    return cast("ObjectType", union)


def _set_name(line: CommandLine, text: str) -> None:
    """Messages have the name from here on."""
    line.config.reporter.guest_name = line.read_list("name", text).get("guest")


def _set_uuid(line: CommandLine, text: str) -> None:
    if not re.fullmatch(_UUID, text):
        raise errors.bad_uuid()
    line.config.uuid = text.lower()


def _shipped_types() -> TypeRegistry:
    from qmp_iothreadd.machine.object_types import object_types  # only to make the pages
    from qmp_iothreadd.qapi.models import Models
    from qmp_iothreadd.qapi.shipped import served_schema

    schema = served_schema()
    return object_types(schema, Models(schema))


def _object_types() -> Iterable[str]:
    from qmp_iothreadd.qom.object_help import user_creatable_types

    return (*(each.name for each in user_creatable_types(_shipped_types())), "help")


def _object_words() -> Iterable[str]:
    from qmp_iothreadd.qom.object_help import user_creatable_types

    types = user_creatable_types(_shipped_types())
    names = {prop.name for each in types for prop in each.properties.values() if prop.set}
    return ("id=", *(f"{name}=" for name in sorted(names)))


def _set_action(event: str, action: str) -> Handler:
    def set_action(line: CommandLine, text: str) -> None:
        options = line.list_of("action").create(None, line.location)
        options.pairs.append((event, action or text))

    return set_action


def _set_policy(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.described import read_described  # only where there is a policy

    line.config.compat = read_described(line, "CompatPolicy", text)


OPTIONS = (
    Option(
        "object",
        "TYPE,id=ID[,PROP=VALUE]... | JSON",
        _add_object,
        "create an object ('help' lists the types)",
        words=_object_types,
        more=_object_words,
    ),
    Option(
        "name",
        "[guest=]NAME[,process=NAME]",
        _set_name,
        "what query-name says, and ps",
        words=words_of("name"),
    ),
    Option("uuid", "UUID", _set_uuid, "what query-uuid says"),
    Option("S", "", set_field("start_stopped"), "do not run until 'cont'"),
    Option(
        "action",
        "EVENT=ACTION[,...]",
        read_list("action"),
        "what to do on reboot, shutdown, panic or watchdog",
        words=words_of("action"),
    ),
    Option("no-reboot", "", _set_action("reboot", "shutdown"), "-action reboot=shutdown"),
    Option("no-shutdown", "", _set_action("shutdown", "pause"), "-action shutdown=pause"),
    Option("watchdog-action", "ACTION", _set_action("watchdog", ""), "-action watchdog=ACTION"),
    Option("preconfig", "", set_field("preconfig"), "wait for x-exit-preconfig"),
    Option("incoming", "URI|defer", store_text("incoming"), "wait for a guest that migrates"),
    Option(
        "compat",
        "[deprecated-input=accept|reject|crash][,deprecated-output=accept|hide][,unstable-...]",
        _set_policy,
        "what to do about deprecated and unstable parts of QMP",
    ),
)
