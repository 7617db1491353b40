"""What is measured: `MEASURES` name the figures, `STEPS` take them from a server."""

from __future__ import annotations

import dataclasses
import enum
import pathlib
import runpy
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from benchlib.client import request, with_id
from benchlib.servers import ROOT, Command, Server, running

LONG_ID_BYTES = 200_000
MANY_IOTHREADS = 200
WINDOWS = (1, 8, 64)


class Unit(enum.Enum):
    """Of a figure as it is stored. Of rates alone, more is better."""

    TIME = "ns"
    MEMORY = "bytes"
    RATE = "per second"


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long each step takes: timed loops end after their seconds, however slow the server."""

    latency_s: float = 0.6
    pipelined_s: float = 0.6
    objects_s: float = 0.6
    starts: int = 3
    iothreads: int = 500


QUICK = Pace(latency_s=0.15, pipelined_s=0.15, objects_s=0.1, starts=1, iothreads=100)

QUERY_VERSION = request("query-version")
QUERY_IOTHREADS = request("query-iothreads")
QOM_SET = request("qom-set", path="/objects/bench", property="poll-max-ns", value=20000)
QOM_GET = request("qom-get", path="/objects/bench", property="poll-max-ns")
LONG_ID = with_id(QUERY_VERSION, "x" * LONG_ID_BYTES)
# As libvirt sends it.
SHORT_ID = "libvirt-123"

ROUND_TRIPS = {
    "query-version": QUERY_VERSION,
    "query-iothreads": QUERY_IOTHREADS,
    "qom-set": QOM_SET,
    "qom-get": QOM_GET,
}
PIPELINED = {
    "query-iothreads": QUERY_IOTHREADS,
    "query-iothreads with ids": with_id(QUERY_IOTHREADS, SHORT_ID),
    "qom-set": QOM_SET,
    "qom-set with ids": with_id(QOM_SET, SHORT_ID),
}


def add_iothread(name: str) -> bytes:
    return request("object-add", qom_type="iothread", id=name)


def delete_iothread(name: str) -> bytes:
    return request("object-del", id=name)


def percentile(sorted_values: list[int], percent: float) -> float:
    """Nearest rank: the smallest value that at least `percent` % of all do not exceed."""
    rank = -(-len(sorted_values) * percent // 100)
    return float(sorted_values[max(int(rank), 1) - 1])


@dataclasses.dataclass(frozen=True)
class Subject:
    """A server under measurement: `live` runs for the whole round, `cache` is its cache folder."""

    command: Command
    live: Server
    cache: pathlib.Path


Figures = Mapping[str, float]


def measure_start(subject: Subject, pace: Pace) -> Figures:
    times = []
    for _ in range(pace.starts):
        with running(subject.command, subject.cache) as server:
            times.append(server.greeting_ns)
    return {"greeting": statistics.median(times)}


def measure_big_schema(subject: Subject, pace: Pace) -> Figures:
    """With an empty cache, then with what the first start left there."""
    if not subject.command.own:
        return {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        schema = pathlib.Path(folder, "schema")
        extra = ["--schema", str(generate_schema(schema))]
        times = []
        for _ in range(1 + pace.starts):
            with running(subject.command, pathlib.Path(folder, "cache"), extra) as server:
                server.connection.call(QUERY_VERSION)
                times.append(server.greeting_ns)
    return {"schema-first": times[0], "schema-again": statistics.median(times[1:])}


def measure_memory(subject: Subject, pace: Pace) -> Figures:
    """After a few commands of each kind, so that what a server sets up at first use counts."""
    call = subject.live.connection.call
    with iothreads(subject.live, ["bench"]):
        for message in ROUND_TRIPS.values():
            call(message)
    resident, proportional = subject.live.memory()
    return {"rss": resident, "pss": proportional}


def measure_round_trips(subject: Subject, pace: Pace) -> Figures:
    figures: dict[str, float] = {}
    with iothreads(subject.live, ["bench"]):
        for name, message in ROUND_TRIPS.items():
            figures |= _latency(subject.live, name, message, pace.latency_s)
    return figures


def measure_many(subject: Subject, pace: Pace) -> Figures:
    names = [f"many{number}" for number in range(MANY_IOTHREADS)]
    with iothreads(subject.live, names):
        return _latency(subject.live, "query-iothreads-many", QUERY_IOTHREADS, pace.latency_s)


def measure_pipelined(subject: Subject, pace: Pace) -> Figures:
    figures: dict[str, float] = {}
    with iothreads(subject.live, ["bench"]):
        for name, message in PIPELINED.items():
            for window in WINDOWS:
                rate = subject.live.connection.pipelined(message, window, pace.pipelined_s)
                figures[f"{name}-window-{window}"] = rate
    return figures


def measure_objects(subject: Subject, pace: Pace) -> Figures:
    """One request at a time, in batches, so that every server has 0 to 50 iothreads."""
    call, clock = subject.live.connection.call, time.perf_counter
    names = [f"object{number}" for number in range(50)]
    adding = [add_iothread(name) for name in names]
    deleting = [delete_iothread(name) for name in names]
    add_s = delete_s = 0.0
    rounds = 0
    while add_s + delete_s < pace.objects_s:
        start = clock()
        for message in adding:
            call(message)
        between = clock()
        for message in deleting:
            call(message)
        add_s += between - start
        delete_s += clock() - between
        rounds += 1
    total = rounds * len(names)
    return {"object-add": total / add_s, "object-del": total / delete_s}


def measure_iothread_memory(subject: Subject, pace: Pace) -> Figures:
    """Growth over many iothreads in a server of its own, which has had one already."""
    names = [f"memory{number}" for number in range(pace.iothreads)]
    with running(subject.command, subject.cache) as server:
        with iothreads(server, ["bench"]):
            server.connection.call(QUERY_IOTHREADS)
        before, _ = server.memory()
        with iothreads(server, names):
            server.connection.call(QUERY_IOTHREADS)
            after, _ = server.memory()
    return {"iothread-memory": (after - before) / len(names)}


def measure_long_id(subject: Subject, pace: Pace) -> Figures:
    times = subject.live.connection.round_trips(LONG_ID, pace.latency_s, most=20, least=1)
    return {"long-id": percentile(sorted(times), 50)}


def _latency(server: Server, name: str, message: bytes, seconds: float) -> dict[str, float]:
    connection = server.connection
    connection.round_trips(message, seconds / 10, most=100, least=10)
    times = sorted(connection.round_trips(message, seconds, most=20_000, least=100))
    return {f"{name}-p50": percentile(times, 50), f"{name}-p99": percentile(times, 99)}


@contextmanager
def iothreads(server: Server, names: list[str]) -> Iterator[None]:
    """Iothreads with these ids, gone afterwards; the server must have no others."""
    call = server.connection.call
    if b"thread-id" in call(QUERY_IOTHREADS):
        raise server.connection.blame("has iothreads already: give it no -object iothread")
    for name in names:
        call(add_iothread(name))
    yield
    for name in names:
        call(delete_iothread(name))


@dataclasses.dataclass(frozen=True)
class Measure:
    """A row of the table."""

    key: str
    title: str
    unit: Unit


@dataclasses.dataclass(frozen=True)
class Step:
    """What is taken in one go from one server before the next has its turn."""

    title: str
    take: Callable[[Subject, Pace], Figures]


STEPS = (
    Step("start", measure_start),
    Step("big schema", measure_big_schema),
    Step("memory", measure_memory),
    Step("round trips", measure_round_trips),
    Step("many iothreads", measure_many),
    Step("pipelined", measure_pipelined),
    Step("objects", measure_objects),
    Step("long id", measure_long_id),
    Step("iothread memory", measure_iothread_memory),
)


def _measures() -> Iterator[Measure]:
    yield Measure("greeting", "time to greeting", Unit.TIME)
    yield Measure("schema-first", "… with a schema of QEMU's size, first time", Unit.TIME)
    yield Measure("schema-again", "… and when it was seen before", Unit.TIME)
    yield Measure("rss", "resident memory (RSS)", Unit.MEMORY)
    yield Measure("pss", "… its proportional share (PSS)", Unit.MEMORY)
    yield Measure("iothread-memory", "memory per iothread (RSS)", Unit.MEMORY)
    for name in ROUND_TRIPS:
        yield Measure(f"{name}-p50", f"{name} round trip, p50", Unit.TIME)
        yield Measure(f"{name}-p99", f"{name} round trip, p99", Unit.TIME)
    many = f"query-iothreads of {MANY_IOTHREADS}, round trip"
    yield Measure("query-iothreads-many-p50", f"{many}, p50", Unit.TIME)
    yield Measure("query-iothreads-many-p99", f"{many}, p99", Unit.TIME)
    for name in PIPELINED:
        for window in WINDOWS:
            title = f"{name} per second, window {window}"
            yield Measure(f"{name}-window-{window}", title, Unit.RATE)
    yield Measure("object-add", "object-add per second", Unit.RATE)
    yield Measure("object-del", "object-del per second", Unit.RATE)
    yield Measure("long-id", "an id of 200 kB, round trip", Unit.TIME)


MEASURES = tuple(_measures())


def generate_schema(folder: pathlib.Path) -> pathlib.Path:
    """Write a schema of the size of QEMU's: the daemon's own and what the tests' generator adds."""
    generator = runpy.run_path(str(ROOT / "tests" / "qapi" / "bigschema.py"))
    files = [ROOT / "schema" / "qapi-schema.json", generator["generate"](folder)]
    top = folder / "top.json"
    top.write_text("".join(f"{{ 'include': '{file}' }}\n" for file in files))
    return top
