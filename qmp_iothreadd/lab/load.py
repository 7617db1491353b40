"""What is simulated: when requests come, and what things cost."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from qmp_iothreadd.lab._lab import ARRIVALS
from qmp_iothreadd.lab.buffers import int64s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

TIME_MAX_NS = 10**12


def check_time(name: str, ns: int, least: int = 0) -> None:
    """Raises TypeError, ValueError: it is no number of ns from ``least`` to TIME_MAX_NS."""
    if not isinstance(ns, int):
        raise TypeError(f"{name} must be an integer, not {ns!r}")
    if not least <= ns <= TIME_MAX_NS:
        raise ValueError(f"{name} must be from {least} to {TIME_MAX_NS}, not {ns}")


def check_sigma(name: str, value: float) -> None:
    """Raises ValueError: the logarithms of times differ by no sensible amount."""
    if not 0 <= value <= 10:
        raise ValueError(f"{name} must be from 0 to 10, not {value!r}")


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """Requests for one handler, at times that do not depend on when they are served (an open loop).

    Attributes:
        arrival: constant (``interval_ns``), exponential (of that mean), lognormal (of that median,
            and ``sigma`` of the logarithm), on-off (``interval_ns`` for ``on_ns``, then nothing for
            ``off_ns``) or trace (``intervals``, over and over).
        intervals: a buffer of int64, or integers: from one request to the next, in ns.

    Raises:
        ValueError, TypeError: an unknown arrival, or values that are none.
    """

    arrival: str = "lognormal"
    interval_ns: int = 30_000
    sigma: float = 1.2
    on_ns: int = 1_000_000
    off_ns: int = 10_000_000
    intervals: Buffer | Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.arrival not in ARRIVALS:
            raise ValueError(f"arrival must be one of {', '.join(ARRIVALS)}, not {self.arrival!r}")
        check_time("interval_ns", self.interval_ns, 1)
        check_time("on_ns", self.on_ns)
        check_time("off_ns", self.off_ns)
        check_sigma("sigma", self.sigma)

    def checked_intervals(self) -> Buffer | None:
        """As int64; None where there are none, and the arrival takes none.

        Raises:
            ValueError: one is no time, all are 0, or the arrival is a trace without any.
        """
        if self.arrival != "trace":
            return None
        if self.intervals is None:
            raise ValueError("the arrival trace needs intervals")
        values = memoryview(int64s(self.intervals, "intervals"))
        if not values.nbytes:
            raise ValueError("intervals are empty")
        check_time("the shortest of intervals", min(values))
        check_time("the longest of intervals", max(values), 1)
        return values

    def __str__(self) -> str:
        words = {
            "constant": f"every {self.interval_ns} ns",
            "exponential": f"mean {self.interval_ns} ns",
            "lognormal": f"median {self.interval_ns} ns, sigma {self.sigma:g}",
            "on-off": f"{self.interval_ns} ns for {self.on_ns} ns, then off for {self.off_ns} ns",
        }
        return f"{self.arrival} ({words[self.arrival]})" if self.arrival in words else self.arrival


PRESETS = {
    "constant": Load("constant", 20_000),
    "exponential": Load("exponential", 30_000),
    "lognormal": Load("lognormal", 30_000, sigma=1.2),
    "on-off": Load("on-off", 10_000, on_ns=1_000_000, off_ns=10_000_000),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Costs:
    """What things take, in ns: the defaults are those of a virtual machine's CPU.

    Attributes:
        wake_ns: from an event to a thread that slept for it, the median; lognormal.
        wake_sigma: of its logarithm.
        wake_cpu_ns: what falling asleep and waking up takes of the thread's CPU.
        pass_ns: from an event to the pass of busy-polling that finds it.
        exit_ns: from the end of busy-polling to sleep.
        ask_ns: to ask the fd monitor for what is there already.
        dispatch_ns: from events found to the handler.
        request_ns: the handler's own, for each request.
        loop_ns: from the last handler to the start of the next iteration.
    """

    wake_ns: int = 12_000
    wake_sigma: float = 0.3
    wake_cpu_ns: int = 4_000
    pass_ns: int = 40
    exit_ns: int = 150
    ask_ns: int = 500
    dispatch_ns: int = 60
    request_ns: int = 60
    loop_ns: int = 100

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.name != "wake_sigma":
                check_time(field.name, getattr(self, field.name))
        check_sigma("wake_sigma", self.wake_sigma)
