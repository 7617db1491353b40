"""The QAPI language: source → parser → checks → schema, and what is made from the schema.

>>> schema = load_schema()
>>> schema.commands["query-iothreads"].ret_type
<ArrayType IOThreadInfoList>

``python -m qmp_iothreadd.qapi FILE`` checks a schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from qmp_iothreadd.qapi.messages import QAPIError
    from qmp_iothreadd.qapi.schema import Schema
    from qmp_iothreadd.qapi.since import Version

__all__ = ["QAPIError", "Schema", "load_schema"]


def load_schema(
    path: str | None = None,
    *,
    config: AbstractSet[str] = frozenset(),
    version: Version | None = None,
) -> Schema:
    """Read and check a schema; without ``path`` the daemon's own, which comes with the package.

    ``config`` are the symbols that count as defined in ``if`` conditions: none unless given.
    ``version`` (major, minor) leaves out what QEMU has since a later one, as the schema's comments
    say. All of the schema is checked, whatever its conditions. Raises :class:`QAPIError`.
    """
    # Imported here because a start with a cached schema does without the front end.
    from qmp_iothreadd.qapi.load import load
    from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path

    return load(packaged_schema_path() if path is None else path, config, version)


def __getattr__(name: str) -> object:
    # The exception and the classes come with modules that a start from the cache can do without.
    if name == "QAPIError":
        from qmp_iothreadd.qapi.messages import QAPIError

        return QAPIError
    if name == "Schema":
        from qmp_iothreadd.qapi.schema import Schema

        return Schema
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
