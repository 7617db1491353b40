"""The engine's numbers as the schema names them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qmp_iothreadd.iothread._engine import AioContext, HandlerInfo, NativeWorkload

PERCENTILES = {"p50": "p50-ns", "p90": "p90-ns", "p99": "p99-ns", "p99.9": "p999-ns"}

# What has another shape in the schema.
_LATENCY = {"latency_ns", "latency_count", "latency_sum_ns", "latency_histogram"}
_RESHAPED = {"poll_ns_histogram", "handlers"} | _LATENCY


def address(value: int) -> str:
    """An address as traces show it."""
    return f"0x{value:x}"


def iothread_stats(id: str, context: AioContext) -> dict[str, Any]:
    """An IOThreadStats of the iothread ``id``. Its thread goes on meanwhile."""
    stats, refusal = context.stats(), context.fdmon_refusal
    return {
        "id": id,
        "ctx": address(context.address),
        "thread-id": context.thread_id,
        "poll-policy": context.policy,
        "fdmon": context.fdmon,
        **({} if refusal is None else {"fdmon-refusal": refusal}),
        **_spelled({key: value for key, value in stats.items() if key not in _RESHAPED}),
        "poll-ns-histogram": poll_histogram(stats["poll_ns_histogram"]),
        "latency": _latency(stats),
        "handlers": [_handler(handler) for handler in stats["handlers"]],
    }


def workload_stats(
    id: str, served_by: dict[str, str], queues: Iterable[NativeWorkload]
) -> dict[str, Any]:
    """A WorkloadStats of the workload ``id``; ``served_by``: its members that name by what."""
    stats = merged([each.stats() for each in queues])
    counters = {key: value for key, value in stats.items() if key not in _LATENCY}
    return {"id": id, **served_by, **_spelled(counters), "latency": _latency(stats)}


def merged(stats: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """One of the statistics of several queues, at least one: percentiles are those of all."""
    if len(stats) == 1:
        return stats[0]
    found: dict[str, Any] = {
        name: 0 if isinstance(value, dict) else sum(each[name] for each in stats)
        for name, value in stats[0].items()  # in their order
    }
    found["late_max_ns"] = max(each["late_max_ns"] for each in stats)
    found["fell_behind"] = found["late"] * 100 > found["issued"]
    counts = Counter[int]()
    for each in stats:
        counts.update(each["latency_histogram"])
    found["latency_histogram"] = dict(sorted(counts.items()))
    found["latency_ns"] = _quantiles(counts, max(each["latency_ns"]["max"] for each in stats))
    return found


def _quantiles(counts: dict[int, int], longest: int) -> dict[str, int]:
    from qmp_iothreadd.iothread._engine import latency_bounds  # it is loaded: it has counted

    total, found = sum(counts.values()), {"max": longest}
    for name in PERCENTILES:
        wanted, seen, middle = float(name[1:]) / 100 * total, 0, 0
        for bucket, count in sorted(counts.items()):
            low, high = latency_bounds(bucket)
            seen, middle = seen + count, low + (high + 1 - low) // 2
            if seen >= wanted:
                break
        found[name] = min(middle, longest)
    return found


def poll_histogram(counts: dict[int, int]) -> list[dict[str, int]]:
    """HistogramBins of counts by the bit length of poll_ns, the lowest first."""
    return [
        {"from-ns": 1 << bits >> 1, "to-ns": (1 << bits) - 1, "count": count}
        for bits, count in sorted(counts.items())
    ]


def _spelled(values: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in values.items()}


def _latency(stats: Mapping[str, Any]) -> dict[str, Any]:
    quantiles = stats["latency_ns"]
    return {
        "count": stats["latency_count"],
        "sum-ns": stats["latency_sum_ns"],
        **{name: quantiles[quantile] for quantile, name in PERCENTILES.items()},
        "max-ns": quantiles["max"],
        "histogram": _latency_histogram(stats["latency_histogram"]),
    }


def _latency_histogram(counts: dict[int, int]) -> list[dict[str, int]]:
    from qmp_iothreadd.iothread._engine import latency_bounds  # it is loaded: it has counted

    bounds = [(*latency_bounds(bucket), count) for bucket, count in counts.items()]
    return [{"from-ns": low, "to-ns": high, "count": count} for low, high, count in bounds]


def _handler(handler: HandlerInfo) -> dict[str, Any]:
    shown = {key: value for key, value in handler.items() if key not in _LATENCY}
    shown["node"] = address(handler["node"])
    if "latency_ns" in handler:
        shown["latency"] = _latency(handler)
    return shown
