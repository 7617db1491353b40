"""``python -m qmp_iothreadd.qapi FILE``: check a schema, and say what is in it."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from typing import TYPE_CHECKING

from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.messages import QAPIError
from qmp_iothreadd.qapi.schema import (
    AlternateType,
    ArrayType,
    BuiltinType,
    Command,
    EnumType,
    Event,
    ObjectType,
    Schema,
    SchemaType,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EXAMPLES = """\
examples:
  python -m qmp_iothreadd.qapi qapi-schema.json
      check a schema and all that it includes
  python -m qmp_iothreadd.qapi -D CONFIG_LINUX -D CONFIG_VNC qapi-schema.json
      the same, with what depends on these symbols
  python -m qmp_iothreadd.qapi --introspect --unmask qapi-schema.json
      what query-qmp-schema would return, with the names of types
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m qmp_iothreadd.qapi",
        description="Check a QAPI schema: print a summary and exit with 0, or the error and 1.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="the file that the schema begins with")
    parser.add_argument(
        "-D",
        dest="config",
        metavar="SYMBOL",
        action="append",
        default=[],
        help="take SYMBOL as defined in 'if' conditions (none is unless given); may be repeated",
    )
    parser.add_argument(
        "--introspect", action="store_true", help="print what query-qmp-schema returns, as JSON"
    )
    parser.add_argument(
        "--unmask", action="store_true", help="with --introspect: keep the names of types"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.unmask and not options.introspect:
        parser.error("--unmask goes with --introspect")
    try:
        schema = load_schema(options.file, config=frozenset(options.config))
    except QAPIError as error:
        print(error, file=sys.stderr)
        return 1
    if options.introspect:
        from qmp_iothreadd.qapi.introspect import introspect

        lines: Iterator[str] = iter(
            [json.dumps(introspect(schema, unmask=options.unmask), indent=2)]
        )
    else:
        lines = _summary(schema)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files need not be text.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough. Nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _summary(schema: Schema) -> Iterator[str]:
    top = os.path.dirname(schema.files[0])
    counts = {
        "files": len(schema.files),
        "commands": len(schema.commands),
        "events": len(schema.events),
        "enums": _count(schema, EnumType),
        "structs": sum(not union for union in _named_objects(schema)),
        "unions": sum(_named_objects(schema)),
        "alternates": _count(schema, AlternateType),
        "arrays": _count(schema, ArrayType),
    }
    for what, count in counts.items():
        yield f"{what:<12}{count:>6}"
    yield from _table("files", [(os.path.relpath(file, top), "") for file in schema.files])
    commands = [(command.name, _signature(command)) for command in schema.commands.values()]
    yield from _table("commands", commands)
    yield from _table("events", [(event.name, _data(event)) for event in schema.events.values()])


def _count(schema: Schema, kind: type[SchemaType]) -> int:
    """How many types of a kind the schema defines or uses beyond those that come with the
    language.
    """
    return sum(
        isinstance(found, kind) and found.info is not None for found in schema.types.values()
    )


def _named_objects(schema: Schema) -> list[bool]:
    """For each struct and union with a name: whether it is a union."""
    return [
        found.variants is not None
        for found in schema.types.values()
        if isinstance(found, ObjectType) and not found.implicit
    ]


def _table(title: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{title}:"
    width = max(len(name) for name, _ in rows)
    for name, rest in rows:
        yield f"  {name:<{width}}  {rest}".rstrip()


def _signature(command: Command) -> str:
    returns = f" -> {_type_name(command.ret_type)}" if command.ret_type is not None else ""
    flags = "".join(
        f" [{flag.replace('_', '-')}]"
        for flag in ("allow_oob", "allow_preconfig", "coroutine")
        if getattr(command, flag)
    )
    return f"{_data(command)}{returns}{flags}"


def _data(entity: Command | Event) -> str:
    found = entity.arg_type
    if found is None:
        return "()"
    if not found.implicit:
        return f"({found.name})"
    members = [f"{'*' if member.optional else ''}{member.name}" for member in found.members]
    return f"({', '.join(members)})"


def _type_name(found: SchemaType) -> str:
    if isinstance(found, ArrayType) and not isinstance(found, BuiltinType):
        return f"[{_type_name(found.element_type)}]"
    return found.name


if __name__ == "__main__":
    sys.exit(main())
