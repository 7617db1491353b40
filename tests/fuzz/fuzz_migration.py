"""Byte-level fuzzing of the migration stream that a machine is loaded from.

    python tests/fuzz/fuzz_migration.py [--seconds N] [--random] [libFuzzer's options, a folder]

Without atheris, or with --random, streams of an empty machine are damaged and cut off. Whatever
comes is loaded, or refused in words; nothing of it is executed or looked up.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.errors import QmpError
    from qmp_iothreadd.machine.migration.stream import empty_machine_stream, read_stream

_STREAM = empty_machine_stream("none", "running")


def try_input(data: bytes) -> None:
    """Load it; a status is a short text, and a refusal one too."""
    try:
        status = read_stream(data, "none")
    except QmpError as error:
        assert error.error_class == "GenericError"  # noqa: PT017 -- either outcome will do
    else:
        assert len(status) <= 100


def make_input(source: random.Random) -> bytes:
    """A stream with some bytes changed, pieces of it twice, or its end missing."""
    data = driver.change_bytes(source, _STREAM, [0, 1, 2, 5])
    if source.randrange(3) == 0:
        start = source.randrange(len(data) + 1)
        end = source.randrange(start, len(data) + 1)
        data = data[:end] + data[start:]
    return data[: source.randrange(len(data) + 1)] if source.randrange(3) == 0 else data


if __name__ == "__main__":
    driver.run("the migration stream", try_input, make_input, max_len=2000)
