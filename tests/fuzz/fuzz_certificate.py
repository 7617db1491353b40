"""Byte-level fuzzing of the reader of certificates.

    python tests/fuzz/fuzz_certificate.py [--seconds N] [libFuzzer's options, a corpus]

With atheris installed this is a libFuzzer target, guided by coverage; without it, near-certificates
are tried at random. What is read has times that are times; what is not read is a ValueError.
"""

from __future__ import annotations

import base64
import random
import sys
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.machine.objects.certificate import Certificate

MAX_LEN = 4096
_PEMS = sorted((Path(__file__).parents[1] / "chardev" / "tls").glob("*-cert.pem"))
_SEEDS = [base64.b64decode("".join(pem.read_text().splitlines()[1:-1])) for pem in _PEMS]


def try_input(data: bytes) -> None:
    """Read one certificate."""
    try:
        found = Certificate(data)
    except ValueError:
        return
    assert isinstance(found.not_before, datetime)
    assert found.usage is None or 0 <= found.usage <= 255


def make_input(source: random.Random) -> bytes:
    """A certificate with a few bytes changed, or cut off."""
    data = source.choice(_SEEDS)
    if source.random() < 0.2:
        data = data[: source.randrange(len(data))]
    return driver.change_bytes(source, data, [0, 1, 1, 2, 4, 16])


if __name__ == "__main__":
    driver.run("the reader of certificates", try_input, make_input, max_len=MAX_LEN)
