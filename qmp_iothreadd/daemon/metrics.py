"""The iothreads' and workloads' statistics for Prometheus, read when they are asked for.

Needs prometheus_client, which is not installed with the package unless its extra is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from qmp_iothreadd.iothread.stats import PERCENTILES, iothread_stats, workload_stats
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.machine.version import dotted

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from qmp_iothreadd.iothread.event_loop import IOThread
    from qmp_iothreadd.iothread.workload import WorkloadObject

    Stats = dict[str, Any]

NAMESPACE = "qmp_iothreadd"

# Upper bounds of the histogram of poll_ns, as bit lengths: 0, then 255 ns to 1 s; closest together
# up to the default maximum of 32768 ns.
_BUCKET_BITS = (0, *range(8, 17), 18, 20, 24, 30)


class Machines(Protocol):
    """Several machines, which come and go."""

    def machines(self) -> list[Machine]:
        """Those that there are now."""


def registry(measured: Machine | Machines) -> CollectorRegistry:
    """What a scrape is answered with: the machines' numbers, and the process's own.

    Where there are several, their numbers have the machine's name as a label.
    """
    made = CollectorRegistry()
    if isinstance(measured, Machine):
        made.register(MachineCollector(measured))
    else:
        made.register(MachinesCollector(measured.machines()))
    ProcessCollector(registry=made)
    return made


class Row(NamedTuple):
    """Counters that are one member each of the statistics, told apart by a label if several."""

    name: str
    help: str
    label: str
    members: dict[str, str]


def _row(name: str, help: str, member: str) -> Row:
    return Row(name, help, "", {"": member})


_IOTHREAD_COUNTERS = (
    _row("iterations", "Times that the loop went round.", "iterations"),
    Row(
        "events",
        "Events handled, by how they were found.",
        "found",
        {"polling": "polled-events", "waiting": "waited-events"},
    ),
    _row("notifications", "Times that the thread was woken for itself.", "notifications"),
    _row("polls", "Busy-polls.", "polls"),
    _row("polls_in_vain", "Busy-polls that found nothing.", "polls-in-vain"),
    _row("waits", "Waits in the kernel.", "waits"),
    _row("poll_adjustments", "Looks whether the polling window fits.", "adjustments"),
    _row("poll_grows", "Times that the polling window grew.", "grows"),
    _row("poll_shrinks", "Times that the polling window shrank.", "shrinks"),
    _row("poll_resets", "Handlers' parts in it set to 0, past the maximum.", "resets"),
)
_IOTHREAD_SECONDS = (
    Row(
        "time_seconds",
        "What the thread spent its time on.",
        "state",
        {"polling": "polling-ns", "blocked": "blocked-ns", "handling": "handling-ns"},
    ),
    _row("near_max_seconds", "Time with the window near its maximum.", "near-max-ns"),
    _row("cpu_seconds", "CPU time of the thread.", "cpu-ns"),
)
_WORKLOAD_COUNTERS = (
    _row("requests_issued", "Requests issued.", "issued"),
    _row("requests_completed", "Requests served.", "completed"),
    _row("requests_dropped", "Requests not issued because the ring was full.", "dropped"),
    _row("requests_late", "Requests issued after their time.", "late"),
    _row("notifications", "Requests announced to the iothread.", "notifications"),
    _row("requests_failed", "Requests that a disk could not do.", "failed"),
    _row("read_bytes", "Read from a disk.", "read-bytes"),
    _row("written_bytes", "Written to a disk.", "written-bytes"),
    _row("flushes", "Flushes of a disk.", "flushes"),
)


class MachineCollector(Collector):
    """Reads the engine's statistics of the objects that there are when it is made.

    It may be asked in another thread than theirs: what is deleted meanwhile is left out.
    """

    def __init__(self, machine: Machine) -> None:
        self._version = dotted(machine.version)
        self._iothreads = machine.iothreads()
        self._workloads = machine.workloads()

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on the objects."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families, as they are now."""
        iothreads = self._iothreads
        stats, dropped = _read_iothreads(iothreads)
        version = {"qemu_version": self._version}
        yield InfoMetricFamily(NAMESPACE, "What serves this.", value=version)
        yield from _counters("iothread", stats, _IOTHREAD_COUNTERS)
        yield from _counters("iothread", stats, _IOTHREAD_SECONDS, scale=1e-9)
        yield from _iothread_parameters(iothreads)
        yield from _iothread_values(stats)
        yield _counter(
            "iothread_trace_records_dropped",
            "Trace records lost because the log was too slow.",
            ["iothread"],
            dropped,
        )
        yield _poll_histogram(stats)
        yield _latency(stats)
        workloads = _read_workloads(self._workloads)
        yield from _counters("workload", workloads, _WORKLOAD_COUNTERS)
        yield from _workload_values(workloads)


class MachinesCollector(Collector):
    """The same of several machines: each of their samples has the label ``machine``."""

    def __init__(self, machines: Iterable[Machine]) -> None:
        self._collectors = [(each.name or "", MachineCollector(each)) for each in machines]

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on the objects."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """All families, each with the samples of all machines."""
        families: dict[str, Metric] = {}
        for name, collector in self._collectors:
            for family in collector.collect():
                samples, family.samples = family.samples, []
                families.setdefault(family.name, family).samples += [
                    sample._replace(labels={"machine": name, **sample.labels}) for sample in samples
                ]
        return families.values()


def _read_iothreads(
    iothreads: list[IOThread],
) -> tuple[list[Stats], list[tuple[list[str], float]]]:
    """The statistics, and the numbers of trace records dropped."""
    stats: list[Stats] = []
    dropped: list[tuple[list[str], float]] = []
    for each in iothreads:
        context = each.context
        if context is not None:
            with contextlib.suppress(ValueError):  # it is closed
                stats.append(iothread_stats(each.name, context))
                dropped.append(([each.name], context.traces_dropped))
    return stats, dropped


def _read_workloads(workloads: list[WorkloadObject]) -> list[Stats]:
    stats: list[Stats] = []
    for each in workloads:
        natives = each.natives
        if natives:
            with contextlib.suppress(ValueError):  # it is stopped
                stats.append(workload_stats(each.name, each.served_by(natives), natives))
    return stats


def _counters(
    kind: str, stats: list[Stats], rows: Iterable[Row], scale: float = 1
) -> Iterator[Metric]:
    for row in rows:
        labels = [kind, row.label] if row.label else [kind]
        family = CounterMetricFamily(f"{NAMESPACE}_{kind}_{row.name}", row.help, labels=labels)
        for one in stats:
            for label, member in row.members.items():
                values = [one["id"], label] if row.label else [one["id"]]
                family.add_metric(values, one[member] * scale)
        yield family


def _gauge(
    name: str, help: str, labels: list[str], values: Iterable[tuple[list[str], float]]
) -> Metric:
    return _filled(GaugeMetricFamily(f"{NAMESPACE}_{name}", help, labels=labels), values)


def _counter(
    name: str, help: str, labels: list[str], values: Iterable[tuple[list[str], float]]
) -> Metric:
    return _filled(CounterMetricFamily(f"{NAMESPACE}_{name}", help, labels=labels), values)


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, values: Iterable[tuple[list[str], float]]
) -> Metric:
    for label_values, value in values:
        family.add_metric(label_values, value)
    return family


def _iothread_parameters(iothreads: list[IOThread]) -> Iterator[Metric]:
    info = InfoMetricFamily(f"{NAMESPACE}_iothread", "The thread and its policy.", labels=())
    for each in iothreads:
        info.add_metric(
            (),
            {
                "iothread": each.name,
                "thread_id": str(each.thread_id),
                "poll_policy": each.load("x-poll-policy"),
            },
        )
    yield info
    from qmp_iothreadd.iothread._engine import POLL_PARAMS  # not before somebody asks

    for parameter in POLL_PARAMS:
        name, unit = parameter.name, 1.0
        if name.endswith("_ns"):
            name, unit = f"{name.removesuffix('_ns')}_seconds", 1e9
        values = [([each.name], each.load(parameter.property) / unit) for each in iothreads]
        yield _gauge(f"iothread_poll_{name}", parameter.description, ["iothread"], values)


def _iothread_values(stats: list[Stats]) -> Iterator[Metric]:
    yield _gauge(
        "iothread_poll_window_seconds",
        "The polling window now.",
        ["iothread"],
        [([one["id"]], one["poll-ns"] / 1e9) for one in stats],
    )
    yield _gauge(
        "iothread_event_latency_max_seconds",
        "The longest that a request waited.",
        ["iothread"],
        [([one["id"]], one["latency"]["max-ns"] / 1e9) for one in stats],
    )
    handlers = [
        ([one["id"], str(handler["fd"])], handler) for one in stats for handler in one["handlers"]
    ]
    yield _gauge(
        "iothread_handler_window_seconds",
        "A handler's part in the polling window.",
        ["iothread", "fd"],
        [(labels, handler["ns"] / 1e9) for labels, handler in handlers],
    )
    yield _counter(
        "iothread_handler_events",
        "A handler's events.",
        ["iothread", "fd"],
        [(labels, handler["events"]) for labels, handler in handlers],
    )


def _poll_histogram(stats: list[Stats]) -> Metric:
    family = HistogramMetricFamily(
        f"{NAMESPACE}_iothread_poll_window_adjusted_seconds",
        "The polling window that each adjustment left.",
        labels=["iothread"],
    )
    for one in stats:
        bins = one["poll-ns-histogram"]
        buckets = [
            (repr(bound / 1e9), sum(each["count"] for each in bins if each["to-ns"] <= bound))
            for bound in ((1 << bits) - 1 for bits in _BUCKET_BITS)
        ]
        buckets.append(("+Inf", sum(each["count"] for each in bins)))
        total = one["poll-ns-mean"] * one["adjustments"] / 1e9
        family.add_metric([one["id"]], buckets, sum_value=total)
    return family


def _latency(stats: list[Stats]) -> Metric:
    name = f"{NAMESPACE}_iothread_event_latency_seconds"
    family = SummaryMetricFamily(
        name, "How long requests waited to be served.", labels=["iothread"]
    )
    for one in stats:
        latency = one["latency"]
        for quantile, member in PERCENTILES.items():
            share = f"{float(quantile[1:]) / 100:g}"
            labels = {"iothread": one["id"], "quantile": share}
            family.add_sample(name, labels, latency[member] / 1e9)
        family.add_metric([one["id"]], latency["count"], latency["sum-ns"] / 1e9)
    return family


def _workload_values(workloads: list[Stats]) -> Iterator[Metric]:
    info = InfoMetricFamily(f"{NAMESPACE}_workload", "What serves the workload.", labels=())
    for one in workloads:
        labels: dict[str, str] = {"workload": one["id"]}
        labels |= {name: one[name] for name in ("iothread", "disk") if name in one}
        info.add_metric((), labels)
    yield info
    yield _gauge(
        "workload_requests_in_flight",
        "Requests issued and not served yet.",
        ["workload"],
        [([one["id"]], one["in-flight"]) for one in workloads],
    )
    yield _gauge(
        "workload_late_max_seconds",
        "The longest that a request was issued after its time.",
        ["workload"],
        [([one["id"]], one["late-max-ns"] / 1e9) for one in workloads],
    )
