"""What only this daemon is asked: many clients at once, thousands of iothreads, big messages.

QEMU's monitors have one client each, and a message of 1 MB takes it seconds.
"""

from __future__ import annotations

import resource
import select
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from time import perf_counter_ns

from benchlib.client import Connection, request
from benchlib.errors import BenchError
from benchlib.measures import (
    QUERY_IOTHREADS,
    QUERY_VERSION,
    Figures,
    Measure,
    Pace,
    Step,
    Subject,
    Unit,
    iothreads,
    percentile,
)
from benchlib.servers import running

CLIENTS = 1000
SCALE_IOTHREADS = 5000
PIECE_BYTES = 4096
_MEGABYTE = 1_000_000
# What a process has open beside that.
_OTHER_DESCRIPTORS = 100

# Nothing implements this, which is no error.
STRING = request("qom-list-types", implements="x" * _MEGABYTE)
# There is no such argument: the reply is short, so that it is the reading that is measured.
INTEGERS = request("query-version", numbers=list(range(100_000, 100_000 + _MEGABYTE // 8)))


def measure_clients(subject: Subject, pace: Pace) -> Figures:
    """All clients of one monitor ask at once, each again as soon as it has its reply."""
    if not subject.command.own:
        return {}
    options = ["--multi-client"]
    with ExitStack() as stack:
        stack.enter_context(room_for(CLIENTS))
        server = stack.enter_context(running(subject.command, subject.cache, options))
        connections = [server.connection]
        for _ in range(CLIENTS - 1):
            more = stack.enter_context(closing(server.another()))
            more.read_message()
            more.call(request("qmp_capabilities"))
            connections.append(more)
        rate, times = ask_all(connections, pace.latency_s * 2)
    return {"clients": rate, "clients-p99": percentile(sorted(times), 99)}


def ask_all(connections: list[Connection], seconds: float) -> tuple[float, list[int]]:
    """How many requests per second, and what each took in ns."""
    times: list[int] = []
    by_fd = {connection.fileno(): connection for connection in connections}
    sent = dict.fromkeys(by_fd, 0)
    with closing(select.epoll()) as poller:
        for fd in by_fd:
            poller.register(fd, select.EPOLLIN)
        start = perf_counter_ns()
        end = start + int(seconds * 1e9)
        for fd, connection in by_fd.items():
            sent[fd] = perf_counter_ns()
            connection.send(QUERY_VERSION)
        waiting = len(by_fd)
        while waiting:
            ready = poller.poll(60)
            if not ready:
                raise connections[0].blame(f"left {waiting} clients without an answer for 60 s")
            for fd, _ in ready:
                by_fd[fd].receive()
                now = perf_counter_ns()
                times.append(now - sent[fd])
                if now < end:
                    sent[fd] = now
                    by_fd[fd].send(QUERY_VERSION)
                else:
                    waiting -= 1
        took = perf_counter_ns() - start
    return len(times) / took * 1e9, times


def measure_many_iothreads(subject: Subject, pace: Pace) -> Figures:
    if not subject.command.own:
        return {}
    names = [f"scale{number}" for number in range(SCALE_IOTHREADS)]
    with (
        room_for(SCALE_IOTHREADS),
        running(subject.command, subject.cache) as server,
        iothreads(server, names),
    ):
        times = server.connection.round_trips(QUERY_IOTHREADS, pace.latency_s, 500, 5)
    return {"iothreads-5000": percentile(sorted(times), 50)}


def measure_big_messages(subject: Subject, pace: Pace) -> Figures:
    if not subject.command.own:
        return {}
    connection = subject.live.connection
    strings = connection.round_trips(STRING, pace.latency_s, most=50, least=3)
    pieces = [INTEGERS[at : at + PIECE_BYTES] for at in range(0, len(INTEGERS), PIECE_BYTES)]
    integers = [connection.in_pieces(pieces) for _ in range(20)]
    return {
        "big-string": percentile(sorted(strings), 50),
        "big-integers": percentile(sorted(integers), 50),
    }


@contextmanager
def room_for(descriptors: int) -> Iterator[None]:
    """As many descriptors, here and in what is started meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, descriptors + _OTHER_DESCRIPTORS)
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise BenchError(
            f"{wanted} descriptors are needed, and {hard} allowed: raise the limit (ulimit -Hn),"
            " or name the other steps with --only"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


SCALE_STEPS = (
    Step("many clients", measure_clients),
    Step("thousands of iothreads", measure_many_iothreads),
    Step("big messages", measure_big_messages),
)

SCALE_MEASURES = (
    Measure("clients", f"query-version of {CLIENTS:,} clients at once, per second", Unit.RATE),
    Measure("clients-p99", "… a reply, p99", Unit.TIME),
    Measure("iothreads-5000", f"query-iothreads of {SCALE_IOTHREADS:,}, round trip", Unit.TIME),
    Measure("big-string", "a string of 1 MB as an argument, round trip", Unit.TIME),
    Measure("big-integers", "1 MB of integers in pieces of 4 KiB, round trip", Unit.TIME),
)
