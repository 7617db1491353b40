"""``--fault``: what goes wrong from the start, in the words of ``x-fault-add``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd.qapi.schema import EnumType, ObjectType
from qmp_iothreadd.qom import keyval
from qmp_iothreadd.scripting.fault_words import checked

if TYPE_CHECKING:
    from qmp_iothreadd.cli.command_line import CommandLine
    from qmp_iothreadd.qapi.schema import Member, Schema, SchemaType


def read_fault(line: CommandLine, text: str) -> dict[str, Any]:
    """The words of a fault, from ``KIND[,WORD=VALUE]...`` or JSON.

    Raises:
        QmpError: they are wrong, or contradict each other.
        Finished: it asks for help.
    """
    models = line.config.schema.models()
    if text.startswith("{"):
        from qmp_iothreadd.json.reader import parse_one

        return checked(models, cast("dict[str, Any]", parse_one(text)))
    values, wants_help = keyval.parse(text, "kind")
    if wants_help:
        from qmp_iothreadd.cli.command_line import Finished

        raise Finished(describe_faults())
    return checked(models, values, texts=True)


def describe_faults() -> str:
    """All kinds with their words, from the schema's own description of them."""
    from qmp_iothreadd.qapi import load_schema  # only with its comments for help

    schema = load_schema()
    fault = cast(ObjectType, schema.types["Fault"])
    assert fault.variants is not None
    about = _described(schema, "FaultKind")
    text = "What goes wrong:\n"
    for kind in cast(EnumType, schema.types["FaultKind"]).members:
        text += f"  {kind.name}: {about[kind.name]}\n"
        branch = fault.variants.cases[kind.name]
        if branch is not None:
            text += _words(schema, branch.name, branch.members)
    return f"{text}Words of all kinds:\n{_words(schema, 'Fault', fault.members[1:])}"


def fault_words() -> list[str]:
    """What a shell offers after the kind."""
    from qmp_iothreadd.qapi.shipped import served_schema

    fault = cast(ObjectType, served_schema().types["Fault"])
    return [f"{member.name}=" for member in fault.members[1:]]


def _words(schema: Schema, name: str, members: tuple[Member, ...]) -> str:
    about = _described(schema, name)
    return "".join(
        f"      {member.name}={_values(member.type)} - {about[member.name]}\n" for member in members
    )


def _values(type_: SchemaType) -> str:
    if isinstance(type_, EnumType):
        return "|".join(member.name for member in type_.members)
    return f"<{type_.name}>"


def _described(schema: Schema, name: str) -> dict[str, str]:
    """What the comment of a definition says of its members, each in one line."""
    doc = schema.types[name].doc or ""
    found = re.findall(r"^@([a-z0-9-]+): (.*?)(?=\n\n@|\Z)", doc, re.MULTILINE | re.DOTALL)
    return {member: " ".join(text.replace("@", "").split()) for member, text in found}
