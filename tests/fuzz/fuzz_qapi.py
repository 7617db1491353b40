"""Byte-level fuzzing of the QAPI front end: any schema is taken or refused, never more than that.

    python tests/fuzz/fuzz_qapi.py [--seconds N] [--random] [libFuzzer's options, a folder]

With atheris installed this is a libFuzzer target, guided by coverage and begun from the golden
schemas; without it, or with --random, those are mutated at random. Exits with a status other than
0, and the input that did it, at the first exception that is no QAPIError, and at the first schema
that was taken and cannot be introspected.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.qapi import QAPIError
    from qmp_iothreadd.qapi.introspect import introspect
    from qmp_iothreadd.qapi.load import load

GOLDEN = Path(__file__).parents[1] / "qapi" / "golden"


class Target:
    """A file in a folder of its own, written and loaded again and again."""

    def __init__(self, folder: str) -> None:
        self._path = Path(folder) / "schema.json"

    def try_input(self, data: bytes) -> None:
        """Load ``data`` as a schema; what was taken can be introspected."""
        self._path.write_bytes(data)
        try:
            schema = load(str(self._path))
        except QAPIError as error:
            if not str(error).startswith(("In file included", str(self._path))):
                raise RuntimeError("an error that does not say where") from error
            return
        introspect(schema)


def mutate(source: random.Random, seeds: list[bytes]) -> bytes:
    """A golden schema with some bytes changed, or with a piece of another one put into it."""
    data = bytearray(source.choice(seeds))
    for _ in range(source.randrange(1, 4)):
        at = source.randrange(len(data) + 1)
        end = min(len(data), at + source.choice([0, 1, 1, 8]))
        other = source.choice(seeds)
        start = source.randrange(len(other) + 1)
        piece = other[start : start + source.choice([1, 4, 40])]
        data[at:end] = source.choice([piece, bytes([source.randrange(256)])])
    return bytes(data)


def main() -> None:
    seeds = [path.read_bytes() for path in sorted(GOLDEN.glob("*.json"))]
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "corpus")
        found.mkdir()
        driver.run(
            "the QAPI front end",
            Target(folder).try_input,
            lambda source: mutate(source, seeds),
            max_len=8192,
            corpus=[str(found), str(GOLDEN)],
        )


if __name__ == "__main__":
    main()
