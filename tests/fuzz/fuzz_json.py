"""Byte-level fuzzing of the JSON reader: any bytes, in any split, against two readers in Python.

    python tests/fuzz/fuzz_json.py [--seconds N] [libFuzzer's options, a folder for the corpus]

With atheris installed this is a libFuzzer target, guided by coverage; without it, random near-JSON
is tried for the same time. Exits with a status other than 0, and the input that did it, at the
first difference.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.errors import QmpError
    from qmp_iothreadd.json import writer
    from qmp_iothreadd.json.reader import PENDING, JSONReader
    from tests.fuzz.json_reference import Outcome, ReferenceReader
    from tests.json.reference.reader import PENDING as UNFINISHED, PythonReader, python_reader

FRAGMENTS = [
    *(bytes([byte]) for byte in b"{}[]:,\"'\\-+.eE01 \t\r\n%#\0\x01\x7f\x80\xa9\xc3\xfe\xff"),
    *(b'"a"', b'"b":', b'"a":1', b"1,", b"},", b"}\n", b"]\n", b"}{", b'{"a":1}', b"true", b"nul"),
    *(b"12", b"01", b"0e2", b"1.5", b"1e400", b"18446744073709551616", b"-9223372036854775809"),
    *(b"\\n", b"\\'", b"\\x", b"\\u", b"\\u12", b"\\u0000", b"\\uffff", b"\\ud83d", b"\\ude00"),
    *(b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xb7\x90", b"\xf0\x9f\x98\x80", b"\xf8\x88\x80\x80\x80"),
    *(b'{"execute":"x","id":[1,{"a":0.5}]}\n', b"{'execute':'x'}\r\n", b'{"a":1,"a":2}'),
]


def outcomes(reader: JSONReader | PythonReader, tokens: int | None = None) -> Iterator[Outcome]:
    """What the reader gives until it needs more input; ``tokens`` at a time."""
    while True:
        try:
            value = reader.next(tokens)
        except QmpError as error:
            yield "error", error.desc
        else:
            if value in (PENDING, UNFINISHED):
                if tokens is None or not reader.pending_bytes:
                    return
            else:
                yield "value", value


def flat(value: object) -> list[object]:
    """A value as a list without depth, for comparison: types count, and the order of members."""
    result: list[object] = []
    rest = [value]
    while rest:
        value = rest.pop()
        result.append(type(value))
        if isinstance(value, dict):
            result.append(list(value))
            rest += value.values()
        elif isinstance(value, list):
            result.append(len(value))
            rest += value
        else:
            result.append(repr(value))
    return result


def check(data: bytes, sizes: list[int]) -> None:
    """Compare both readers on ``data``, cut into pieces of these ``sizes``, again and again."""
    expected = list(ReferenceReader().feed(data))
    reader = JSONReader()
    actual: list[Outcome] = []
    start = turn = 0
    while start < len(data):
        size = sizes[turn % len(sizes)]
        reader.feed(data[start : start + size])
        if size % 2:  # an even piece waits for the next one
            actual += outcomes(reader)
        start += size
        turn += 1
    actual += outcomes(reader)
    assert flat([list(outcome) for outcome in actual]) == flat([list(o) for o in expected])
    assert reader.pending_bytes == 0
    for kind, value in expected:
        if kind == "value":
            check_written(value)


def check_against_python(
    data: bytes,
    sizes: list[int],
    limits: tuple[int, int, int] | None,
    tokens: int | None,
    *,
    ends: bool,
) -> None:
    """Compare with the reader in Python, with other limits (size, tokens, depth) than QEMU's too.

    ``tokens`` is how many the native one reads at once, ``ends`` whether the input is complete.
    """
    native = JSONReader()
    if limits is not None:
        native = JSONReader(max_size=limits[0], max_tokens=limits[1], max_depth=limits[2])
    actual: list[Outcome] = []
    expected: list[Outcome] = []
    with python_reader(limits) as python:
        start = turn = 0
        while start < len(data) or turn == 0:
            size = sizes[turn % len(sizes)]
            for reader in (native, python):
                reader.feed(data[start : start + size])
                if ends and start + size >= len(data):
                    reader.eof()
            actual += outcomes(native, tokens)
            expected += outcomes(python)
            assert native.pending_bytes == python.pending_bytes
            start += size
            turn += 1
    assert flat([list(outcome) for outcome in actual]) == flat([list(o) for o in expected])


def check_written(value: object) -> None:
    """What is written reads as the same value again (inf, which is no JSON, aside)."""
    text = writer.message(value)
    assert text.isascii()
    assert text.endswith(b"\r\n")
    if b"inf" in text:
        return
    reader = JSONReader()
    reader.feed(text)
    assert reader.next() == value
    assert reader.next() is PENDING


def one_input(data: bytes) -> None:
    """The first two bytes say how the rest is cut, the next three what is allowed."""
    how, text = data[:5].ljust(5, b"\0"), data[5:]
    sizes = [byte % 16 + 1 for byte in how[:2]]
    limits = None
    if how[2] & 1:
        limits = (how[3] % 40 + 1, how[4] % 12 + 1, how[2] // 2 % 5 + 1)
    check_against_python(text, sizes, limits, how[4] // 12 or None, ends=bool(how[3] & 0x80))
    if how[2] & 6 == 6:
        check(text, sizes)


def make_input(source: random.Random) -> bytes:
    """Near-JSON, cut in two sizes."""
    text = b"".join(source.choices(FRAGMENTS, k=source.randrange(30)))
    return source.randbytes(5) + driver.change_bytes(source, text, [0, 0, 0, 3])


if __name__ == "__main__":
    driver.run("the JSON reader", one_input, make_input, max_len=400)
