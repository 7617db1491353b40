"""Byte-level fuzzing of the QAPI front end: any schema is taken or refused, never more than that.

    python tests/fuzz/fuzz_qapi.py [--seconds N] [--random] [libFuzzer's options, a folder]

With atheris installed this is a libFuzzer target, guided by coverage and begun from the golden
schemas; without it, or with --random, those are mutated at random. Exits with a status other than
0, and the input that did it, at the first exception that is no QAPIError, and at the first schema
that was taken and cannot be introspected.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

atheris: Any = None
if __name__ == "__main__" and find_spec("atheris") and "--random" not in sys.argv:
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["qmp_iothreadd"]):
        import qmp_iothreadd.qapi.load  # noqa: F401

from qmp_iothreadd.qapi import QAPIError  # noqa: E402
from qmp_iothreadd.qapi.introspect import introspect  # noqa: E402
from qmp_iothreadd.qapi.load import load  # noqa: E402

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


def fuzz_randomly(target: Target, seeds: list[bytes], seconds: float) -> None:
    end = time.monotonic() + seconds
    rounds = 0
    while time.monotonic() < end:
        seed = random.getrandbits(64)
        data = mutate(random.Random(seed), seeds)
        try:
            target.try_input(data)
        except Exception:
            print(f"seed {seed}: {data!r}", file=sys.stderr)
            raise
        rounds += 1
    print(f"{rounds} schemas, no fault")


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz the QAPI front end.", allow_abbrev=False)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: 60)")
    parser.add_argument("--random", action="store_true", help="mutate at random, without atheris")
    args, options = parser.parse_known_args()
    seeds = [path.read_bytes() for path in sorted(GOLDEN.glob("*.json"))]
    with tempfile.TemporaryDirectory() as folder:
        target = Target(folder)
        if atheris is None:
            fuzz_randomly(target, seeds, args.seconds)
            return
        corpus = [str(GOLDEN)] if GOLDEN.is_dir() else []
        found = str(Path(folder, "corpus"))
        Path(found).mkdir()
        limit = [f"-max_total_time={args.seconds}", "-max_len=8192"]
        atheris.Setup([sys.argv[0], *limit, *options, found, *corpus], target.try_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
