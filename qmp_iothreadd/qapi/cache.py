"""Checked schemas on disk, so that a start need not parse what was parsed before.

An entry is a file: a digest of the rest, then a list of the schema's files with size and times of
each, then the schema, serialized. It is used only where the digest is right and no file has
changed; anything else counts as no entry. The name of the entry is a digest of the top file's
path, the configuration and the front end's own files, so a change to any of them looks elsewhere.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import re
import stat
import sys
import time
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.ready_made import DIGEST_SIZE, digest
from qmp_iothreadd.qapi.serialization import deserialize, serialize

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from qmp_iothreadd.qapi.schema import Schema
    from qmp_iothreadd.qapi.since import Version

#: How many schemas are kept; the least recently used go first.
MAX_ENTRIES = 32

#: An entry is not larger, nor read if it is; QEMU's own schema takes 1 MiB.
MAX_ENTRY_BYTES = 64 << 20

_SUFFIX = ".schema"
#: The name of an entry, which is a digest, or of one that is being written.
_ENTRY = r"[0-9a-f]{64}\.schema(\.\d+\.[0-9a-f]{8})?"
#: By how much the clock of a file system may lag behind ours.
_CLOCK_LAG_NS = 20_000_000


def load_schema_cached(
    path: str | None = None,
    *,
    config: AbstractSet[str] = frozenset(),
    version: Version | None = None,
    cache_dir: str | None = None,
) -> Schema:
    """Like ``load_schema``, but from the cache where the same files were seen before.

    ``cache_dir``: the folder of the entries; by default one of the user's, below
    ``$XDG_CACHE_HOME`` or ``~/.cache``. A folder that cannot be used is no error: the schema is
    parsed then. The schema comes without documentation. Raises QAPIError.
    """
    top = packaged_schema_path() if path is None else path
    folder = _default_folder() if cache_dir is None else cache_dir
    entry = os.path.join(folder, _key(top, config, version) + _SUFFIX) if folder else None
    schema = _read(entry) if entry else None
    if schema is None:
        started_ns = time.time_ns()
        schema = load_schema(top, config=config, version=version)
        for entity in schema.definitions.values():
            entity.doc = None  # half the size, and nobody asks a running daemon for it
        if entry:
            with contextlib.suppress(OSError):
                _write(entry, schema, started_ns)
    schema.version = version
    return schema


def _default_folder() -> str | None:
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # what is not absolute counts as not set
        base = os.path.expanduser("~/.cache")
    return os.path.join(base, "qmp-iothreadd") if os.path.isabs(base) else None


def _key(top: str, config: AbstractSet[str], version: Version | None) -> str:
    # ``top`` as it was given, too: locations inside the schema begin with it
    parts = [top, os.path.abspath(top), sys.version, repr(version), *sorted(config)]
    folder = os.path.dirname(os.path.abspath(__file__))
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.endswith(".py"):
            state = entry.stat()
            parts.append(f"{entry.name} {state.st_size} {state.st_mtime_ns}")
    return digest("\0".join(parts).encode("utf-8", "surrogateescape")).hex()


def _read(entry: str) -> Schema | None:
    try:
        data = _read_entry(entry)
        if data is None or digest(data[DIGEST_SIZE:]) != data[:DIGEST_SIZE]:
            return None
        sources, serialized = marshal.loads(memoryview(data)[DIGEST_SIZE:])
        if not all(_state(name) == seen for name, seen in sources):
            return None
        schema = deserialize(serialized)
    except OSError:
        return None
    except Exception:  # right in its digest and wrong in what it says: whatever that breaks
        return None
    with contextlib.suppress(OSError):
        os.utime(entry)  # most recently used
    return schema


def _read_entry(entry: str) -> bytes | None:
    """The file, if it is one that was made here."""
    fd = os.open(entry, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(fd)
        # Data of another user's making is not for marshal, however well it matches its digest
        ours = found.st_uid == os.geteuid() and stat.S_ISREG(found.st_mode)
        if not ours or found.st_size > MAX_ENTRY_BYTES:
            return None
        return os.read(fd, found.st_size)
    finally:
        os.close(fd)


def _state(name: str) -> tuple[int, int, int]:
    """What differs once a file was written to: see ``_write`` for why that is sure."""
    state = os.stat(name)
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _write(entry: str, schema: Schema, started_ns: int) -> None:
    sources = [(name, _state(name)) for name in schema.files]
    newest_ns = max(ctime_ns for _, (_, _, ctime_ns) in sources)
    if newest_ns >= started_ns - _CLOCK_LAG_NS:
        return  # a file may have changed since it was parsed, or may yet without another ctime
    data = marshal.dumps((sources, serialize(schema)))
    if DIGEST_SIZE + len(data) > MAX_ENTRY_BYTES:
        return
    folder = os.path.dirname(entry)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.stat(folder).st_uid != os.geteuid():
        return  # whoever owns it decides what is in it
    from qmp_iothreadd.replaced_file import replaced_file  # a start that finds an entry writes none

    with replaced_file(entry, 0o600) as file:
        file.write(digest(data) + data)
    _drop_oldest(folder)


def _drop_oldest(folder: str) -> None:
    """Keep the most recently used entries; of what was left half-written, only what is new.

    Nothing else that may be in the folder is ours to delete.
    """
    files: list[tuple[int, Any]] = []
    for file in os.scandir(folder):
        if not re.fullmatch(_ENTRY, file.name):
            continue
        with contextlib.suppress(FileNotFoundError):  # another process drops them too
            files.append((file.stat().st_mtime_ns, file))
    files.sort(key=lambda item: item[0], reverse=True)
    for _, file in files[MAX_ENTRIES:]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file.path)
