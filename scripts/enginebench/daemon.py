"""What needs a server: rates of object-add and object-del, and round trips under polling load."""

from __future__ import annotations

import gc
import pathlib
import tempfile
import time
from collections.abc import Sequence

from benchlib.client import Connection, request
from benchlib.measures import add_iothread, delete_iothread, percentile
from benchlib.servers import Command, running

from enginebench.native import Figures
from enginebench.steps import Pace, Row

POLLING_THREADS = 8
# Long enough that what issues the requests takes no CPU worth speaking of.
REQUEST_INTERVAL_NS = 20_000_000
LOWEST_PRIORITY = 19
QUERY = request("query-iothreads")

ROWS = (
    Row("qmp-create", "object-add, one of 1,000 (beside: QEMU)", "ns", "qemu-create", 5, True),
    Row("qmp-delete", "object-del, one of 1,000 (beside: QEMU)", "ns", "qemu-delete", 4, True),
    Row("query-busy", "query-iothreads p99, 8 polling (beside: idle)", "ns", "query-idle"),
    Row("query-nice", "… with x-nice 19 (beside: idle)", "ns", "query-idle", 5),
)


def take(own: Command, against: Command | None, pace: Pace) -> Figures:
    """One sample of each, the servers taking turns."""
    with tempfile.TemporaryDirectory(prefix="bench-engine-") as cache:
        figures = _rates(own, pathlib.Path(cache), pace, "qmp")
        if against is not None:
            figures |= _rates(against, pathlib.Path(cache), pace, "qemu")
        return figures | _round_trips(own, pathlib.Path(cache), pace)


def _rates(command: Command, cache: pathlib.Path, pace: Pace, prefix: str) -> Figures:
    """ns for each of many: with QEMU on one side, the descriptors of 1,000 have to be allowed."""
    names = [f"bench{i}" for i in range(pace.count)]
    adding, deleting = map(add_iothread, names), map(delete_iothread, names)
    with running(_with_descriptors(command), cache) as server:
        create_ns = _time_calls(server.connection, list(adding))
        delete_ns = _time_calls(server.connection, list(deleting))
    return {
        f"{prefix}-create": create_ns / pace.count,
        f"{prefix}-delete": delete_ns / pace.count,
    }


def _with_descriptors(command: Command) -> Command:
    """The same with room for 1,000 iothreads' descriptors, where the system has a tool for it."""
    prlimit = pathlib.Path("/usr/bin/prlimit")
    argv = (str(prlimit), "--nofile=8192", *command.argv) if prlimit.exists() else command.argv
    return Command(command.name, argv, command.own)


def _time_calls(connection: Connection, messages: Sequence[bytes]) -> int:
    gc.disable()
    start = time.perf_counter_ns()
    for message in messages:
        connection.call(message)
    elapsed = time.perf_counter_ns() - start
    gc.enable()
    return elapsed


def _round_trips(command: Command, cache: pathlib.Path, pace: Pace) -> Figures:
    """p99 of query-iothreads: alone, beside threads that poll hard, and with those at nice 19."""
    with running(command, cache) as server:
        connection = server.connection
        figures = {"query-idle": _p99(connection, pace)}
        _start_polling(connection, {})
        figures["query-busy"] = _p99(connection, pace)
        _stop_polling(connection)
        _start_polling(connection, {"x-nice": LOWEST_PRIORITY})
        figures["query-nice"] = _p99(connection, pace)
        _stop_polling(connection)
    return figures


def _p99(connection: Connection, pace: Pace) -> float:
    times = connection.round_trips(QUERY, pace.round_trip_s, most=20_000, least=200)
    return percentile(sorted(times), 99)


def _start_polling(connection: Connection, extra: dict[str, object]) -> None:
    """Iothreads whose requests come so regularly that they never stop looking for the next."""
    for i in range(POLLING_THREADS):
        iothread = {"qom-type": "iothread", "id": f"hard{i}", "poll-max-ns": 10**9, **extra}
        workload = {"qom-type": "x-workload", "id": f"load{i}", "iothread": f"hard{i}"}
        _call(connection, "object-add", iothread)
        _call(connection, "object-add", {**workload, "interval-ns": REQUEST_INTERVAL_NS})
    time.sleep(0.5)


def _stop_polling(connection: Connection) -> None:
    for i in range(POLLING_THREADS):
        _call(connection, "object-del", {"id": f"load{i}"})
        _call(connection, "object-del", {"id": f"hard{i}"})


def _call(connection: Connection, command: str, arguments: dict[str, object]) -> None:
    connection.call(request(command, **{k.replace("-", "_"): v for k, v in arguments.items()}))
