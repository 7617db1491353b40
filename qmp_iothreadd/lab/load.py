"""What is simulated: when requests come, and what things cost."""

from __future__ import annotations

import dataclasses
from array import array
from typing import TYPE_CHECKING

from qmp_iothreadd.iothread._engine import AT_END
from qmp_iothreadd.lab._lab import ARRIVALS, DEPTH_MAX, PHASES_MAX, QUEUES_MAX, extremes
from qmp_iothreadd.lab.buffers import int64s
from qmp_iothreadd.lab.checks import (
    check_choice,
    check_integer,
    check_number,
    check_time,
    check_times,
)
from qmp_iothreadd.lab.device import DEVICES, Device
from qmp_iothreadd.lab.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

IOTHREADS_MAX = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """Requests for iothreads: when they come, in how many queues, and what serves them.

    Attributes:
        arrival: constant (``interval_ns``), exponential (of that mean), lognormal (of that median,
            and ``sigma`` of the logarithm), on-off (``interval_ns`` for ``on_ns``, then nothing for
            ``off_ns``), bimodal (``interval_ns``, but ``slow_ns`` for ``slow_share`` of them),
            pareto (at least ``interval_ns``, with a tail of exponent ``shape``), trace
            (``intervals``; ``at_end`` says whether to ``repeat`` or ``stop`` there) or phases.
        intervals: a buffer of int64, or integers: from one request to the next, in ns.
        phases: pairs of a load, of which the arrival counts, and how many ns it lasts; all of them
            over and over. An interval that passes the end of a phase is cut off there.

        device: what a request is submitted to; another handler sees it complete. Without one it is
            served by the handler of its queue, and done.
        queues: how many an iothread has, with a handler and arrivals of its own each.
        depth: 0 for an open loop, whose requests come at their times. Otherwise a closed one: each
            queue has so many requests, and the arrival does not matter.
        think_ns: in a closed loop, from the end of a request until the next one comes.
        iothreads: how many there are, each with such queues, and a CPU of its own.

    Raises:
        ValueError, TypeError: an unknown arrival, or values that are none.
    """

    arrival: str = "lognormal"
    interval_ns: int = 30_000
    sigma: float = 1.2
    on_ns: int = 1_000_000
    off_ns: int = 10_000_000
    intervals: Buffer | Sequence[int] | None = None
    slow_ns: int = 300_000
    slow_share: float = 0.1
    shape: float = 1.5
    at_end: str = AT_END[0]
    phases: tuple[tuple[Load, int], ...] = ()
    device: Device | None = None
    queues: int = 1
    depth: int = 0
    think_ns: int = 0
    iothreads: int = 1

    def __post_init__(self) -> None:
        check_choice("arrival", self.arrival, ARRIVALS)
        check_choice("at_end", self.at_end, AT_END)
        check_integer("queues", self.queues, 1, QUEUES_MAX)
        check_integer("depth", self.depth, 0, DEPTH_MAX)
        check_time("think_ns", self.think_ns)
        check_integer("iothreads", self.iothreads, 1, IOTHREADS_MAX)
        if self.think_ns and not self.depth:
            raise ValueError("think_ns is of a closed loop: give it a depth")
        check_time("interval_ns", self.interval_ns, 1)
        for name in ("on_ns", "off_ns", "slow_ns"):
            check_time(name, getattr(self, name))
        for name in ("sigma", "slow_share", "shape"):
            check_number(name, getattr(self, name))
        self._check_phases()

    def _check_phases(self) -> None:
        if bool(self.phases) != (self.arrival == "phases"):
            raise ValueError("the arrival phases needs phases, and no other has any")
        if len(self.phases) > PHASES_MAX:
            raise ValueError(f"more than {PHASES_MAX} phases")
        for phase, lasts_ns in self.phases:
            if phase.arrival in ("trace", "phases"):
                raise ValueError(f"a phase cannot be of the arrival {phase.arrival}")
            check_time("what a phase lasts", lasts_ns, 1)

    def __reduce__(self) -> tuple[Callable[..., Load], tuple[object, ...]]:
        """For pickle, which takes no buffers."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        if self.intervals is not None:
            values["intervals"] = array("q", memoryview(int64s(self.intervals, "intervals")))
        return Load, tuple(values.values())

    @property
    def has_one_handler(self) -> bool:
        """Whether requests come at their times, to one handler that is all that serves them."""
        return self.device is None and self.queues == 1 and self.depth == 0

    def checked_intervals(self) -> Buffer | None:
        """As int64; None where the arrival takes none.

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
        check_times("intervals", *extremes(values))
        return values

    def __str__(self) -> str:
        words = [self._loop_words() if self.depth else self._arrival_words()]
        words += [f"on {self.device}"] if self.device else []
        words += [f"{self.queues} queues"] if self.queues > 1 else []
        words += [f"{self.iothreads} iothreads"] if self.iothreads > 1 else []
        return ", ".join(words)

    def _loop_words(self) -> str:
        thinks = f", {self.think_ns} ns between" if self.think_ns else ""
        return f"closed loop ({self.depth} at a time{thinks})"

    def _arrival_words(self) -> str:
        if self.arrival == "phases":
            each = (f"{phase} for {lasts_ns} ns" for phase, lasts_ns in self.phases)
            return f"phases ({'; '.join(each)})"
        words = {
            "constant": f"every {self.interval_ns} ns",
            "exponential": f"mean {self.interval_ns} ns",
            "lognormal": f"median {self.interval_ns} ns, sigma {self.sigma:g}",
            "on-off": f"{self.interval_ns} ns for {self.on_ns} ns, then off for {self.off_ns} ns",
            "bimodal": f"{self.interval_ns} ns, {self.slow_share:.0%} {self.slow_ns} ns",
            "pareto": f"at least {self.interval_ns} ns, shape {self.shape:g}",
            "trace": "once" if self.at_end == "stop" else "over and over",
        }
        return f"{self.arrival} ({words[self.arrival]})"


def as_load(given: Load | Trace) -> Load:
    """Of a trace, the load whose requests come after its intervals.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(given, Trace):
        return Load("trace", intervals=given.intervals)
    if not isinstance(given, Load):
        raise TypeError(f"expected a Load (as those of PRESETS) or a Trace, not {given!r}")
    return given


_BUSY, _QUIET = Load("exponential", 20_000), Load("exponential", 200_000)

PRESETS = {
    "constant": Load("constant", 20_000),
    "exponential": Load("exponential", 30_000),
    "lognormal": Load("lognormal", 30_000, sigma=1.2),
    "on-off": Load("on-off", 10_000, on_ns=1_000_000, off_ns=10_000_000),
    "bimodal": Load("bimodal", 10_000, slow_ns=200_000, slow_share=0.2),
    "pareto": Load("pareto", 10_000, shape=1.5),
    "phases": Load("phases", phases=((_BUSY, 50_000_000), (_QUIET, 50_000_000))),
    # A guest that reads at random, one request at a time, and needs a while for each.
    **{name: Load(device=device, depth=1, think_ns=20_000) for name, device in DEVICES.items()},
    # What the patch series was measured with: 4 KiB read at random, depth 8, two iothreads.
    "qemu-series": Load(device=DEVICES["ssd"], depth=8, think_ns=20_000, iothreads=2),
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
        check_number("wake_sigma", self.wake_sigma)
