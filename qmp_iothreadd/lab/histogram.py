"""How often which latency: buckets that can be merged, and quantiles of them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable

from qmp_iothreadd.lab._lab import LATENCY_PARTS


@dataclasses.dataclass(frozen=True, slots=True)
class Histogram:
    """Latencies in ns. Each octave has LATENCY_PARTS buckets, so that a bucket is 3 % wide.

    Attributes:
        counts: how many are in a bucket, by its number, those with any.
    """

    counts: dict[int, int]

    @property
    def total(self) -> int:
        """How many latencies."""
        return sum(self.counts.values())

    def quantile(self, share: float) -> float:
        """The latency, in ns, that a share (0 to 1) of all do not pass; 0.0 without any."""
        rank, seen = share * self.total, 0
        for bucket in sorted(self.counts):
            count = self.counts[bucket]
            if seen + count >= rank:
                low, high = lower_bound(bucket), lower_bound(bucket + 1)
                return low + (high - low) * max(rank - seen, 0) / count
            seen += count
        return 0.0

    def to_json(self) -> list[list[float]]:
        """Pairs: from how many ns on, and how many are there; in order."""
        return [[lower_bound(bucket), self.counts[bucket]] for bucket in sorted(self.counts)]


def lower_bound(bucket: int) -> float:
    """The least latency of a bucket; the first begins at 0."""
    octave, part = divmod(bucket, LATENCY_PARTS)
    return (1 << octave) * (1 + part / LATENCY_PARTS) if bucket else 0.0


def bucket_of(ns: int) -> int:
    """The bucket of a latency; one below 1 ns is in the first."""
    octave = max(ns, 1).bit_length() - 1
    return octave * LATENCY_PARTS + ((max(ns, 1) - (1 << octave)) * LATENCY_PARTS >> octave)


def merge(histograms: Iterable[Histogram]) -> Histogram:
    """One of all: unlike quantiles, counts can be added."""
    counts: Counter[int] = Counter()
    for each in histograms:
        counts.update(each.counts)
    return Histogram(dict(counts))
