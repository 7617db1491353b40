"""``--fleet-event``: an event of the schema, its data, and how often it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.fleet_events import FleetEvent
from qmp_iothreadd.qom import c_numbers, keyval
from qmp_iothreadd.qom.input_visitor import from_keyval

if TYPE_CHECKING:
    from qmp_iothreadd.cli.command_line import CommandLine

EVERY_S: Final = (0.1, 86400.0)
"""The shortest and the longest time between two events of a machine, in seconds."""


def read_fleet_event(line: CommandLine, text: str) -> FleetEvent:
    """What ``EVENT,every=SECONDS[,data.MEMBER=VALUE…]`` asks for, or the same in JSON.

    Raises:
        QmpError: the schema has no such event, its data are others, or the time makes no sense.
    """
    models = line.config.schema.models()
    values = _read(text)
    name = values.pop("event", None)
    event = models.schema.events.get(name) if isinstance(name, str) else None
    if event is None:
        raise errors.missing_parameter("event") if name is None else errors.no_such_event(name)
    every_s = _seconds(values.pop("every", None))
    data = values.pop("data", None)
    for unexpected in values:
        raise errors.unexpected_parameter(unexpected)
    if event.arg_type is None:
        if data is not None:
            raise errors.unexpected_parameter("data")
    elif text.startswith("{"):
        data = models.validate(event.arg_type, {} if data is None else data, "data")
    else:
        data = from_keyval(event.arg_type, {} if data is None else data)
    return FleetEvent(event.name, data, every_s)


def _read(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        values, wants_help = keyval.parse(text, "event")
        if wants_help:
            raise errors.help_not_available()
        return values
    from qmp_iothreadd.json.reader import parse_one

    value = parse_one(text)
    assert isinstance(value, dict)  # it begins like one
    return value


def _seconds(value: object) -> float:
    if value is None:
        raise errors.missing_parameter("every")
    found = c_numbers.number(value) if isinstance(value, str) else value
    least, most = EVERY_S
    if isinstance(found, int | float) and found is not True and least <= found <= most:
        return float(found)
    raise errors.invalid_parameter_value("every", f"seconds from {least:g} to {most:g}")
