#!/usr/bin/env python3
"""Millions of mixed requests by clients that come and go, with faults: each is accounted for.

    tests/fuzz/soak_clients.py --requests 10000000
    tests/fuzz/soak_clients.py --seconds 600

A server that misbehaves on purpose is asked by many clients at once. Some leave in good order, some
close one side and read on, some just hang up. Each request has an id of its own. At the end, what
was lost, doubled or cut off has to be exactly what the faults were asked to do, and threads,
descriptors and memory have to be where they were. The exit status is 1 if they are not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from qmp_iothreadd.testing import Client, Server
from tests.fuzz.soak import Usage

if TYPE_CHECKING:
    from qmp_iothreadd.scripting.history import Entry

CLIENTS = 50
WINDOW = 32
# How many requests one connection makes, at most.
LIFE = 4000
# One reply in so many meets with a fault; of these, one in so many cuts every client off.
FAULT_EVERY = 2000
CUT_EVERY = 200
# Memory counts from here, or from a tenth of all: what is loaded and cached by then stays.
SETTLED = 500_000
GROWTH_MAX = 0.01
# The ids of the requests before those that count.
_WARM_UP = 1 << 40


# -- The server, in a process of its own ----------------------------------------------------------


# In this order: what a message becomes is up to the last of those that meet it.
FAULTS: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 0.002},
    "duplicate": {},
    "lose": {},
    "garbage": {},
    "drop": {},
}


class SoakServer(Server):
    """Faults at random on its first monitor; which met which request is noted by its id."""

    def __init__(self, seed: int) -> None:
        super().__init__(monitors=2, multi_client=True, check_replies=False)
        cuts = 1 / (FAULT_EVERY * CUT_EVERY)
        others = 1 / FAULT_EVERY / (len(FAULTS) - 1)
        for number, (kind, words) in enumerate(FAULTS.items()):
            chance = {
                "probability": cuts if kind == "drop" else others,
                "seed": seed + number,
                "monitor": "compat_monitor0",
            }
            self.faults.add(kind, **words, **chance)
        # As arrays: what is noted must not look like a leak.
        self.noted = {kind: array("q") for kind in FAULTS}
        self.history.watchers.append(self._note)

    def _note(self, entry: Entry) -> None:
        if entry.fault is None:
            return
        kind = entry.fault.rpartition("(")[2].removesuffix(")")
        self.noted[kind].append(entry.message["id"])
        if kind == "drop":  # everybody: what they have not got yet is lost
            asyncio.get_running_loop().call_soon(self.disconnect)


async def serve(seed: int) -> None:
    """Serve until standard input ends; say where, and in the end what was done to whom."""
    async with SoakServer(seed) as server:
        print(*server.paths, flush=True)
        await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({kind: list(ids) for kind, ids in server.noted.items()}), flush=True)


# -- The clients ----------------------------------------------------------------------------------


@dataclass
class Account:
    """What became of the requests, whose ids go from ``first`` on.

    ``lost`` were passed over by later replies. ``cut`` and ``left`` were outstanding when the
    server or the client hung up; ``unsure`` may have been doubled just then.
    """

    first: int = 0
    answered: int = 0
    sent: int = 0
    lost: set[int] = field(default_factory=set)
    doubled: set[int] = field(default_factory=set)
    garbage: int = 0
    cut: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    unsure: set[int | None] = field(default_factory=set)
    connections: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class SoakClient:
    """One connection after another, until ``enough`` says so."""

    def __init__(
        self, slot: int, path: str, account: Account, seed: int, enough: Callable[[], bool]
    ) -> None:
        self._slot = slot
        self._path = path
        self._account = account
        self._random = random.Random(seed)
        self._enough = enough
        self._waiting: dict[int, None] = {}  # in the order in which they were sent
        self._last: int | None = None

    async def run(self) -> None:
        """Come and go."""
        account = self._account
        while not self._enough():
            try:
                way = await self._connection()
            except (ConnectionError, asyncio.IncompleteReadError):
                way = "cut off"
                account.cut.update(self._waiting)
            if way in ("cut off", "hung up"):
                account.unsure.add(self._last)
            account.connections[way] += 1
            self._waiting.clear()

    async def _connection(self) -> str:
        """Returns how it ended."""
        reader, writer = await _connect(self._path)
        way = self._random.choice(["in order", "half closed", "hung up"])
        try:
            await reader.readuntil(b"\n")
            writer.write(b'{"execute": "qmp_capabilities"}\n')
            await reader.readuntil(b"\n")
            for _ in range(self._random.randrange(LIFE) // WINDOW + 1):
                if self._enough():
                    way = "in order"
                    break
                self._send(writer, WINDOW - len(self._waiting))
                await self._receive(reader, WINDOW // 2)
            if way == "hung up":
                self._account.left.update(self._waiting)
                return way
            self._send(writer, WINDOW - len(self._waiting))
            writer.write(_MARKER)
            if way == "half closed":
                writer.write_eof()
            await self._receive(reader, -1)
            return way
        finally:
            writer.close()

    def _send(self, writer: asyncio.StreamWriter, count: int) -> None:
        lines = []
        for _ in range(count):
            number = self._account.first + self._account.sent
            self._account.sent += 1
            self._waiting[number] = None
            lines.append(b'%s, "id": %d}\n' % (self._request(), number))
        writer.write(b"".join(lines))

    def _request(self) -> bytes:
        name = f"c{self._slot}-{self._random.randrange(2)}"
        return self._random.choice(_REQUESTS).replace("ID", name).encode()

    async def _receive(self, reader: asyncio.StreamReader, waiting: int) -> None:
        """Until no more than so many are outstanding; -1: until the marker is answered."""
        while len(self._waiting) > waiting:
            if not self._take(await reader.readuntil(b"\n")):
                return

    def _take(self, line: bytes) -> bool:
        """Account for a reply; whether it is not the marker's, which nothing comes after."""
        account = self._account
        if line.startswith(b"{]"):
            account.garbage += 1
            return True
        message = json.loads(line)
        number = message.get("id")
        if number is None:
            account.lost.update(self._waiting)
            return "event" in message
        if number == self._last:
            account.doubled.add(number)
            return True
        self._last = number
        for first in tuple(self._waiting):
            del self._waiting[first]
            if first == number:
                account.answered += 1
                return True
            account.lost.add(first)
        account.wrong.append(line.decode())
        return True


async def _connect(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection, as soon as the server has room for one that waits to be accepted."""
    while True:
        try:
            return await asyncio.open_unix_connection(path)
        except BlockingIOError:
            await asyncio.sleep(0.001)


# Negotiation meets with no fault, and is over, which has to be said: what was not answered before
# that was lost.
_MARKER = b'{"execute": "qmp_capabilities"}\n'


def _requests() -> Iterator[str]:
    def request(command: str, **arguments: Any) -> str:
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        message = {"execute": command} | ({"arguments": named} if named else {})
        return json.dumps(message).removesuffix("}")

    yield from [request("query-status"), request("query-version"), request("query-name")] * 8
    yield from [request("query-iothreads"), request("qom-list", path="/objects")] * 4
    yield from [request("qom-get", path="/machine", property="type"), request("nope")] * 4
    yield from [request("qom-set", path="/objects/ID", property="poll-weight", value=4)] * 4
    yield from [request("qom-get", path="/objects/ID", property="poll-max-ns")] * 4
    yield request("object-add", qom_type="iothread", id="ID")
    yield request("object-del", id="ID")
    yield request("x-query-iothread-stats")
    yield request("human-monitor-command", command_line="info iothreads")


_REQUESTS = list(_requests())


# -- The whole ------------------------------------------------------------------------------------


@dataclass
class Plan:
    """How long: until ``requests`` were made or ``seconds`` are over."""

    requests: int
    seconds: float
    seed: int = 1
    clients: int = CLIENTS
    first: int = 0


async def attack(path: str, pid: int, plan: Plan, report: Callable[[str], None]) -> Soaked:
    """Let the clients come and go."""
    account = Account(plan.first)
    end = time.monotonic() + plan.seconds
    settled: Usage | None = None

    def enough() -> bool:
        nonlocal settled
        if settled is None and account.sent >= min(SETTLED, plan.requests // 10):
            settled = Usage.of(pid)
        if account.sent % 997 < WINDOW:
            report(f"{account.sent} requests, {end - time.monotonic():.0f} s left")
        return account.sent >= plan.requests or time.monotonic() > end

    async with asyncio.TaskGroup() as group:
        for slot in range(plan.clients):
            client = SoakClient(slot, path, account, plan.seed * 1000 + slot, enough)
            group.create_task(client.run())
    return Soaked(account, settled)


@dataclass
class Soaked:
    """The account of a run, and what the server held once it had settled."""

    account: Account
    settled: Usage | None
    noted: dict[str, list[int]] = field(default_factory=dict)
    before: Usage | None = None
    after: Usage | None = None

    def findings(self) -> list[str]:
        """What does not add up, in words."""
        account, noted = self.account, {name: set(ids) for name, ids in self.noted.items()}
        unseen = account.left | account.cut
        expected = {
            "lost": (account.lost - noted["drop"], noted["lose"] | noted["garbage"]),
            "doubled": (account.doubled - account.unsure, noted["duplicate"] - account.unsure),
            "cut": (noted["drop"] & (unseen | account.lost), noted["drop"]),
        }
        found = [f"a reply that nobody waited for: {line}" for line in account.wrong[:5]]
        for name, (was, wanted) in expected.items():
            if difference := (was ^ wanted) - (unseen if name != "cut" else set()):
                found.append(f"{name}: {len(was)}, not {len(wanted)}: {sorted(difference)[:5]}")
        if account.connections["cut off"] and not noted["drop"]:
            found.append(f"{account.connections['cut off']} connections were cut for no reason")
        total = account.answered + len(account.lost) + len(unseen)
        if total != account.sent:
            found.append(f"{account.sent} requests, {total} accounted for")
        return found + self._leaks()

    def summary(self) -> str:
        """What became of it all, in words."""
        account = self.account
        ways = ", ".join(f"{count} {way}" for way, count in sorted(account.connections.items()))
        asked = ", ".join(f"{name} {len(ids)}" for name, ids in self.noted.items())
        return (
            f"{account.sent} requests: {account.answered} answered, {len(account.lost)} lost,"
            f" {len(account.doubled)} doubled, {len(account.cut)} cut off, {len(account.left)} left"
            f" by their clients. Connections: {ways}. Faults: {asked}.\n"
            f"{self.before} → settled {self.settled} → {self.after}"
        )

    def _leaks(self) -> list[str]:
        before, after, settled = self.before, self.after, self.settled
        if before is None or after is None:
            return []
        found = [
            f"{name}: {was} before, {now} after"
            for name, was, now in (
                ("threads", before.threads, after.threads),
                ("descriptors", before.descriptors, after.descriptors),
            )
            if was != now
        ]
        if settled is not None and after.resident_kib > settled.resident_kib * (1 + GROWTH_MAX):
            found.append(
                f"memory: {settled.resident_kib} KiB when settled, {after.resident_kib} after"
            )
        return found


def all_objects(path: str, clients: int, command: str, **arguments: str) -> None:
    """Ask for each object that the clients may make."""
    with Client.connect(path) as client:
        client.negotiate()
        for slot in range(clients):
            for number in range(2):
                client.request(command, {**arguments, "id": f"c{slot}-{number}"})


def soak(plan: Plan, report: Callable[[str], None]) -> Soaked:
    """Run a server and its clients. Returns what became of every request."""
    command = [sys.executable, __file__, "--serve", str(plan.seed)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    warm_up = Plan(2000, 10, plan.seed + 1, plan.clients, first=_WARM_UP)
    with (
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as server,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            path, faultless = server.stdout.readline().split()
            runner.run(attack(path, server.pid, warm_up, lambda text: None))
            # As many at once as there ever will be: the engine keeps the stacks of its threads.
            all_objects(faultless, plan.clients, "object-add", **{"qom-type": "iothread"})
            all_objects(faultless, plan.clients, "object-del")
            before = usage(server.pid)
            done = runner.run(attack(path, server.pid, plan, report))
            all_objects(faultless, plan.clients, "object-del")
            done.before, done.after = before, usage(server.pid)
            server.stdin.close()
            noted = json.loads(server.stdout.readline())
            done.noted = {
                name: [each for each in ids if each < _WARM_UP] for name, ids in noted.items()
            }
        finally:
            server.kill()
    return done


def usage(pid: int) -> Usage:
    """What the server holds once the last clients are gone."""
    time.sleep(0.3)
    return Usage.of(pid)


def main() -> int:
    """The command line."""
    summary, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=10_000_000, help="(default: 10 million)")
    parser.add_argument("--seconds", type=float, default=600, help="at most (default: 600)")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run's choices")
    parser.add_argument("--serve", type=int, metavar="SEED", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        uvloop.run(serve(options.serve))
        return 0
    seed = random.randrange(1 << 32) if options.seed is None else options.seed
    print(f"seed {seed}")
    done = soak(Plan(options.requests, options.seconds, seed), _report)
    print(f"\n{done.summary()}")
    findings = done.findings()
    for finding in findings:
        print(f"found {finding}", file=sys.stderr)
    return 1 if findings else 0


def _report(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{text}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
