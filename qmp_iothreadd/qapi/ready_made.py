"""The package's schema, made ready when the package was built: no start of it parses anything.

Beside the schema's folder, where the package is installed, stand two files (``prepare`` makes
them): the schema, serialized, with a digest of each file that it was made from; and the text of the
reply to query-qmp-schema. A schema whose files say something else than then is parsed like any
other. An installation writes by name, so these come after the folder's files, which then are older.
"""

from __future__ import annotations

import marshal
import os
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.qapi.serialization import deserialize

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import Schema
    from qmp_iothreadd.qapi.serialization import Serialized

#: What the folder's name ends with in those of the two.
SCHEMA = "_parsed.ready"
INTROSPECTION = "_introspected.ready"

#: How many bytes a digest has.
DIGEST_SIZE = 32

#: Name in the folder, size in bytes, digest.
Source = tuple[str, int, bytes]

# The one that was read, if one was; its reply to query-qmp-schema stands beside it.
_read: Schema | None = None


def ready_made_schema(top: str) -> Schema | None:
    """The schema that begins in the file ``top``, as it was made ready; None where it is not."""
    global _read
    folder = os.path.dirname(top)
    try:
        with open(folder + SCHEMA, "rb", buffering=0) as file:
            made_ns = os.fstat(file.fileno()).st_ctime_ns
            sources, serialized = marshal.loads(file.readall())
        inside = os.path.join(folder, "")  # once: there are a hundred names
        if not all(_is_the_same(inside, source, made_ns) for source in sources):
            return None
        schema = deserialize(_in_folder(serialized, inside))
    except (OSError, ValueError, EOFError, TypeError):  # there is none, or another Python's
        return None
    _read = schema
    return schema


def ready_made_introspection(schema: Schema) -> str | None:
    """The text of what query-qmp-schema returns; None where the schema was not made ready."""
    if schema is not _read:
        return None
    try:
        with open(os.path.dirname(schema.files[0]) + INTROSPECTION, "rb") as file:
            return file.read().decode("ascii")
    except (OSError, ValueError):
        return None


def digest(data: bytes) -> bytes:
    """What tells one content of a file from another."""
    # What hashlib has, without OpenSSL, whose import takes longer than all of this; and where the
    # package was installed before it is older than its schema: most starts need no digest.
    from _blake2 import blake2b

    return blake2b(data, digest_size=DIGEST_SIZE).digest()


def _is_the_same(inside: str, source: Source, made_ns: int) -> bool:
    """Whether a file is what it was, which is looked up where it is not older than ``made_ns``."""
    name, size, content = source
    path = inside + name
    state = os.stat(path)
    if state.st_size != size:
        return False
    if state.st_ctime_ns < made_ns:
        return True
    with open(path, "rb", buffering=0) as file:
        return digest(file.readall()) == content


def _in_folder(serialized: Any, inside: str) -> Serialized:
    files, places, *rest = serialized
    located = [tuple([inside + name for name in names]) for names in (files, places)]
    return (*located, *rest)
