"""The steps of a request, each timed alone, and the whole way, in nanoseconds a request.

What the steps leave of the whole is the row `between`: the check of the envelope, the dict that
becomes the reply, and the calls from one step to the next.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any, cast

from qmp_iothreadd.json.reader import JSONReader
from qmp_iothreadd.qmp.session_protocol import IDLE
from qmp_iothreadd.server.connection import Connection
from qmp_iothreadd.server.turns import Turns
from qmp_iothreadd.testing.memory import MemoryClient, make_machine

WINDOW = 64
"""Requests that arrive together."""

STEPS = ("read", "lookup", "validation", "call", "write", "between", "session", "connection")

_PATH = {"path": "/objects/io0", "property": "poll-max-ns"}
REQUESTS: dict[str, dict[str, Any]] = {
    "query-version": {},
    "query-iothreads": {},
    "qom-set": {**_PATH, "value": 20000},
    "qom-get": _PATH,
}


class _Nowhere:
    """A transport and a loop that cost nothing."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], object]] = []

    def call_soon(self, callback: Callable[[], object]) -> None:
        """A turn was over: for `run`."""
        self.soon.append(callback)

    def run(self) -> None:
        """What a loop would do now."""
        while self.soon:
            self.soon.pop()()

    def write(self, data: bytes) -> None:
        """Drop it."""

    def is_closing(self) -> bool:
        """Never."""
        return False

    def set_write_buffer_limits(self, high: int) -> None:
        """There are none."""

    def pause_reading(self) -> None:
        """Nothing is read."""

    resume_reading = pause_reading

    def get_extra_info(self, name: str) -> None:
        """There is no socket."""


def best_ns(work: Callable[[], object], repeats: int, at_once: int) -> float:
    """The least that one call of `work` took; each repeat times so many `at_once`."""
    clock, times = time.perf_counter_ns, []
    for _ in range(repeats):
        start = clock()
        for _ in range(at_once):
            work()
        times.append(clock() - start)
    return min(times) / at_once


def measure(name: str, repeats: int, *, with_id: bool) -> dict[str, float]:
    """Nanoseconds of each of `STEPS` for one request of this name."""
    arguments = REQUESTS[name]
    request = {"execute": name} | ({"arguments": arguments} if arguments else {})
    identified = {"id": "libvirt-123"} if with_id else {}
    data = (json.dumps(request | identified) + "\n").encode() * WINDOW
    machine = make_machine(check_replies=False)
    with contextlib.closing(machine), MemoryClient(machine) as client:
        client.negotiate()
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        times = _steps(client, name, arguments, data, identified, repeats)
        times["session"] = best_ns(lambda: _session(client, data), repeats, 10) / WINDOW
        nowhere = _Nowhere()
        connection = Connection(Turns(cast(Any, nowhere)), client.session)
        connection.connection_made(cast(Any, nowhere))

        def receive() -> None:
            connection.data_received(data)
            nowhere.run()

        times["connection"] = best_ns(receive, repeats, 10) / WINDOW
    times["between"] = times["session"] - sum(times[step] for step in STEPS[:5])
    return times


def _steps(
    client: MemoryClient,
    name: str,
    arguments: dict[str, Any],
    data: bytes,
    identified: dict[str, Any],
    repeats: int,
) -> dict[str, float]:
    session, dispatcher, reader = client.session, client.dispatcher, JSONReader()
    command = dispatcher.find(name)
    valid = command.validate(arguments)
    value = command.function(session, **valid)
    reply = {"return": {} if value is None else value, **identified}

    def read() -> None:
        reader.feed(data)
        for _ in range(WINDOW):
            reader.next()

    return {
        "read": best_ns(read, repeats, 10) / WINDOW,
        "lookup": best_ns(lambda: dispatcher.ready.get(name), repeats, 500),
        "validation": best_ns(lambda: command.validate(arguments), repeats, 500),
        "call": best_ns(lambda: command.function(session, **valid), repeats, 500),
        "write": best_ns(lambda: session.monitor.encode(reply), repeats, 500),
    }


def _session(client: MemoryClient, data: bytes) -> None:
    session = client.session
    session.receive_data(data)
    while session.step() is not IDLE:
        pass
    session.data_to_send()
