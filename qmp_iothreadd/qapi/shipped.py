"""The schema that comes with the package, beside the one that is served."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.ready_made import ready_made_schema

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from qmp_iothreadd.qapi.models import Models
    from qmp_iothreadd.qapi.schema import Schema
    from qmp_iothreadd.qapi.since import Version


def served_schema(
    path: str | None = None,
    config: AbstractSet[str] = frozenset(),
    version: Version | None = None,
) -> Schema:
    """The schema that begins in the file ``path``, as configured; the package's where it is None,
    which may have been made ready when the package was built, and needs no cache then.

    ``version``: without what QEMU has since a later one.

    Raises:
        QAPIError: it is wrong.
    """
    if path is None and not config and version is None:
        ready = ready_made_schema(packaged_schema_path())
        if ready is not None:
            return ready
    from qmp_iothreadd.qapi.cache import load_schema_cached  # what was made ready needs none

    return load_schema_cached(path, config=config, version=version)


def shipped_schema(served: Schema) -> Schema:
    """The schema that the functions of the package were written for.

    Where that is the one that is served, it is ``served`` itself, and its types are the same
    objects; otherwise it is loaded, once in a process.
    """
    own = os.path.abspath(packaged_schema_path())
    return served if served.files[:1] == [own] and served.version is None else _load()


def shipped_models(served: Models) -> Models:
    """The same for what validates: ``served`` itself, or that of the package's schema."""
    return served if shipped_schema(served.schema) is served.schema else _models()


@cache
def _load() -> Schema:
    return served_schema()


@cache
def _models() -> Models:
    from qmp_iothreadd.qapi.models import Models  # only where another schema is served

    return Models(_load())
