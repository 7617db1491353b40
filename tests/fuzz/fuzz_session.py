"""Byte-level fuzzing of a session: any bytes, in any split, through reader, dispatch and commands.

    python tests/fuzz/fuzz_session.py [--seconds N] [libFuzzer's options, a folder for the corpus]

With atheris installed this is a libFuzzer target, guided by coverage; without it, random sequences
of near-requests are tried for the same time. Whatever comes in, each message is answered once, in
order and with its id; no answer is a fault of the daemon's own; a session leaves nothing behind.
Exits with a status other than 0, and the input that did it, at the first difference.
"""

from __future__ import annotations

import json
import random
import resource
import sys
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.errors import QmpError
    from qmp_iothreadd.iothread import _engine
    from qmp_iothreadd.json import writer
    from qmp_iothreadd.json.reader import PENDING, JSONReader
    from qmp_iothreadd.testing.memory import MemoryClient

MEMORY_LIMIT_KIB = 512 * 1024  # of the whole process, interpreter and instrumentation included

NEGOTIATION = b'{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}\n'

_NAMES = ("io0", "/objects/io0", "objects/io0", "compat_monitor0", "/", "", "a b", "0")
_PROPERTIES = ("poll-weight", "poll-max-ns", "thread-pool-max", "type", "pretty", "nope")
_VALUES = ("0", "63", "64", "-1", "9223372036854775808", "1.0", "true", "null", '"x"', "[]", "{}")
_HELP = (
    "help",
    "info iothreads",
    "object_add iothread,id=io0",
    "qom-set io0 poll-weight 1",
    "info",
)


def _request(source: random.Random, commands: tuple[str, ...]) -> bytes:
    """A request that may well be one, or else nearly."""
    pick = source.choice
    name, key, value = pick(_NAMES), pick(_PROPERTIES), pick(_VALUES)
    arguments = pick(
        [
            f'"qom-type":"iothread","id":"{name}","{key}":{value}',
            f'"id":"{name}"',
            f'"path":"{name}","property":"{key}","value":{value}',
            f'"path":"{name}","property":"{key}"',
            f'"path":"{name}"',
            f'"paths":["{name}","{pick(_NAMES)}"]',
            f'"typename":"{pick(["iothread", "object", "nope"])}"',
            f'"instances":[{{"type":"chardev","id":"{name}"}}]',
            f'"command-line":"{pick(_HELP)}"',
            "",
        ]
    )
    member = pick(["execute"] * 8 + ["exec-oob", "nope"])
    id_ = pick(["", ',"id":1', f',"id":{value}', ',"id":{"b":1,"a":[null]}', ',"id":'])
    text = f'{{"{member}":"{pick(commands)}","arguments":{{{arguments}}}{id_}}}{pick(["", " "])}'
    return text.encode()


@cache
def command_names() -> tuple[str, ...]:
    """The commands to try, all but the one that ends the daemon."""
    with MemoryClient() as client:
        known = client.dispatcher.names()
    return (*(name for name in known if name != "quit"), "nope")


def expected_ids(data: bytes) -> list[bytes | None]:
    """The id, as it is written, of each message in ``data``; None where there is none."""
    reader = JSONReader()
    reader.feed(data)
    found: list[bytes | None] = []
    while True:
        try:
            value = reader.next()
        except QmpError:
            found.append(None)
            continue
        if value is PENDING:
            return found
        if isinstance(value, dict) and "id" in value:
            found.append(writer.message(value["id"]).strip())
        else:
            found.append(None)


def check(data: bytes, sizes: list[int]) -> None:
    """Play ``data``, cut into pieces of these ``sizes``, again and again, to a new session."""
    faults: list[Any] = []
    sys.excepthook = lambda *details: faults.append(details)
    answer = b""
    with MemoryClient() as client:
        greeting = client.feed(b"")
        start = turn = 0
        while start < len(data):
            size = sizes[turn % len(sizes)]
            answer += client.feed(data[start : start + size])
            start += size
            turn += 1
        ended = client.machine.shutting_down
    sys.excepthook = sys.__excepthook__
    assert greeting.startswith(b'{"QMP": ')
    if faults:
        raise faults[0][1].with_traceback(faults[0][2])
    expected = expected_ids(data)
    replies = [line for line in answer.split(b"\r\n") if line and b'"event": "' not in line[:120]]
    assert answer.endswith(b"\r\n") or not answer
    assert len(replies) <= len(expected) if ended else len(replies) == len(expected), replies
    for reply, id_ in zip(replies, expected, strict=False):
        check_reply(reply, id_)
    assert not any(_engine.live_counters().values()), _engine.live_counters()


def check_reply(line: bytes, id_: bytes | None) -> None:
    """A reply is of one kind or the other, and has the request's id."""
    assert line.isascii()
    if id_ is None:
        assert not line.endswith(b', "id": null}')
    else:
        assert b'"id": ' + id_ in line, (line, id_)
    if b"inf" in line or b"nan" in line:
        return  # what QEMU writes of 1e400, which is no JSON
    reply = json.loads(line)
    assert set(reply) - {"id"} in ({"return"}, {"error"}), reply


def check_memory() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert used < MEMORY_LIMIT_KIB, f"{used} KiB"


def one_input(data: bytes) -> None:
    """The first byte says whether to negotiate, two more how it is cut; then comes the input."""
    negotiation = b"" if data[:1] == b"\0" else NEGOTIATION
    check(negotiation + data[3:], [byte + 1 for byte in data[1:3]] or [1])
    check_memory()


def make_input(source: random.Random) -> bytes:
    """Near-requests, cut in two sizes; one time in ten without negotiation."""
    requests = b"".join(_request(source, command_names()) for _ in range(source.randrange(12)))
    head = bytes([source.randrange(10)]) + source.randbytes(2)
    return head + driver.change_bytes(source, requests, [0, 0, 1, 5])


if __name__ == "__main__":
    driver.run("a session", one_input, make_input, max_len=1000)
