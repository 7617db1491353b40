from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Final, Literal, NamedTuple, Self, TypedDict, Unpack

Action = Literal["none", "grow", "shrink"]

ACTIONS: Final[tuple[Action, ...]]
IDLE_INTERVAL_NS: Final[int]
TIME_MAX_NS: Final[int]
ARRIVALS: Final[tuple[str, ...]]
POLICIES: Final[tuple[str, ...]]
POLL_PARAMS: Final[tuple[PollParamInfo, ...]]
TRACE_EVENTS: Final[tuple[str, ...]]
WORKLOAD_DEPTH_MAX: Final[int]
WORKLOAD_LATE_NS: Final[int]

class HandlerInfo(TypedDict):
    node: int
    fd: int
    polled: bool
    ns: int
    events: int

class Stats(TypedDict):
    iterations: int
    events: int
    polled_events: int
    waited_events: int
    notifications: int
    polls: int
    polls_in_vain: int
    waits: int
    adjustments: int
    grows: int
    shrinks: int
    resets: int
    polling_ns: int
    blocked_ns: int
    handling_ns: int
    near_max_ns: int
    poll_ns: int
    poll_ns_mean: float
    poll_ns_histogram: dict[int, int]
    observed_ns: int
    cpu_ns: int
    latency_ns: dict[str, int]
    latency_count: int
    latency_sum_ns: int
    handlers: list[HandlerInfo]

class WorkloadStats(TypedDict):
    issued: int
    completed: int
    in_flight: int
    dropped: int
    late: int
    late_max_ns: int
    notifications: int

class WorkloadArguments(TypedDict, total=False):
    arrival: str
    interval_ns: int
    sigma: float
    on_ns: int
    off_ns: int
    intervals: Iterable[int]
    depth: int
    service_ns: int
    seed: int

class PollParamInfo(NamedTuple):
    name: str
    property: str
    default: int
    minimum: int
    maximum: int
    zero_is_default: bool
    description: str

class PollParams(tuple[int, ...]):
    _fields: ClassVar[tuple[str, ...]]
    def __new__(cls, **values: int) -> Self: ...
    def __getattr__(self, name: str) -> int: ...
    @classmethod
    def _make(cls, iterable: Iterable[int]) -> Self: ...
    def _asdict(self) -> dict[str, int]: ...

class AdaptivePolling:
    poll_ns: int
    def __init__(
        self,
        max_ns: int,
        grow: int,
        shrink: int,
        weight: int,
        handlers: int,
        *,
        policy: str = ...,
        **others: int,
    ) -> None: ...
    @property
    def handler_ns(self) -> list[int]: ...
    @handler_ns.setter
    def handler_ns(self, values: Iterable[int]) -> None: ...
    def step(self, block_ns: int, events: Sequence[object]) -> Action: ...

class EventNotifier:
    def __init__(self) -> None: ...
    @property
    def fd(self) -> int: ...
    def fileno(self) -> int: ...
    def set(self) -> None: ...
    def test_and_clear(self) -> bool: ...
    def close(self) -> None: ...

class Handler: ...

class AioContext:
    def __init__(
        self,
        name: str | None = None,
        params: PollParams | None = None,
        *,
        policy: str = ...,
        idle_interval_ns: int = ...,
    ) -> None: ...
    def start(self) -> int: ...
    def stop(self) -> None: ...
    def request_stop(self) -> None: ...
    def close(self) -> None: ...
    @property
    def thread_id(self) -> int: ...
    @property
    def poll_ns(self) -> int: ...
    @property
    def address(self) -> int: ...
    @property
    def workloads(self) -> int: ...
    def set_poll_params(self, params: PollParams, *, policy: str | None = None) -> None: ...
    @property
    def poll_params(self) -> PollParams: ...
    @property
    def policy(self) -> str: ...
    def set_nice(self, nice: int) -> None: ...
    def add_handler(
        self,
        source: int | EventNotifier,
        read: Callable[[], object],
        *,
        poll: Callable[[], object] | Literal[True] | None = None,
        poll_ready: Callable[[], object] | None = None,
        poll_begin: Callable[[], object] | None = None,
        poll_end: Callable[[], object] | None = None,
    ) -> Handler: ...
    def remove_handler(self, handler: Handler) -> None: ...
    def schedule(self, fn: Callable[[], object]) -> None: ...
    def call_later(self, delay_ns: int, fn: Callable[[], object]) -> None: ...
    def poll(self, blocking: bool) -> bool: ...
    def stats(self) -> Stats: ...
    def reset_stats(self) -> None: ...
    def handlers(self) -> list[HandlerInfo]: ...
    def drain_traces(self, limit: int = 1000000) -> list[tuple[Any, ...]]: ...
    @property
    def traces_dropped(self) -> int: ...

def parse_intervals(text: bytes, most: int) -> tuple[array[int], int]: ...

class WorkloadParams:
    def __init__(self, **params: Unpack[WorkloadArguments]) -> None: ...
    def sample(self, count: int) -> list[int]: ...

class NativeWorkload:
    def __init__(self, context: AioContext, **params: Unpack[WorkloadArguments]) -> None: ...
    @property
    def context(self) -> AioContext: ...
    def tune(self, **params: Unpack[WorkloadArguments]) -> None: ...
    def stop(self) -> None: ...
    def stats(self) -> WorkloadStats: ...

def set_trace_events(names: Iterable[str]) -> None: ...
def trace_events() -> list[str]: ...
def live_counters() -> dict[str, int]: ...
