"""What the iothreads of a running process do, from one look to the next."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.lab.tables import Column

if TYPE_CHECKING:
    from qmp_iothreadd.lab.monitor import Monitor

_TIMES = {
    "polling_share": "polling-ns",
    "blocked_share": "blocked-ns",
    "handling_share": "handling-ns",
    "cpu_share": "cpu-ns",
}
# Of QEMU's iothreads, with a name of their own or without: the id may be of another host.
_THREAD_NAMES = ("IO ", "qemu")
_QUANTILES = {"p50_ns": 0.5, "p99_ns": 0.99}


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """All iothreads at a time.

    Attributes:
        at_s: when, of the monotonic clock.
        counters: by id, what has only grown since: events, times in ns, latencies by their bounds.
        states: by id, what is so now.
    """

    at_s: float
    counters: dict[str, Counter[Any]]
    states: dict[str, dict[str, Any]]


def look(monitor: Monitor, iothread: str | None = None) -> Look:
    """Ask a monitor: for statistics, or where it has none, for its threads, which the kernel knows.

    Args:
        iothread: the only one to look at; by default all.

    Raises:
        ValueError: there is no such iothread, or the monitor answers no more.
    """
    reply = monitor.request("x-query-iothread-stats")
    if "return" in reply:
        found = {each["id"]: _of_stats(each) for each in reply["return"]}
    else:
        infos = monitor.returned("query-iothreads")
        found = {each["id"]: _of_kernel(each) for each in infos}
    if iothread is not None:
        if iothread not in found:
            known = ", ".join(sorted(found)) or "none"
            raise ValueError(f"no iothread {iothread!r}: there is {known}")
        found = {iothread: found[iothread]}
    return Look(
        time.monotonic(),
        {id: counters for id, (counters, _) in found.items()},
        {id: state for id, (_, state) in found.items()},
    )


def _of_stats(stats: dict[str, Any]) -> tuple[Counter[Any], dict[str, Any]]:
    names = [*_TIMES.values(), "events", "polled-events", "waits", "observed-ns"]
    counters: Counter[Any] = Counter({name: stats[name] for name in names})
    for each in stats["latency"].get("histogram", ()):
        counters[each["from-ns"], each["to-ns"]] = each["count"]
    return counters, {"thread_id": stats["thread-id"], "poll_ns": stats["poll-ns"]}


def _of_kernel(info: dict[str, Any]) -> tuple[Counter[Any], dict[str, Any]]:
    """Of a thread that does not count, what its kernel does: if that is this one."""
    thread_id = info["thread-id"]
    counters: Counter[Any] = Counter()
    state = {"thread_id": thread_id, "poll_max_ns": info.get("poll-max-ns")}
    try:
        cpu_ns, *_ = Path(f"/proc/{thread_id}/schedstat").read_text().split()
        status = Path(f"/proc/{thread_id}/status").read_text()
    except OSError:
        return counters, state
    lines = dict(line.split(":\t", 1) for line in status.splitlines())
    if lines["Name"].startswith(_THREAD_NAMES):
        sleeps = int(lines["voluntary_ctxt_switches"])
        counters.update({"cpu-ns": int(cpu_ns), "waits": sleeps})
    return counters, state


def rows(before: Look, after: Look) -> list[dict[str, Any]]:
    """What each iothread did between two looks; by id. Shares are of the time, or of the events.

    One that is new, or whose statistics were reset, is told from then on. What is not known is not
    there.
    """
    found = []
    for id, state in sorted(after.states.items()):
        now, then = after.counters[id], before.counters.get(id, Counter())
        passed = now - then
        if now["observed-ns"] < then["observed-ns"]:  # cpu-ns is the thread's: no reset changes it
            passed = now - Counter({"cpu-ns": then["cpu-ns"]})
        is_same = before.states.get(id, {}).get("thread_id") == state["thread_id"]
        known = _figures(passed, now, after.at_s - before.at_s) if is_same else {}
        found.append({"iothread": id, **state, **known})
    return found


def _figures(passed: Counter[Any], now: Counter[Any], seconds: float) -> dict[str, Any]:
    figures: dict[str, Any] = {"seconds": seconds}
    for name, counter in _TIMES.items():
        if counter in now:
            figures[name] = passed[counter] / (seconds * 1e9)
    if "waits" in now:
        figures["waits_per_s"] = passed["waits"] / seconds
    if "events" in now:
        figures["events_per_s"] = passed["events"] / seconds
    if passed["events"]:
        figures["polled_share"] = passed["polled-events"] / passed["events"]
    bins = [(*key, count) for key, count in passed.items() if isinstance(key, tuple)]
    return {**figures, **_quantiles(bins)}


def _quantiles(bins: Iterable[tuple[int, int, int]]) -> dict[str, int]:
    """The upper bounds that these shares of the requests did not pass."""
    ordered = sorted(bins)
    total, seen = sum(count for _, _, count in ordered), 0
    found: dict[str, int] = {}
    for _, high, count in ordered:
        seen += count
        for name, share in _QUANTILES.items():
            if seen >= share * total:
                found.setdefault(name, high)
    return found


COLUMNS: dict[str, Column] = {
    "iothread": lambda row: str(row["iothread"]),
    "thread": lambda row: str(row["thread_id"]),
    "CPU": lambda row: f"{row['cpu_share']:.1%}",
    "polling": lambda row: f"{row['polling_share']:.1%}",
    "blocked": lambda row: f"{row['blocked_share']:.1%}",
    "handling": lambda row: f"{row['handling_share']:.1%}",
    "events/s": lambda row: f"{row['events_per_s']:.0f}",
    "by polling": lambda row: f"{row['polled_share']:.1%}",
    "sleeps/s": lambda row: f"{row['waits_per_s']:.0f}",
    "poll_ns": lambda row: f"{row['poll_ns']}",
    "poll-max-ns": lambda row: f"{row['poll_max_ns']}",
    "p50": lambda row: f"{row['p50_ns'] / 1e3:.1f} µs",
    "p99": lambda row: f"{row['p99_ns'] / 1e3:.1f} µs",
}
