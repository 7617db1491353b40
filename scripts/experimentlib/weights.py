"""The settings, the load, and a run of each setting in turn through QMP."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchlib.client import Connection, request
from benchlib.machine import OtherWork
from benchlib.servers import Command, running
from benchlib.terminal import Progress

Stats = dict[str, Any]

# What the threads do before the statistics begin: until polling has settled.
WARM_UP_S = 0.3


@dataclasses.dataclass(frozen=True)
class Setting:
    """How the iothreads poll; without a weight it is the policy before there were weights."""

    name: str
    weight: int | None

    def properties(self) -> dict[str, object]:
        if self.weight is None:
            return {"x_poll_policy": "legacy"}
        return {"x_poll_policy": "weighted", "poll_weight": self.weight}


SETTINGS = (Setting("legacy", None), *(Setting(f"weight {n}", n) for n in range(1, 7)))


@dataclasses.dataclass(frozen=True)
class Load:
    """What each iothread serves: lognormal intervals in ns, so many requests in flight."""

    interval_ns: int = 30_000
    sigma: float = 1.2
    depth: int = 8
    service_ns: int = 0
    iothreads: int = 2


@dataclasses.dataclass(frozen=True)
class Figures:
    """One setting, one run. Shares are of 1, times in ns; both are means over the iothreads."""

    polled: float
    cpu_ns_per_event: float
    p50_ns: float
    p99_ns: float
    poll_ns_mean: float
    resets: float
    near_max: float
    events_per_second: float
    requests_per_second: float
    late: float

    @classmethod
    def of(cls, iothreads: Sequence[Stats], workloads: Sequence[Stats]) -> Figures:
        """From what x-query-iothread-stats says; its ``cpu-ns`` is that of the run alone."""

        def mean(read: Callable[[Stats], float]) -> float:
            return statistics.fmean(map(read, iothreads))

        issued = sum(workload["issued"] for workload in workloads)
        return cls(
            polled=mean(lambda s: s["polled-events"] / max(s["events"], 1)),
            cpu_ns_per_event=mean(lambda s: s["cpu-ns"] / max(s["events"], 1)),
            p50_ns=mean(lambda s: s["latency"]["p50-ns"]),
            p99_ns=mean(lambda s: s["latency"]["p99-ns"]),
            poll_ns_mean=mean(lambda s: s["poll-ns-mean"]),
            resets=mean(lambda s: s["resets"] / max(s["adjustments"], 1)),
            near_max=mean(lambda s: s["near-max-ns"] / max(s["observed-ns"], 1)),
            events_per_second=mean(lambda s: s["events"] / (s["observed-ns"] / 1e9)),
            requests_per_second=mean(lambda s: s["latency"]["count"] / (s["observed-ns"] / 1e9)),
            late=sum(workload["late"] for workload in workloads) / max(issued, 1),
        )


@dataclasses.dataclass
class Outcome:
    """The figures of every run by the setting's name."""

    load: Load
    seconds: float
    runs: int
    figures: dict[str, list[Figures]]
    other_cpus: float

    def median(self, name: str) -> Figures:
        samples = [dataclasses.astuple(each) for each in self.figures[name]]
        return Figures(*map(statistics.median, zip(*samples, strict=True)))


def run(command: Command, load: Load, seconds: float, runs: int) -> Outcome:
    """All settings in turn, ``runs`` times, each for ``seconds``; one daemon serves them all."""
    other_work = OtherWork()
    figures: dict[str, list[Figures]] = {setting.name: [] for setting in SETTINGS}
    progress = Progress(runs * len(SETTINGS))
    with (
        tempfile.TemporaryDirectory(prefix="experiment-") as folder,
        running(command, pathlib.Path(folder)) as server,
        progress,
    ):
        for number in range(runs):
            for setting in SETTINGS:
                progress.step(f"run {number + 1} of {runs}: {setting.name}")
                found = measure(server.connection, setting, load, seconds)
                figures[setting.name].append(found)
    return Outcome(load, seconds, runs, figures, other_work.cpus())


def measure(connection: Connection, setting: Setting, load: Load, seconds: float) -> Figures:
    """One setting on its own iothreads, which are gone again when it returns."""

    def execute(command: str, /, **arguments: object) -> Any:
        return json.loads(connection.call(request(command, **arguments)))["return"]

    numbers = range(load.iothreads)
    for n in numbers:
        execute("object-add", qom_type="iothread", id=f"io{n}", **setting.properties())
    for n in numbers:
        execute(
            "object-add",
            qom_type="x-workload",
            id=f"load{n}",
            iothread=f"io{n}",
            arrival="lognormal",
            interval_ns=load.interval_ns,
            sigma=load.sigma,
            depth=load.depth,
            service_ns=load.service_ns,
            seed=n + 1,
        )
    time.sleep(WARM_UP_S)
    execute("x-reset-iothread-stats")
    before = {stats["id"]: stats["cpu-ns"] for stats in execute("x-query-iothread-stats")}
    time.sleep(seconds)
    iothreads = execute("x-query-iothread-stats")
    workloads = execute("x-query-workload-stats")
    for n in numbers:
        execute("object-del", id=f"load{n}")
        execute("object-del", id=f"io{n}")
    for stats in iothreads:
        stats["cpu-ns"] -= before[stats["id"]]
    return Figures.of(iothreads, workloads)
