"""Arguments that a QAPI type of the served schema describes, in JSON, as keyval or in a list."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.qom import keyval
from qmp_iothreadd.qom.option_lists import Options


def read_described(
    line: CommandLine, type_name: str, text: str, implied: str | None = None
) -> dict[str, Any]:
    """The value of a type that an argument describes. A type that there is not describes anything.

    ``implied`` is the key of a first value that comes without one.

    Raises:
        QmpError: it is no value of the type, or asks for help.
    """
    models = line.config.schema.models()
    described = models.schema.types.get(type_name)
    value: Any
    if text.startswith("{"):
        from qmp_iothreadd.json.reader import parse_one

        value = parse_one(text)
        if described is not None:
            value = models.validate(described, value)
        return dict(value) if isinstance(value, dict) else {}
    value, wants_help = keyval.parse(text, implied)
    if wants_help:
        raise errors.help_not_available()
    return from_nested(line, type_name, value)


def from_nested(line: CommandLine, type_name: str, values: dict[str, Any]) -> dict[str, Any]:
    """The value of a type that keyval's dictionaries describe, any for a type that there is not.

    Raises:
        QmpError: it is no value of the type.
    """
    from qmp_iothreadd.qom.input_visitor import from_keyval

    described = line.config.schema.models().schema.types.get(type_name)
    return dict(values if described is None else from_keyval(described, values))


def check_list(line: CommandLine, type_name: str, options: Options) -> dict[str, Any]:
    """The value of a type that a list describes. A type that there is not describes anything.

    Raises:
        QmpError: it is no value of the type.
    """
    from qmp_iothreadd.qom.input_visitor import from_options

    described = line.config.schema.models().schema.types.get(type_name)
    if described is None:
        return dict(options.pairs)
    return dict(from_options(described, options))
