#!/usr/bin/env python3
"""Random QMP against loaded iothreads and disks, for as long as wanted: nothing may leak.

    tests/fuzz/soak.py --seconds 600

A daemon is given iothreads, disks and workloads, and loses them again, while all their parameters
change, their statistics are read and reset, and traces go on and off. At the end everything
is deleted: threads, descriptors and memory must be back where they began. The exit status is 1 if
they are not.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qmp_iothreadd.testing import Client, DaemonProcess

MAX_IOTHREADS = 8
MAX_WORKLOADS = 12
# The nodes n0 to n3; the last two are files.
DISKS = 4
DISK_BYTES = 1 << 20
NO_LIMITS = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
# What a run may add to the resident memory: the allocator's slack, not a leak of every round. Each
# thread that a pool starts may take an arena of its own.
MAX_GROWTH_KIB = 12288


@dataclass
class Usage:
    """What the daemon holds at the moment."""

    threads: int
    descriptors: int
    resident_kib: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        folder = Path(f"/proc/{pid}")
        status = (folder / "status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return cls(
            len(os.listdir(folder / "task")),
            len(os.listdir(folder / "fd")),
            int(resident.split()[1]),
        )


@dataclass
class Soak:
    """Random requests, and what there should be after them."""

    client: Client
    random: random.Random
    iothreads: list[str] = field(default_factory=list)
    disks: list[str] = field(default_factory=list)
    workloads: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    refused: int = 0

    def step(self) -> None:
        actions: list[Callable[[], None]] = [
            self.add_iothread,
            self.delete_iothread,
            self.add_workload,
            self.delete_workload,
            self.plug,
            self.unplug,
            self.load_disk,
            self.disturb,
            self.tune_iothread,
            self.tune_workload,
            self.read,
            self.reset,
            self.trace,
            self.nonsense,
        ]
        self.random.choice(actions)()

    def ask(self, command: str, **arguments: Any) -> bool:
        """Send a request; True if it was not refused.

        Any other answer than these two is a fault.
        """
        self.requests += 1
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        reply = self.client.request(command, named, id=self.requests)
        assert reply.get("id") == self.requests, reply
        if "return" in reply:
            return True
        assert not reply["error"]["desc"].startswith("internal error"), reply
        self.refused += 1
        return False

    def fresh(self, prefix: str) -> str:
        return f"{prefix}{self.random.randrange(100)}"

    def pick(self, names: list[str]) -> Iterator[str]:
        if names:
            yield self.random.choice(names)

    def add_iothread(self) -> None:
        name = self.fresh("io")
        if len(self.iothreads) < MAX_IOTHREADS and self.ask(
            "object-add", qom_type="iothread", id=name, poll_weight=self.random.randrange(70)
        ):
            self.iothreads.append(name)

    def delete_iothread(self) -> None:
        for name in self.pick(self.iothreads):
            done = self.ask("object-del", id=name)
            assert done == (name not in self.workloads.values()), name
            if done:
                self.iothreads.remove(name)

    def add_workload(self) -> None:
        for iothread in self.pick(self.iothreads):
            name = self.fresh("w")
            if len(self.workloads) < MAX_WORKLOADS and self.ask(
                "object-add", qom_type="x-workload", id=name, iothread=iothread, **self.load()
            ):
                self.workloads[name] = iothread

    def delete_workload(self) -> None:
        for name in self.pick(list(self.workloads)):
            assert self.ask("object-del", id=name), name
            del self.workloads[name]

    def plug(self) -> None:
        number = self.random.randrange(DISKS)
        for iothread in self.pick(self.iothreads):
            name = f"d{number}"
            options = {"driver": "virtio-blk-pci", "drive": f"n{number}", "num_queues": 2}
            # A disk whose guest has not let go of it yet has its name, and its node.
            if self.ask("device_add", id=name, iothread=iothread, **options):
                self.disks.append(name)

    def unplug(self) -> None:
        for name in self.pick(self.disks):
            assert self.ask("device_del", id=name), name
            self.disks.remove(name)

    def load_disk(self) -> None:
        for disk in self.pick(self.disks):
            name = self.fresh("w")
            access = {
                "queue": self.random.randrange(3),
                "read_percent": self.random.choice([0, 50, 101]),
                "block_size": self.random.choice([512, 513, 65536]),
                "flush_every": self.random.choice([0, 10]),
                "pattern": self.random.choice(["random", "sequential", "hot"]),
            }
            if len(self.workloads) < MAX_WORKLOADS and self.ask(
                "object-add", qom_type="x-workload", id=name, disk=disk, **access, **self.load()
            ):
                self.workloads[name] = ""

    def disturb(self) -> None:
        for name in self.pick(self.disks):
            path = f"/machine/peripheral/{name}/virtio-backend"
            limits = {**NO_LIMITS, "iops": self.random.choice([0, 1, 10**6])}
            self.ask("block_set_io_throttle", id=path, **limits)
            bounds = [10**number for number in range(self.random.randrange(5))]
            self.ask("block-latency-histogram-set", id=path, boundaries=bounds)
        size = self.random.choice([1, 2]) * DISK_BYTES
        self.ask("block_resize", node_name=f"n{DISKS - 1}", size=size)
        self.ask("stop")
        self.ask("cont")

    def load(self) -> dict[str, Any]:
        return {
            "arrival": self.random.choice(["constant", "exponential", "lognormal", "on-off"]),
            "interval_ns": self.random.choice([-1, 20_000, 100_000, 1_000_000]),
            "depth": self.random.choice([0, 1, 8, 2000]),
            "service_ns": self.random.choice([0, 1000]),
        }

    def tune_iothread(self) -> None:
        names = ["poll-max-ns", "poll-grow", "poll-shrink", "poll-weight", "aio-max-batch"]
        for name in self.pick(self.iothreads):
            value = self.random.choice([0, 1, 2, 64, 32768, 10**6, 2**63 - 1, -1, "x", None])
            self.set(name, self.random.choice(names), value)
        for name in self.pick(self.iothreads):
            self.set(name, "x-poll-policy", self.random.choice(["legacy", "weighted", "none"]))

    def tune_workload(self) -> None:
        for name in self.pick(list(self.workloads)):
            for key, value in self.load().items():
                self.set(name, key.replace("_", "-"), value)

    def set(self, name: str, key: str, value: Any) -> None:
        self.ask("qom-set", path=f"/objects/{name}", property=key, value=value)

    def read(self) -> None:
        self.ask(
            self.random.choice(
                [
                    *("query-iothreads", "x-query-iothread-stats", "x-query-workload-stats"),
                    *("query-blockstats", "query-block"),
                ]
            )
        )

    def reset(self) -> None:
        self.ask("x-reset-iothread-stats")

    def trace(self) -> None:
        enable = self.random.random() < 0.3
        self.ask("trace-event-set-state", name="poll_*", enable=enable)

    def nonsense(self) -> None:
        self.ask(self.random.choice(["nope", "object-add", "qom-get"]))

    def clear(self) -> None:
        for name in self.disks:
            assert self.ask("device_del", id=name), name
        while self.client.execute("query-block"):
            time.sleep(0.01)  # until the guest has let go
        for name in list(self.workloads):
            assert self.ask("object-del", id=name), name
        for name in self.iothreads:
            assert self.ask("object-del", id=name), name
        self.ask("trace-event-set-state", name="*", enable=False)


def add_nodes(client: Client, folder: Path) -> None:
    """Add the nodes of the disks."""
    for number in range(DISKS):
        node = {"driver": "null-co", "node-name": f"n{number}", "latency-ns": 20_000}
        if number >= DISKS // 2:
            image = folder / str(number)
            image.write_bytes(bytes(DISK_BYTES))
            node = {"driver": "file", "node-name": f"n{number}", "filename": str(image)}
        client.execute("blockdev-add", node)


def soak(seconds: float, seed: int, report: Callable[[str], None]) -> list[str]:
    """Run for ``seconds``. Returns what leaked, as text."""
    options = ("-D", os.devnull, "-machine", "pc", "-nodefaults")
    with (
        tempfile.TemporaryDirectory() as folder,
        DaemonProcess(*options) as daemon,
        Client.connect(daemon.path) as client,
    ):
        client.negotiate()
        add_nodes(client, Path(folder))
        run = Soak(client, random.Random(seed))
        for _ in range(300):  # what is loaded on first use is no leak
            run.step()
        run.clear()
        before = Usage.of(daemon.pid)
        run = Soak(client, run.random)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            run.step()
            if run.requests % 500 == 0:
                report(f"{left:5.0f} s left, {run.requests} requests, {run.refused} refused")
        run.clear()
        time.sleep(0.2)
        after = Usage.of(daemon.pid)
        report(f"{run.requests} requests, {run.refused} refused: {before} → {after}\n")
    leaks = [
        f"{name}: {was} before, {now} after"
        for name, was, now in (
            ("threads", before.threads, after.threads),
            ("descriptors", before.descriptors, after.descriptors),
        )
        if was != now
    ]
    if after.resident_kib - before.resident_kib > MAX_GROWTH_KIB:
        leaks.append(f"memory: {before.resident_kib} KiB before, {after.resident_kib} KiB after")
    return leaks


def main() -> int:
    summary, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600, help="how long (default: 600)")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run's choices")
    arguments = parser.parse_args()
    seed = random.randrange(1 << 32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}")
    leaks = soak(arguments.seconds, seed, lambda text: print(f"\r{text}", end="", flush=True))
    for leak in leaks:
        print(f"leaked {leak}", file=sys.stderr)
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
