"""Byte-level fuzzing of a session: any bytes, in any split, through reader, dispatch and commands.

    python tests/fuzz/fuzz_session.py [--seconds N] [libFuzzer's options, a folder for the corpus]

With atheris installed this is a libFuzzer target, guided by coverage; without it, random sequences
of near-requests are tried for the same time. Whatever comes in, each message is answered once, in
order and with its id; no answer is a fault of the daemon's own; a session leaves nothing behind.
Exits with a status other than 0, and the input that did it, at the first difference.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2])]

atheris: Any = None
if __name__ == "__main__" and "--random" not in sys.argv and find_spec("atheris"):
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["qmp_iothreadd"]):
        import qmp_iothreadd.testing.memory  # noqa: F401

from qmp_iothreadd.errors import QmpError  # noqa: E402
from qmp_iothreadd.iothread import _engine  # noqa: E402
from qmp_iothreadd.json import writer  # noqa: E402
from qmp_iothreadd.json.reader import PENDING, JSONReader  # noqa: E402
from qmp_iothreadd.testing.memory import MemoryClient  # noqa: E402

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
    """The first two bytes say how the rest is cut; what follows comes after negotiation."""
    check(NEGOTIATION + data[2:], [byte % 64 + 1 for byte in data[:2]] or [1])
    check_memory()


def fuzz_randomly(seconds: float) -> None:
    commands = command_names()
    end = time.monotonic() + seconds
    rounds = 0
    while time.monotonic() < end:
        seed = random.getrandbits(64)
        source = random.Random(seed)
        data = bytearray(NEGOTIATION if source.randrange(10) else b"")
        data += b"".join(_request(source, commands) for _ in range(source.randrange(12)))
        for _ in range(source.choice([0, 0, 1, 5])):
            if data:
                data[source.randrange(len(data))] = source.randrange(256)
        try:
            check(bytes(data), source.choices(range(1, 300), k=2))
            check_memory()
        except BaseException:
            print(f"seed {seed}: {bytes(data)!r}", file=sys.stderr)
            raise
        rounds += 1
    print(f"{rounds} sessions, no fault")


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz a session.", allow_abbrev=False)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--random", action="store_true", help="without atheris, though it is there")
    args, options = parser.parse_known_args()
    if atheris is None:
        fuzz_randomly(args.seconds)
        return
    options = [f"-max_total_time={args.seconds}", "-max_len=1000", *options]
    atheris.Setup([sys.argv[0], *options], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
