"""``python -m qmp_iothreadd.prepare_start FILE``: write what ``start_code`` reads, in a build."""

from __future__ import annotations

import marshal
import sys
from pathlib import Path

from qmp_iothreadd.start_code import HEAD_BYTES, Row, kind_of_code

FOLDER = Path(__file__).parent

#: A module per line, in the order of imports; what is native is built otherwise.
NAMES = FOLDER / "start_modules.txt"


def start_modules() -> list[str]:
    """The modules that the greeting waits for, besides those of ``import uvloop``."""
    lines = [line.partition("#")[0].strip() for line in NAMES.read_text().splitlines()]
    return [line for line in lines if line]


def prepare(file: Path) -> None:
    """Compile the package's modules among them, and write them to a file.

    Raises:
        OSError: a file cannot be read or written.
    """
    table: dict[str, Row] = {}
    codes = bytearray()
    for name in start_modules():
        source = _source(name)
        if source is None:
            continue
        text = source.read_bytes()
        where = source.relative_to(FOLDER).as_posix()
        code = compile(text, where, "exec", dont_inherit=True, optimize=sys.flags.optimize)
        start = len(codes)
        codes += marshal.dumps(code)
        table[name] = (where, source.stem == "__init__", len(text), start, len(codes))
    file.write_bytes(join(kind_of_code(), table, bytes(codes)))


def join(kind: tuple[str, int], table: dict[str, Row], codes: bytes) -> bytes:
    """A file of ``start_code``'s."""
    described = marshal.dumps((kind, table))
    return (HEAD_BYTES + len(described)).to_bytes(HEAD_BYTES, "little") + described + codes


def _source(name: str) -> Path | None:
    """The file of a module of the package's that is written in Python."""
    package, _, inner = name.partition(".")
    if package != FOLDER.name or not inner:
        return None
    place = FOLDER.joinpath(*inner.split("."))
    found = [file for file in (place / "__init__.py", place.with_suffix(".py")) if file.exists()]
    return found[0] if found else None


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
