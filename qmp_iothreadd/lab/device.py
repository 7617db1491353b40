"""What serves a request once the iothread has submitted it: a latency, until it completes."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd.iothread import latencies
from qmp_iothreadd.lab._lab import extremes
from qmp_iothreadd.lab.buffers import int64s
from qmp_iothreadd.lab.checks import check_choice, check_number, check_time, check_times

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from qmp_iothreadd.iothread._engine import ArrivalArguments

KINDS = ("constant", "exponential", "lognormal", "bimodal", "pareto", "table")
"""Distributions of latencies."""


@dataclasses.dataclass(frozen=True, slots=True)
class Device:
    """A device, on which any number of requests are at work at once.

    Attributes:
        name: for tables.
        latency_ns: of a request; what it is of the distribution depends on the kind.
        kind: constant, exponential (of that mean), lognormal (of that median, and ``sigma`` of the
            logarithm), bimodal (but ``slow_ns`` for ``slow_share`` of them), pareto (at least that,
            with a tail of exponent ``shape``), or table.
        table: a buffer of int64, or integers: latencies in ns, each as likely as another.

    Raises:
        ValueError, TypeError: an unknown kind, or values that are none.
    """

    name: str = "device"
    latency_ns: int = 8_000
    kind: str = "lognormal"
    sigma: float = 0.2
    slow_ns: int = 1_000_000
    slow_share: float = 0.01
    shape: float = 3.0
    table: Buffer | Sequence[int] | None = None

    # The rest of what an arrival has.
    on_ns: ClassVar[int] = 0
    off_ns: ClassVar[int] = 0
    at_end: ClassVar[str] = "repeat"
    phases: ClassVar[tuple[()]] = ()

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        check_time("latency_ns", self.latency_ns, 1)
        check_time("slow_ns", self.slow_ns)
        for name in ("sigma", "slow_share", "shape"):
            check_number(name, getattr(self, name))
        if (self.table is not None) != (self.kind == "table"):
            raise ValueError("the kind table needs a table, and no other has one")

    @property
    def arrival(self) -> str:
        """What draws its latencies, as of a load."""
        return "trace" if self.kind == "table" else self.kind

    @property
    def interval_ns(self) -> int:
        """As of a load."""
        return self.latency_ns

    def checked_table(self) -> Buffer | None:
        """As int64; None without one. Raises ValueError: one is no time, or all are 0."""
        if self.table is None:
            return None
        values = memoryview(int64s(self.table, "table"))
        if not values.nbytes:
            raise ValueError("the table is empty")
        check_times("the table", *extremes(values))
        return values

    def __reduce__(self) -> tuple[Callable[..., Device], tuple[object, ...]]:
        """For pickle, which takes no buffers."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        if self.table is not None:
            values["table"] = array("q", memoryview(int64s(self.table, "table")))
        return Device, tuple(values.values())

    def __str__(self) -> str:
        words = {
            "constant": f"{self.latency_ns} ns",
            "exponential": f"mean {self.latency_ns} ns",
            "lognormal": f"median {self.latency_ns} ns, sigma {self.sigma:g}",
            "bimodal": f"{self.latency_ns} ns, {self.slow_share:.0%} {self.slow_ns} ns",
            "pareto": f"at least {self.latency_ns} ns, shape {self.shape:g}",
        }
        return f"{self.name} ({words.get(self.kind, 'its table')})"


def _preset(name: str, words: ArrivalArguments) -> Device:
    given: dict[str, Any] = {**words}
    kind, latency_ns = given.pop("arrival"), given.pop("interval_ns")
    return Device(name, latency_ns, kind, **given)


DEVICES = {name: _preset(name, words) for name, words in latencies.DEVICES.items()}
