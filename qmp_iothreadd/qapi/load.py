"""The stages of the front end, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.checks import declare
from qmp_iothreadd.qapi.parser import Parser
from qmp_iothreadd.qapi.resolve import Resolver
from qmp_iothreadd.qapi.selection import Selector

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from qmp_iothreadd.qapi.schema import Schema
    from qmp_iothreadd.qapi.since import Version


def load(
    path: str, config: AbstractSet[str] = frozenset(), version: Version | None = None
) -> Schema:
    """Read, check and resolve the schema in a file, as configured.

    ``config`` are the symbols (``CONFIG_X``) that count as defined in ``if`` conditions; none are
    by default. With ``version``, what QEMU has since a later one is left out. All of the schema is
    checked, whatever its conditions. Raises :class:`~.messages.QAPIError`.
    """
    parser = Parser()
    parser.read_top(path)
    declarations = [declare(definition) for definition in parser.definitions]
    resolver = Resolver()
    for declaration in declarations:
        resolver.add(declaration)
    resolver.check()
    if version is not None:
        from qmp_iothreadd.qapi.since import leave_out_later

        leave_out_later(declarations, version)
    schema = Selector(resolver.declarations, config).select(parser.files)
    schema.version = version
    return schema
