"""One client must not stall or starve another: what a second one waits at most."""

from __future__ import annotations

import dataclasses
import socket
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from torturelib.attacks import Attack, Outcome
from torturelib.probe import FLOODS, Sleeper, beside, flooding
from torturelib.server import Client, Server, running

GROUP = "fairness"
SECONDS = 4.0
QEMU_OPTIONS = ("-M", "none", "-nographic")

# Wanted of the second client's longest wait; QEMU's own with a pipelined schema is 27.
LIMIT_MS = 10.0
SCHEMA_LIMIT_MS = 27.0
STALL_LIMIT_MS = 20.0


def flood(kind: str, folder: Path, command: list[str] | None = None) -> Outcome:
    """A client sends without end; another asks."""
    options = QEMU_OPTIONS if command else ()
    with running(folder, *options, command=command or ()) as server, flooding(server, kind):
        outcome, _ = beside(server, SECONDS)
        return outcome


def alone(folder: Path, command: list[str] | None = None) -> Outcome:
    """What the client waits for when nobody else is there."""
    options = QEMU_OPTIONS if command else ()
    with running(folder, *options, command=command or ()) as server:
        return beside(server, SECONDS)[0]


def large_file(folder: Path) -> Outcome:
    """A workload's file of 8 MiB, refused for its many lines, and the largest that is taken."""
    files = {"refused": b"0\n" * (4 << 20), "taken": b"1000000\n" * (1 << 20)}
    for name, content in files.items():
        (folder / name).write_bytes(content)

    def attack(server: Server) -> list[str]:
        wrong = []
        with server.client("a") as client:
            client.execute("object-add", qom_type="iothread", id="io0")
            for number, name in enumerate(["refused", "taken"] * 3):
                reply = client.execute(
                    "object-add",
                    qom_type="x-workload",
                    id=f"w{number}",
                    iothread="io0",
                    arrival="trace",
                    file=str(folder / name),
                    depth=1,
                )
                if (reply == {}) != (name == "taken"):
                    wrong.append(f"{name}: {reply}")
        return wrong

    with running(folder) as server:
        outcome, wrong = beside(server, 1.0, partial(attack, server))
    return dataclasses.replace(outcome, held=outcome.held and not wrong)


def scrapes(folder: Path) -> Outcome:
    """Three scrapes at once of 2,000 iothreads."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def scrape() -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            return int(answer.read().count(b"qmp_iothreadd_iothread_iterations_total{"))

    def attack() -> list[int]:
        with ThreadPoolExecutor(3) as pool:
            return [each.result() for each in [pool.submit(scrape) for _ in range(3)]]

    with running(folder, "--metrics", str(port)) as server:
        with server.client("a") as client:
            for number in range(2000):
                client.execute("object-add", qom_type="iothread", id=f"io{number}")
        outcome, counts = beside(server, 1.0, attack)
    return dataclasses.replace(outcome, held=outcome.held and counts == [2000] * 3)


def gone_clients(folder: Path) -> Outcome:
    """100 clients ask for the schema 256 times each, and leave: how long the next one waits."""
    request = b'{"execute":"query-qmp-schema"}\n' * 256
    with running(folder, "--multi-client") as server:
        clients = [server.client("a") for _ in range(100)]
        for client in clients:
            client.socket.sendall(request)
        with Sleeper() as sleeper:
            for client in clients:
                client.close()
            start = time.monotonic()
            with server.client("a") as client:
                held = client.execute("query-status")["running"]
            waited = (time.monotonic() - start) * 1000
    figure = f"the next client was served after {waited:.0f} ms"
    return Outcome(held, figure, waited, sleeper.worst_ms)


def half_closed(folder: Path) -> Outcome:
    """A client that only closed its writing side is answered in full."""
    with running(folder) as server:
        client = Client(str(folder / "a"))
        with client:
            client.socket.sendall(
                b'{"execute":"qmp_capabilities"}' + b'{"execute":"query-qmp-schema"}' * 64
            )
            client.socket.shutdown(socket.SHUT_WR)
            lines = client.count_to_end()
        alive = server.process.poll() is None
    return Outcome(alive and lines == 66, f"{lines - 1} of 65 replies")


def _limit(kind: str) -> float:
    return SCHEMA_LIMIT_MS if "schema" in kind else LIMIT_MS


ATTACKS = [
    Attack(GROUP, "nobody else", alone, LIMIT_MS, alone),
    *(
        Attack(GROUP, kind, partial(flood, kind), _limit(kind), partial(flood, kind))
        for kind in FLOODS
    ),
    Attack(GROUP, "a workload's file of 8 MiB", large_file, STALL_LIMIT_MS),
    Attack(GROUP, "3 scrapes of 2,000 iothreads", scrapes, STALL_LIMIT_MS),
    Attack(GROUP, "100 clients × 256 query-qmp-schema, and gone", gone_clients, 100.0),
    Attack(GROUP, "64 × query-qmp-schema, then half closed", half_closed),
]
