from array import array
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import (
    Any,
    ClassVar,
    Final,
    Literal,
    NamedTuple,
    NotRequired,
    Self,
    TypedDict,
    TypeVar,
    Unpack,
)

from typing_extensions import Buffer

_T = TypeVar("_T")

Action = Literal["none", "grow", "shrink"]

ACTIONS: Final[tuple[Action, ...]]
IDLE_INTERVAL_NS: Final[int]
TIME_MAX_NS: Final[int]
ACCESS_PATTERNS: Final[tuple[str, ...]]
ARRIVALS: Final[tuple[str, ...]]
AT_END: Final[tuple[str, ...]]
LATENCIES: Final[tuple[str, ...]]
DISK_ERROR_ACTIONS: Final[tuple[str, ...]]
DISK_OPERATIONS: Final[tuple[str, ...]]
DISK_OPERATION_PREFIXES: Final[tuple[str, ...]]
DISK_REQUEST_MAX: Final[int]
DISK_SECTOR: Final[int]
FD_MONITORS: Final[tuple[str, ...]]
POLICIES: Final[tuple[str, ...]]
PROBE_SCENARIOS: Final[tuple[str, ...]]
POLL_PARAMS: Final[tuple[PollParamInfo, ...]]
UNSET_POLL_PARAMS: Final[PollParams]
TRACE_EVENTS: Final[tuple[str, ...]]
THROTTLE_LIMITS: Final[tuple[str, ...]]
THROTTLE_VALUE_MAX: Final[int]
WORKLOAD_DEPTH_MAX: Final[int]
WORKLOAD_LATE_NS: Final[int]
WORKLOAD_PHASES_MAX: Final[int]

class Latency(TypedDict):
    latency_ns: dict[str, int]
    latency_count: int
    latency_sum_ns: int
    latency_histogram: dict[int, int]

class HandlerInfo(TypedDict):
    node: int
    fd: int
    polled: bool
    ns: int
    events: int
    latency_ns: NotRequired[dict[str, int]]
    latency_count: NotRequired[int]
    latency_sum_ns: NotRequired[int]
    latency_histogram: NotRequired[dict[int, int]]

class Stats(Latency):
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
    poll_ns_by_time: float
    poll_ns_histogram: dict[int, int]
    observed_ns: int
    cpu_ns: int
    handlers: list[HandlerInfo]

class WorkloadStats(Latency):
    issued: int
    completed: int
    in_flight: int
    dropped: int
    late: int
    late_max_ns: int
    fell_behind: bool
    notifications: int
    failed: int
    read_bytes: int
    written_bytes: int
    flushes: int

class ArrivalArguments(TypedDict, total=False):
    arrival: str
    interval_ns: int
    sigma: float
    on_ns: int
    off_ns: int
    slow_ns: int
    slow_share: float
    shape: float
    intervals: Buffer | Iterable[int]
    at_end: str
    phases: Iterable[tuple[ArrivalArguments, int]]
    seed: int

class WorkloadArguments(ArrivalArguments, total=False):
    depth: int
    think_ns: int
    service_ns: int
    device: ArrivalArguments | None
    cpus: Iterable[int]
    pattern: str
    block_size: int
    read_percent: int
    flush_every: int

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

class BottomHalf:
    @property
    def context(self) -> AioContext: ...
    def schedule(self) -> None: ...
    def cancel(self) -> None: ...
    def delete(self) -> None: ...

class Timer:
    @property
    def context(self) -> AioContext: ...
    @property
    def pending(self) -> bool: ...
    def modify(self, delay_ns: int) -> None: ...
    def cancel(self) -> None: ...
    def delete(self) -> None: ...

class AioContext:
    def __init__(
        self,
        name: str | None = None,
        params: PollParams | None = None,
        *,
        policy: str = ...,
        idle_interval_ns: int = ...,
        fdmon: str | None = ...,
    ) -> None: ...
    fdmon: str
    @property
    def fdmon_refusal(self) -> str | None: ...
    def start(self, *, wait: bool = True) -> int: ...
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
    @property
    def disk_queues(self) -> int: ...
    def set_pool_sizes(self, least: int, most: int) -> None: ...
    def set_max_batch(self, max_batch: int) -> None: ...
    def notify(self) -> None: ...
    def set_poll_params(self, params: PollParams, *, policy: str | None = None) -> None: ...
    @property
    def poll_params(self) -> PollParams: ...
    @property
    def policy(self) -> str: ...
    def set_nice(self, nice: int) -> None: ...
    def add_handler(
        self,
        source: int | EventNotifier,
        read: Callable[[], object] | None = None,
        *,
        write: Callable[[], object] | None = None,
        poll: Callable[[], object] | Literal[True] | None = None,
        poll_ready: Callable[[], object] | None = None,
        poll_begin: Callable[[], object] | None = None,
        poll_end: Callable[[], object] | None = None,
    ) -> Handler: ...
    def replace_handler(
        self,
        handler: Handler,
        read: Callable[[], object] | None = None,
        *,
        write: Callable[[], object] | None = None,
        poll: Callable[[], object] | Literal[True] | None = None,
        poll_ready: Callable[[], object] | None = None,
        poll_begin: Callable[[], object] | None = None,
        poll_end: Callable[[], object] | None = None,
    ) -> Handler: ...
    def remove_handler(self, handler: Handler) -> None: ...
    def schedule(self, fn: Callable[[], object]) -> BottomHalf: ...
    def bottom_half(self, fn: Callable[[], object]) -> BottomHalf: ...
    def call_later(self, delay_ns: int, fn: Callable[[], object]) -> Timer: ...
    def timer(self, fn: Callable[[], object]) -> Timer: ...
    def submit(
        self, fn: Callable[[], _T], done: Callable[[Future[_T]], object] | None = None
    ) -> Future[_T]: ...
    def poll(self, blocking: bool) -> bool: ...
    def stats(self) -> Stats: ...
    def reset_stats(self) -> None: ...
    def handlers(self) -> list[HandlerInfo]: ...
    def drain_traces(self, limit: int = 1000000) -> list[tuple[Any, ...]]: ...
    def drain_raw_traces(self, limit: int = 1000000) -> tuple[bytes, int, int]: ...
    @property
    def traces_dropped(self) -> int: ...

def parse_intervals(text: bytes, most: int) -> tuple[array[int], int]: ...

class ThrottleGroup:
    def __init__(self) -> None: ...
    def set_limits(
        self, *, now_ns: int | None = None, iops_size: int = ..., **limits: int
    ) -> None: ...
    def admit(self, is_write: bool, nbytes: int, now_ns: int) -> int: ...

class Disk:
    size: int
    write_threshold: int
    write_cache: bool
    no_flush: bool
    def __init__(
        self,
        fd: int = ...,
        *,
        size: int,
        offset: int = ...,
        read_only: bool = ...,
        latency_ns: int = ...,
        no_flush: bool = ...,
        rerror: str = ...,
        werror: str = ...,
        account_failed: bool = ...,
        account_invalid: bool = ...,
    ) -> None: ...
    def close(self) -> None: ...
    def set_error_actions(self, *, rerror: str, werror: str) -> None: ...
    def set_throttle(self, group: ThrottleGroup | None) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    @property
    def paused(self) -> bool: ...
    def fileno(self) -> int: ...
    def take_events(self) -> list[tuple[Any, ...]]: ...

class DiskQueue:
    def __init__(self, disk: Disk, context: AioContext) -> None: ...
    @property
    def context(self) -> AioContext: ...
    def close(self) -> None: ...
    def stats(self) -> dict[str, int]: ...
    def set_latency_histogram(self, operation: str, bounds_ns: Iterable[int]) -> None: ...
    def latency_histogram(self, operation: str) -> tuple[list[int], list[int]]: ...

class WorkloadParams:
    def __init__(self, **params: Unpack[WorkloadArguments]) -> None: ...
    def sample(self, count: int) -> list[int]: ...
    def sample_accesses(self, count: int, disk_size: int) -> list[tuple[str, int, int]]: ...

class NativeWorkload:
    def __init__(
        self, server: AioContext | DiskQueue, **params: Unpack[WorkloadArguments]
    ) -> None: ...
    @property
    def context(self) -> AioContext: ...
    @property
    def stopped(self) -> bool: ...
    def tune(self, **params: Unpack[WorkloadArguments]) -> None: ...
    def stop(self) -> None: ...
    def stats(self) -> WorkloadStats: ...

def apply_poll_params(changes: Iterable[tuple[AioContext, PollParams, str]]) -> None: ...
def await_started(contexts: Iterable[AioContext]) -> None: ...
def stop_all(contexts: Iterable[AioContext]) -> None: ...
def set_trace_events(names: Iterable[str]) -> None: ...
def trace_events() -> list[str]: ...
def latency_bounds(bucket: int) -> tuple[int, int]: ...
def probe(
    scenario: str, duration_ns: int, *, cpu: int | None = None
) -> tuple[dict[str, list[int]], int, int]: ...
def live_counters() -> dict[str, int]: ...
