"""The end comes at once, whatever goes on."""

from __future__ import annotations

import os
import subprocess
import time
from functools import partial
from pathlib import Path

from torturelib.attacks import Attack, Outcome
from torturelib.server import Client, Server, running

GROUP = "the end"


def busy_iothreads(folder: Path) -> Outcome:
    """SIGTERM while 100 iothreads are busy, without a pause."""
    with running(folder) as server:
        with server.client("a") as client:
            for number in range(100):
                client.execute(
                    "object-add", qom_type="iothread", id=f"io{number}", poll_max_ns=10**9
                )
                client.execute(
                    "object-add",
                    qom_type="x-workload",
                    id=f"w{number}",
                    iothread=f"io{number}",
                    interval_ns=0,
                    depth=8,
                )
        time.sleep(0.5)
        return _ended(server)


def stuck_clients(folder: Path) -> Outcome:
    """SIGTERM while four clients do not read what they asked for."""
    with running(folder, "--multi-client") as server:
        clients = [server.client("a") for _ in range(4)]
        for client in clients:
            client.socket.sendall(b'{"execute":"query-qmp-schema"}' * 200)
        time.sleep(0.3)
        outcome = _ended(server)
        for client in clients:
            client.close()
        return outcome


def unread_traces(folder: Path) -> Outcome:
    """Everything is traced to a standard error that nobody reads: it serves on, and ends."""
    options = ("-trace", "*", "-object", "iothread,id=io0", "-object")
    load = "x-workload,id=w0,iothread=io0,interval-ns=20000"
    with running(folder, *options, load, stderr=subprocess.PIPE) as server:
        time.sleep(1)
        with server.client("a") as client:
            served = client.execute("query-status")["running"]
        outcome = _ended(server)
    return Outcome(outcome.held and served, outcome.figure, outcome.ms)


def flooded(folder: Path) -> Outcome:
    """SIGTERM in the middle of a flood."""
    from torturelib.probe import flooding

    with running(folder) as server, flooding(server, "valid arrays of 1 MB"):
        time.sleep(0.5)
        return _ended(server)


def quit_answers(folder: Path, command: str = "quit") -> Outcome:
    """The client that asks for the end gets its reply, and nobody anything after it."""
    with running(folder, "--multi-client") as server, server.client("a") as client:
        others = [server.client("a") for _ in range(20)]
        reply = client.execute(command)
        lines = [other.count_to_end() for other in others]
        for other in others:
            other.close()
        status = server.process.wait(10)
    held = reply == {} and lines == [1] * 20 and not status
    return Outcome(held, f"status {status}, SHUTDOWN to {lines.count(1)} of 20 others")


def vanished_clients(folder: Path) -> Outcome:
    """2,000 clients connect and vanish, some in mid-message: no descriptor and no thread stays."""
    with running(folder, "--multi-client") as server:
        _vanish(server, 100)  # what is made on first use is no leak
        before = _settled_descriptors(server)
        _vanish(server, 2000)
        after = _settled_descriptors(server)
        with server.client("a") as client:
            held = client.execute("query-status")["running"]
    return Outcome(held and before == after, f"{before} descriptors before, {after} after")


def _vanish(server: Server, count: int) -> None:
    for number in range(count):
        with Client(str(server.folder / "a")) as client:
            client.socket.sendall((b"", b'{"execute"', b"\xff[", b'{"execute":"x"}')[number % 4])


def _settled_descriptors(server: Server) -> int:
    """How many there are once they stay as many for a while."""
    folder = f"/proc/{server.process.pid}/fd"
    count, since = -1, time.monotonic()
    while time.monotonic() < since + 0.3:
        now = len(os.listdir(folder))
        if now != count:
            count, since = now, time.monotonic()
        time.sleep(0.01)
    return count


def _ended(server: Server) -> Outcome:
    seconds = server.end()
    status = server.process.returncode
    left = [name for name in ("a", "b") if (server.folder / name).exists()]
    return Outcome(
        not status and not left, f"{seconds * 1000:.0f} ms, status {status}", seconds * 1000
    )


ATTACKS = [
    Attack(GROUP, "SIGTERM, 100 busy iothreads", busy_iothreads, 500.0),
    Attack(GROUP, "SIGTERM, 4 clients that do not read", stuck_clients, 1200.0),
    Attack(GROUP, "SIGTERM, traces that nobody reads", unread_traces, 500.0),
    Attack(GROUP, "SIGTERM in a flood", flooded, 500.0),
    Attack(GROUP, "quit beside 20 clients", partial(quit_answers, command="quit")),
    Attack(GROUP, "2,000 clients that vanish", vanished_clients),
]
