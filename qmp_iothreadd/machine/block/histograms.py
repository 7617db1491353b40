"""How long a disk's requests take: counts by bounds that a user sets, for each operation."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qmp_iothreadd.iothread._engine import DiskQueue

# What query-blockstats calls an operation, what the command does, what the engine does, and what an
# error does; the engine knows nothing of zones, so that nothing is ever counted there.
_OPERATIONS: Final = (
    ("rd", "read", "read", "read"),
    ("wr", "write", "write", "write"),
    ("zone_append", "zap", None, "zone append write"),
    ("flush", "flush", "flush", "flush"),
)


class LatencyHistograms:
    """The bounds that are set, by the operation's name in query-blockstats; none at first."""

    def __init__(self) -> None:
        self._bounds: dict[str, list[int]] = {}

    def set(
        self, id: str, given: Mapping[str, list[int] | None], queues: Sequence[DiskQueue]
    ) -> None:
        """Take over the bounds of a command, in ns; those of all operations are under "".

        Without any nothing is counted any more. Counting begins afresh where there are new ones.

        Raises:
            QmpError: bounds do not rise; those before them are set.
        """
        if all(bounds is None for bounds in given.values()):
            self._bounds.clear()
            for queue in queues:
                for _, _, operation, _ in _OPERATIONS:
                    _count(queue, operation, ())
            return
        for name, key, operation, text in _OPERATIONS:
            bounds = given[""] if given[key] is None else given[key]
            if bounds is None:
                continue
            if not bounds or not _rise(bounds):
                raise errors.latency_bounds_refused(id, text)
            self._bounds[name] = bounds
            for queue in queues:
                _count(queue, operation, bounds)

    def begin(self, queues: Sequence[DiskQueue]) -> None:
        """Count what queues do that have just been made."""
        for name, _, operation, _ in _OPERATIONS:
            if name in self._bounds:
                for queue in queues:
                    _count(queue, operation, self._bounds[name])

    def stats(self, queues: Sequence[DiskQueue]) -> dict[str, Any]:
        """The members of a BlockDeviceStats that are BlockLatencyHistogramInfos."""
        found = {}
        for name, _, operation, _ in _OPERATIONS:
            bounds = self._bounds.get(name)
            if bounds is not None:
                counted = [queue.latency_histogram(operation)[1] for queue in queues if operation]
                bins = [sum(same) for same in zip([0] * (len(bounds) + 1), *counted, strict=True)]
                found[f"{name}_latency_histogram"] = {"boundaries": bounds, "bins": bins}
        return found


def _rise(bounds: list[int]) -> bool:
    return bounds[0] > 0 and all(low < high for low, high in pairwise(bounds))


def _count(queue: DiskQueue, operation: str | None, bounds: Sequence[int]) -> None:
    if operation is not None:
        queue.set_latency_histogram(operation, bounds)
