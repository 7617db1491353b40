"""``python -m qmp_iothreadd.qapi.prepare FOLDER [MODULES]``: make the package's schema ready.

What it writes into the folder is installed beside the schema's folder; see ``ready_made``. It is
part of the build: ``MODULES`` is where the extension modules of ``json`` are, not installed yet.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import qmp_iothreadd.json
from qmp_iothreadd.qapi.introspect import introspect
from qmp_iothreadd.qapi.load import load
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.ready_made import INTROSPECTION, SCHEMA, Source, digest
from qmp_iothreadd.qapi.serialization import serialize


def prepare(top: str, folder: Path) -> None:
    """Write what a start reads instead of the schema that begins in the file ``top``.

    Raises:
        QAPIError: the schema is wrong.
        OSError: a file cannot be read or written.
    """
    schema = load(top)
    for entity in schema.definitions.values():
        entity.doc = None  # nobody asks a running daemon for it
    origin = os.path.dirname(os.path.abspath(top))
    name = os.path.basename(origin)
    files, places, *rest = serialize(schema)
    sources = [_source(origin, name) for name in files]
    moved: Any = (_names(files, origin), _names(places, origin), *rest)
    # Version 2 of the format is read by every Python, and writes equal values as equal bytes.
    (folder / (name + SCHEMA)).write_bytes(marshal.dumps((sources, moved), 2))
    from qmp_iothreadd.json import writer  # when it is known where that is

    (folder / (name + INTROSPECTION)).write_bytes(writer.dumps(introspect(schema)))


def _source(origin: str, path: str) -> Source:
    content = Path(path).read_bytes()
    return os.path.relpath(path, origin), len(content), digest(content)


def _names(paths: Iterable[str], origin: str) -> tuple[str, ...]:
    return tuple([os.path.relpath(path, origin) for path in paths])


if __name__ == "__main__":
    qmp_iothreadd.json.__path__.extend(sys.argv[2:])
    prepare(packaged_schema_path(), Path(sys.argv[1]))
