from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypedDict

from typing_extensions import Buffer

HANDLERS_MAX: Final[int]
POLICIES: Final[tuple[str, ...]]
ARRIVALS: Final[tuple[str, ...]]
LATENCY_PARTS: Final[int]
PHASES_MAX: Final[int]
QUEUES_MAX: Final[int]
DEPTH_MAX: Final[int]

class _Params(Protocol):
    @property
    def max_ns(self) -> int: ...
    @property
    def grow(self) -> int: ...
    @property
    def shrink(self) -> int: ...
    @property
    def weight(self) -> int: ...
    @property
    def policy(self) -> object: ...

class _Distribution(Protocol):
    @property
    def arrival(self) -> str: ...
    @property
    def interval_ns(self) -> int: ...
    @property
    def sigma(self) -> float: ...
    @property
    def on_ns(self) -> int: ...
    @property
    def off_ns(self) -> int: ...
    @property
    def slow_ns(self) -> int: ...
    @property
    def slow_share(self) -> float: ...
    @property
    def shape(self) -> float: ...
    @property
    def at_end(self) -> str: ...
    @property
    def phases(self) -> Sequence[tuple[_Distribution, int]]: ...

class _Device(_Distribution, Protocol):
    @property
    def kind(self) -> str: ...

class _Load(_Distribution, Protocol):
    @property
    def device(self) -> _Device | None: ...
    @property
    def queues(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def think_ns(self) -> int: ...

class _Costs(Protocol):
    @property
    def wake_ns(self) -> int: ...
    @property
    def wake_sigma(self) -> float: ...
    @property
    def pass_ns(self) -> int: ...
    @property
    def exit_ns(self) -> int: ...
    @property
    def ask_ns(self) -> int: ...
    @property
    def dispatch_ns(self) -> int: ...
    @property
    def request_ns(self) -> int: ...
    @property
    def loop_ns(self) -> int: ...

class Counters(TypedDict):
    duration_ns: int
    iterations: int
    polled: int
    slept: int
    in_vain: int
    grown: int
    shrunk: int
    resets: int
    dispatches: int
    services: int
    poll_ns: int
    polling_ns: float
    window_sum: float
    latency_sum: float
    weighted_sum: float
    near_max_ns: float
    latencies: dict[int, int]

class OwnPolicy:
    name: str
    @staticmethod
    def of_function(function: Callable[[Any, list[int]], int], name: str) -> OwnPolicy: ...
    @staticmethod
    def of_library(path: str, name: str) -> OwnPolicy: ...

# Events, requests, sum of latencies and latencies of each handler.
Found = tuple[Counters, list[tuple[int, int, float, dict[int, int]]]]
Run = tuple[int, list[Found]]  # how many requests, and for each set

_Replayed = tuple[int, tuple[int, ...], float, int, int, int, int]

def replay(
    block_ns: Buffer,
    events: Buffer,
    params: Sequence[_Params],
    handlers: int,
    owns: Sequence[OwnPolicy | None],
) -> list[_Replayed]: ...
def simulate(
    load: _Load,
    intervals: Buffer | None,
    params: Sequence[_Params],
    costs: _Costs,
    requests: int,
    seed: int,
    progress: Callable[[int], object] | None = None,
) -> tuple[int, list[Counters]]: ...
def simulate_events(
    load: _Load,
    intervals: Buffer | None,
    table: Buffer | None,
    params: Sequence[_Params],
    owns: Sequence[OwnPolicy | None],
    costs: _Costs,
    requests: int,
    seed: int,
    progress: Callable[[int], object] | None = None,
) -> Run: ...
def extremes(values: Buffer) -> tuple[int, int]: ...
