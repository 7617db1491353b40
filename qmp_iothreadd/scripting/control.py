"""Which commands control scripts: those of the schema with the feature ``control``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.json.encoded_once import EncodedOnce
from qmp_iothreadd.qapi.schema import Command

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import Schema

_FEATURE = "control"


def is_control(command: Command) -> bool:
    """Whether a command controls scripts."""
    return any(feature.name == _FEATURE for feature in command.features)


def names_control(schema: Schema, name: Any) -> bool:
    """Whether this is the name of such a command; most names are told at once that are none."""
    if not isinstance(name, str) or not name.startswith("x-"):
        return False
    command = schema.commands.get(name)
    return command is not None and is_control(command)


@lru_cache(4)
def introspect_without_control(schema: Schema) -> list[dict[str, Any]]:
    """What query-qmp-schema says of a schema without the commands that control scripts.

    Machines of one schema share it.
    """
    from qmp_iothreadd.qapi.introspect import introspect  # seldom asked for
    from qmp_iothreadd.qapi.schema import Schema

    kept = [
        entity
        for entity in schema.definitions.values()
        if not (isinstance(entity, Command) and is_control(entity))
    ]
    return [EncodedOnce(each) for each in introspect(Schema.of(schema.files, kept))]
