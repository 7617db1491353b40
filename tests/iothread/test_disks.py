"""Disks: what is read and written, what is counted, what fails, and what goes on when they go."""

from __future__ import annotations

import errno
import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.iothread._engine import (
    ACCESS_PATTERNS,
    DISK_OPERATION_PREFIXES,
    DISK_OPERATIONS,
    DISK_REQUEST_MAX,
    DISK_SECTOR,
    TIME_MAX_NS,
    AioContext,
    Disk,
    DiskQueue,
    NativeWorkload,
    ThrottleGroup,
    WorkloadParams,
    live_counters,
)

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]

SIZE = 1 << 20
# An interval at which nothing is issued while a test runs.
NEVER_NS = 10**12
FILL = 0xDB
BLOCK = 4096


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    """A descriptor of a file of zeros."""
    fd = os.open(tmp_path / "disk", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.truncate(fd, SIZE)
    yield fd
    os.close(fd)


class Bench:
    """Disks, queues and workloads that end with the test."""

    def __init__(self, cleanup: ExitStack, started: Start) -> None:
        self._cleanup = cleanup
        self._started = started
        self.workloads: list[NativeWorkload] = []
        cleanup.callback(self.workloads.clear)

    def disk(self, fd: int = -1, *, size: int = SIZE, **params: Any) -> Disk:
        disk = Disk(fd, size=size, **params)
        self._cleanup.callback(disk.close)
        return disk

    def queue(self, disk: Disk, context: AioContext | None = None) -> DiskQueue:
        queue = DiskQueue(disk, context or self._started())
        self._cleanup.callback(queue.close)
        return queue

    def load(self, queue: DiskQueue, **params: Any) -> NativeWorkload:
        """A closed loop of requests, one right after the other; the queue's end stops it."""
        self.workloads.append(NativeWorkload(queue, **{"interval_ns": 0, "depth": 4, **params}))
        return self.workloads[-1]


@pytest.fixture
def bench(cleanup: ExitStack, started: Start) -> Bench:
    return Bench(cleanup, started)


def settle(workload: NativeWorkload, eventually: Eventually) -> dict[str, Any]:
    """What a workload has done, once nothing of it is under way any more."""
    workload.tune(interval_ns=NEVER_NS)
    eventually(lambda: workload.stats()["in_flight"] == 0)
    return dict(workload.stats())


def total(stats: dict[str, int], form: str) -> int:
    return sum(stats[form.format(prefix)] for prefix in DISK_OPERATION_PREFIXES)


def assert_reconciled(stats: dict[str, int]) -> None:
    ended = (
        total(stats, form)
        for form in ("{}_operations", "failed_{}_operations", "invalid_{}_operations")
    )
    assert stats["submitted"] == sum(ended) + stats["cancelled"] + stats["pending"]


# -- What is done to the file ---------------------------------------------------------------------


def test_writes_reach_the_file(bench: Bench, file: int, eventually: Eventually) -> None:
    queue = bench.queue(bench.disk(file))
    writes = bench.load(queue, pattern="sequential", read_percent=0)
    eventually(lambda: queue.stats()["wr_highest_offset"] == SIZE)
    settle(writes, eventually)
    assert os.pread(file, SIZE, 0) == bytes([FILL]) * SIZE


def test_a_disk_may_be_a_piece_of_its_file(bench: Bench, file: int, eventually: Eventually) -> None:
    queue = bench.queue(bench.disk(file, size=2 * BLOCK, offset=BLOCK))
    writes = bench.load(queue, pattern="sequential", read_percent=0)
    eventually(lambda: queue.stats()["wr_operations"] > 10)
    settle(writes, eventually)
    written = bytes([FILL]) * 2 * BLOCK
    assert os.pread(file, 4 * BLOCK, 0) == bytes(BLOCK) + written + bytes(BLOCK)


def test_reading_past_the_end_of_the_file_reads_zeros(
    bench: Bench, file: int, eventually: Eventually
) -> None:
    os.truncate(file, BLOCK + 1)
    queue = bench.queue(bench.disk(file))
    bench.load(queue, pattern="sequential")
    eventually(lambda: queue.stats()["rd_operations"] > 2 * SIZE / BLOCK)
    assert not queue.stats()["failed_rd_operations"]


def test_the_file_stays_open_while_there_are_queues(
    bench: Bench, eventually: Eventually, tmp_path: Path
) -> None:
    (tmp_path / "own").write_bytes(bytes(SIZE))
    fd = os.open(tmp_path / "own", os.O_RDONLY | os.O_CLOEXEC)
    disk = bench.disk(fd)
    os.close(fd)
    queue = bench.queue(disk)
    disk.close()
    bench.load(queue)
    eventually(lambda: queue.stats()["rd_operations"] > 10)
    assert live_counters()["disks"] == 1
    queue.close()
    assert live_counters()["disks"] == 0


def test_a_closed_descriptor_is_refused(bench: Bench) -> None:
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        bench.disk(1 << 20)
    assert live_counters()["disks"] == 0


@pytest.mark.parametrize(
    "params",
    [
        {"size": 2**63},
        {"size": 1, "offset": 2**63 - 1},
        {"latency_ns": -1},
        {"latency_ns": TIME_MAX_NS + 1},
        {"werror": "nope"},
        {"rerror": ""},
    ],
    ids=str,
)
def test_parameters_out_of_range_are_refused(bench: Bench, params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"out of range|must be one of"):
        bench.disk(**params)
    assert live_counters()["disks"] == 0


# -- Counting -------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_null", [False, True])
def test_what_was_issued_is_what_was_done(
    bench: Bench, file: int, eventually: Eventually, is_null: bool
) -> None:
    # Flushing really would take as long as the host's other users like.
    queue = bench.queue(bench.disk(-1 if is_null else file, no_flush=True))
    mixed = bench.load(queue, read_percent=60, flush_every=3, block_size=1024)
    eventually(lambda: min(queue.stats()[f"{x}_operations"] for x in ("rd", "wr", "flush")) > 20)
    assert_reconciled(queue.stats())
    done, stats = settle(mixed, eventually), queue.stats()
    assert_reconciled(stats)
    assert done["issued"] == done["completed"] == stats["submitted"]
    assert done["read_bytes"] == stats["rd_bytes"] == 1024 * stats["rd_operations"]
    assert done["written_bytes"] == stats["wr_bytes"] == 1024 * stats["wr_operations"]
    assert done["flushes"] == stats["flush_operations"]
    # Tuning, to settle, begins to count the writes before a flush afresh.
    assert 0 <= stats["wr_operations"] // 3 - stats["flush_operations"] <= 1
    assert total(stats, "{}_operations") == stats["submitted"]
    assert stats["pending"] == stats["cancelled"] == done["failed"] == 0
    assert stats["last_access_ns"] > 0
    assert min(stats[f"{x}_total_time_ns"] for x in ("rd", "wr", "flush")) > 0


def test_completions_are_events_that_polling_finds(
    bench: Bench, file: int, started: Start, eventually: Eventually
) -> None:
    context = started(max_ns=10**9)
    queue = bench.queue(bench.disk(file), context)
    bench.load(queue, depth=1)
    eventually(lambda: context.stats()["polled_events"] > 100)
    (_, completions, ring) = context.handlers()
    for handler in (completions, ring):
        assert handler["polled"]
        assert handler["events"] > 10


def test_completions_wake_a_thread_that_does_not_poll(
    bench: Bench, file: int, started: Start, eventually: Eventually
) -> None:
    context = started(max_ns=0)
    queue = bench.queue(bench.disk(file), context)
    bench.load(queue)
    eventually(lambda: queue.stats()["rd_operations"] > 100)
    assert context.stats()["polled_events"] == 0


def test_a_disk_is_served_by_several_contexts(
    bench: Bench, file: int, eventually: Eventually
) -> None:
    disk = bench.disk(file)
    queues = [bench.queue(disk) for _ in range(3)]
    for queue in queues:
        bench.load(queue, read_percent=50)
    eventually(lambda: min(queue.stats()["rd_operations"] for queue in queues) > 50)


def test_a_null_disk_takes_its_time(bench: Bench, eventually: Eventually) -> None:
    queue = bench.queue(bench.disk(latency_ns=2_000_000))
    reads = bench.load(queue)
    eventually(lambda: queue.stats()["rd_operations"] > 20)
    stats = queue.stats()
    assert stats["rd_total_time_ns"] >= 2_000_000 * stats["rd_operations"]
    settle(reads, eventually)


def test_latencies_are_counted_by_the_bounds_that_are_set(
    bench: Bench, eventually: Eventually
) -> None:
    queue = bench.queue(bench.disk(latency_ns=2_000_000))
    assert queue.latency_histogram("read") == ([], [])
    bounds = [1_000, 1_000_000, 10**12]
    queue.set_latency_histogram("read", bounds)
    reads = bench.load(queue)
    eventually(lambda: queue.latency_histogram("read")[1][2] > 10)
    settle(reads, eventually)
    done = queue.stats()["rd_operations"]
    assert queue.latency_histogram("read") == (bounds, [0, 0, done, 0])
    assert queue.latency_histogram("write") == ([], [])
    queue.set_latency_histogram("read", [1])
    assert queue.latency_histogram("read") == ([1], [0, 0])
    queue.set_latency_histogram("read", [])
    assert queue.latency_histogram("read") == ([], [])


@pytest.mark.parametrize(
    ("operation", "bounds", "text"),
    [
        ("read", [0], "must rise"),
        ("write", [1, 1], "must rise"),
        ("flush", [2, 1], "must rise"),
        ("zap", [1], "must be one of read, write, flush"),
    ],
)
def test_histograms_that_there_cannot_be_are_refused(
    bench: Bench, operation: str, bounds: list[int], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        bench.queue(bench.disk()).set_latency_histogram(operation, bounds)


def test_without_a_write_cache_each_write_is_flushed(
    bench: Bench, eventually: Eventually, tmp_path: Path
) -> None:
    fd = os.open(tmp_path / "own", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    disk = bench.disk(fd)
    os.close(fd)
    disk.write_cache = False
    assert not disk.write_cache
    queue = bench.queue(disk)
    bench.load(queue, read_percent=0)
    eventually(lambda: queue.stats()["wr_operations"] > 10)
    assert queue.stats()["flush_operations"] == 0


# -- Accesses -------------------------------------------------------------------------------------


def accesses(count: int = 5000, size: int = SIZE, **params: Any) -> list[tuple[str, int, int]]:
    return WorkloadParams(**params).sample_accesses(count, size)


def test_sequential_accesses_go_round() -> None:
    offsets = [offset for _, offset, _ in accesses(5, 3 * BLOCK, pattern="sequential")]
    assert offsets == [0, BLOCK, 2 * BLOCK, 0, BLOCK]


@pytest.mark.parametrize("pattern", ACCESS_PATTERNS)
def test_accesses_are_within_the_disk(pattern: str) -> None:
    found = accesses(pattern=pattern, size=10 * BLOCK + 512)
    assert {offset for _, offset, _ in found} == {block * BLOCK for block in range(10)}
    assert {size for _, _, size in found} == {BLOCK}


def test_hot_accesses_go_to_the_first_fifth() -> None:
    found = accesses(pattern="hot", size=100 * BLOCK)
    hot = sum(offset < 20 * BLOCK for _, offset, _ in found)
    assert hot / len(found) == pytest.approx(0.8, abs=0.03)


def test_reads_and_writes_have_their_shares_and_flushes_their_turn() -> None:
    found = [op for op, _, _ in accesses(read_percent=30, flush_every=4)]
    shares = {op: found.count(op) / len(found) for op in DISK_OPERATIONS}
    assert shares["read"] / (shares["read"] + shares["write"]) == pytest.approx(0.3, abs=0.03)
    assert found.count("flush") == found.count("write") // 4


@pytest.mark.parametrize(
    "params",
    [
        {"block_size": 0},
        {"block_size": DISK_SECTOR + 1},
        {"block_size": DISK_REQUEST_MAX + DISK_SECTOR},
        {"read_percent": 101},
        {"pattern": "nope"},
    ],
    ids=str,
)
def test_accesses_out_of_range_are_refused(bench: Bench, params: dict[str, Any]) -> None:
    queue = bench.queue(bench.disk())
    with pytest.raises(ValueError, match=r"pattern must be|out of range"):
        bench.load(queue, **params)
    assert live_counters()["workloads"] == 0


# -- What cannot be done --------------------------------------------------------------------------


def test_requests_past_the_end_are_invalid(bench: Bench, eventually: Eventually) -> None:
    queue = bench.queue(bench.disk(size=BLOCK - DISK_SECTOR))
    mixed = bench.load(queue, read_percent=50)
    eventually(lambda: min(queue.stats()[f"invalid_{x}_operations"] for x in ("rd", "wr")) > 5)
    done, stats = settle(mixed, eventually), queue.stats()
    assert_reconciled(stats)
    assert done["failed"] == done["issued"] == total(stats, "invalid_{}_operations")


def test_writes_to_what_is_read_only_are_invalid(
    bench: Bench, file: int, eventually: Eventually
) -> None:
    queue = bench.queue(bench.disk(file, read_only=True))
    bench.load(queue, read_percent=50)
    eventually(lambda: queue.stats()["invalid_wr_operations"] > 5)
    eventually(lambda: queue.stats()["rd_operations"] > 5)
    assert queue.stats()["wr_operations"] == 0


def test_a_disk_that_grows_takes_requests_to_where_it_has_grown(
    bench: Bench, eventually: Eventually
) -> None:
    disk = bench.disk(size=0)
    queue = bench.queue(disk)
    bench.load(queue, pattern="sequential", read_percent=0)
    eventually(lambda: queue.stats()["invalid_wr_operations"] > 5)
    disk.size = SIZE
    eventually(lambda: queue.stats()["wr_highest_offset"] == SIZE)
    assert disk.size == SIZE


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[int]:
    """A descriptor that can be read and not written: the kernel says EBADF."""
    (tmp_path / "unwritable").write_bytes(bytes(SIZE))
    fd = os.open(tmp_path / "unwritable", os.O_RDONLY | os.O_CLOEXEC)
    yield fd
    os.close(fd)


def test_errors_are_counted_and_told(bench: Bench, unwritable: int, eventually: Eventually) -> None:
    disk = bench.disk(unwritable)
    queue = bench.queue(disk)
    writes = bench.load(queue, read_percent=0)
    eventually(lambda: queue.stats()["failed_wr_operations"] > 5)
    done, stats = settle(writes, eventually), queue.stats()
    assert_reconciled(stats)
    assert done["failed"] == done["issued"] == stats["failed_wr_operations"]
    assert stats["wr_bytes"] == done["written_bytes"] == 0
    assert stats["wr_total_time_ns"] > 0
    events = disk.take_events()
    assert set(events) == {("io-error", "write", errno.EBADF, "report")}
    assert disk.take_events() == []


def test_errors_may_count_as_no_access(
    bench: Bench, unwritable: int, eventually: Eventually
) -> None:
    queue = bench.queue(bench.disk(unwritable, account_failed=False))
    bench.load(queue, read_percent=0)
    eventually(lambda: queue.stats()["failed_wr_operations"] > 5)
    assert queue.stats()["last_access_ns"] == queue.stats()["wr_total_time_ns"] == 0


def test_errors_may_be_ignored(bench: Bench, unwritable: int, eventually: Eventually) -> None:
    disk = bench.disk(unwritable, werror="ignore")
    queue = bench.queue(disk)
    writes = bench.load(queue, read_percent=0)
    eventually(lambda: queue.stats()["wr_operations"] > 5)
    assert settle(writes, eventually)["failed"] == 0
    assert disk.take_events()[0] == ("io-error", "write", errno.EBADF, "ignore")


def test_an_error_pauses_the_disk_until_it_goes_on(
    bench: Bench, unwritable: int, eventually: Eventually
) -> None:
    disk = bench.disk(unwritable, werror="stop")
    queue = bench.queue(disk)
    writes = bench.load(queue, read_percent=0, depth=2)
    for _ in range(3):
        eventually(lambda: ("io-error", "write", errno.EBADF, "stop") in disk.take_events())
        assert disk.paused
        assert_reconciled(queue.stats())
        disk.resume()  # it is tried again, and fails again
    disk.set_error_actions(rerror="report", werror="ignore")
    disk.resume()
    eventually(lambda: queue.stats()["wr_operations"] > 5)
    assert not disk.paused
    assert settle(writes, eventually)["failed"] == 0


def test_a_full_disk_pauses_and_other_errors_do_not(bench: Bench, eventually: Eventually) -> None:
    fd = os.open("/dev/full", os.O_RDWR | os.O_CLOEXEC)
    disk = bench.disk(fd)
    os.close(fd)
    queue = bench.queue(disk)
    bench.load(queue, read_percent=0)
    eventually(lambda: disk.paused)
    assert ("io-error", "write", errno.ENOSPC, "stop") in disk.take_events()
    assert_reconciled(queue.stats())
    queue.close()  # with what waits to be tried again


def test_unread_events_are_bounded_and_the_descriptor_tells_of_them(
    bench: Bench, unwritable: int, eventually: Eventually
) -> None:
    disk = bench.disk(unwritable)
    queue = bench.queue(disk)
    writes = bench.load(queue, read_percent=0)
    assert live_counters()["workloads"] == 1
    eventually(lambda: queue.stats()["failed_wr_operations"] > 200)
    settle(writes, eventually)
    fd = disk.fileno()
    assert select.select([fd], [], [], 0)[0] == [fd]
    assert len(disk.take_events()) == 32
    assert select.select([fd], [], [], 0)[0] == []


def test_a_write_past_the_threshold_is_told_once(
    bench: Bench, file: int, eventually: Eventually
) -> None:
    disk = bench.disk(file)
    disk.write_threshold = 10 * BLOCK + 512
    queues = [bench.queue(disk) for _ in range(2)]
    for queue in queues:
        bench.load(queue, pattern="sequential", read_percent=0)
    eventually(lambda: min(queue.stats()["wr_highest_offset"] for queue in queues) == SIZE)
    assert disk.take_events() == [("write-threshold", BLOCK - 512, 10 * BLOCK + 512)]
    assert disk.write_threshold == 0


# -- Pausing and limits ---------------------------------------------------------------------------


def test_a_paused_disk_begins_nothing(bench: Bench, file: int, eventually: Eventually) -> None:
    disk = bench.disk(file)
    disk.pause()
    queue = bench.queue(disk)
    mixed = bench.load(queue, read_percent=50, flush_every=1)
    eventually(lambda: queue.stats()["pending"] == 4)
    assert total(queue.stats(), "{}_operations") == 0
    assert mixed.stats()["in_flight"] == 4
    disk.resume()
    eventually(lambda: min(queue.stats()[f"{x}_operations"] for x in ("rd", "wr", "flush")) > 0)


def test_limits_keep_requests_waiting_until_they_are_taken_away(
    bench: Bench, file: int, eventually: Eventually
) -> None:
    disk, group = bench.disk(file), ThrottleGroup()
    group.set_limits(bps_wr=1)  # the first write goes on, and the next one in an hour
    disk.set_throttle(group)
    queue = bench.queue(disk)
    bench.load(queue, read_percent=50, depth=64)
    eventually(lambda: queue.stats()["wr_operations"] == 1 and queue.stats()["pending"] == 64)
    eventually(lambda: queue.stats()["rd_operations"] > 0)
    before = queue.stats()
    assert before["wr_operations"] == 1
    group.set_limits()
    eventually(lambda: queue.stats()["wr_operations"] > 100)
    group.set_limits(bps=1)
    eventually(lambda: queue.stats()["pending"] == 64)
    disk.set_throttle(None)
    eventually(lambda: queue.stats()["wr_operations"] > before["wr_operations"] + 1000)


def test_requests_that_wait_go_on_when_their_time_has_come(
    bench: Bench, file: int, eventually: Eventually
) -> None:
    disk, group = bench.disk(file), ThrottleGroup()
    group.set_limits(iops=500)
    disk.set_throttle(group)
    queue = bench.queue(disk)
    reads = bench.load(queue, depth=8)
    eventually(lambda: queue.stats()["rd_operations"] > 200)
    assert queue.stats()["rd_total_time_ns"] > 100_000_000  # most have waited for 16 ms
    group.set_limits()
    settle(reads, eventually)


def test_disks_share_a_group(bench: Bench, eventually: Eventually) -> None:
    group = ThrottleGroup()
    group.set_limits(bps=1)
    queues = []
    for _ in range(2):
        disk = bench.disk()
        disk.set_throttle(group)
        queues.append(bench.queue(disk))
        bench.load(queues[-1])
    eventually(lambda: all(queue.stats()["pending"] == 4 for queue in queues))
    eventually(lambda: sum(queue.stats()["rd_operations"] for queue in queues) == 1)
    group.set_limits()
    eventually(lambda: min(queue.stats()["rd_operations"] for queue in queues) > 100)
    disk.close()
    group.set_limits(iops=10**9)


# -- Threads --------------------------------------------------------------------------------------


def test_the_pool_grows_with_the_requests_and_no_further(
    bench: Bench, file: int, started: Start, eventually: Eventually
) -> None:
    context = started()
    context.set_pool_sizes(2, 3)
    queue = bench.queue(bench.disk(file), context)
    assert live_counters()["pool_workers"] == 0
    bench.load(queue, depth=64, block_size=DISK_REQUEST_MAX // 4)
    eventually(lambda: live_counters()["pool_workers"] == 3)
    context.set_pool_sizes(0, 1)
    done = queue.stats()["rd_operations"]
    eventually(lambda: live_counters()["pool_workers"] == 1)
    eventually(lambda: queue.stats()["rd_operations"] > done + 10)
    context.set_pool_sizes(5, 8)
    eventually(lambda: live_counters()["pool_workers"] >= 5)


@pytest.mark.parametrize("sizes", [(0, 0), (2, 1)])
def test_sizes_that_no_pool_can_have_are_refused(started: Start, sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="do not fit together"):
        started().set_pool_sizes(*sizes)


# -- Closing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"latency_ns": TIME_MAX_NS}, {"latency_ns": 1000}], ids=str)
def test_closing_a_queue_ends_itsworkloads(
    bench: Bench, file: int, eventually: Eventually, params: dict[str, Any]
) -> None:
    queue = bench.queue(bench.disk(-1 if params else file, **params))
    loads = [bench.load(queue, read_percent=50, depth=depth) for depth in (1, 32)]
    eventually(lambda: queue.stats()["submitted"] >= 33)
    queue.close()
    queue.close()
    for each in loads:
        assert each.stopped
        stats = each.stats()
        assert stats["issued"] == stats["completed"] + stats["in_flight"]
        with pytest.raises(ValueError, match="stopped"):
            each.tune()
    with pytest.raises(ValueError, match="closed"):
        queue.stats()
    with pytest.raises(ValueError, match="closed"):
        bench.load(queue)


def test_a_context_that_serves_a_disk_cannot_be_closed(
    bench: Bench, file: int, started: Start
) -> None:
    context = started()
    queue = bench.queue(bench.disk(file), context)
    assert (context.disk_queues, context.workloads) == (1, 0)
    bench.load(queue)
    assert context.workloads == 0
    with pytest.raises(RuntimeError, match="serves workloads or disks"):
        context.close()
    queue.close()
    assert context.disk_queues == 0


def test_a_queue_is_closed_while_its_thread_is_stopped(
    bench: Bench, file: int, started: Start, eventually: Eventually
) -> None:
    context = started()
    queue = bench.queue(bench.disk(file), context)
    reads = bench.load(queue, depth=16)
    eventually(lambda: queue.stats()["rd_operations"] > 10)
    context.stop()
    queue.close()
    assert reads.stopped


def test_workloads_of_a_queue_may_end_before_it(
    bench: Bench, file: int, eventually: Eventually
) -> None:
    disk = bench.disk(file)
    queue = bench.queue(disk)
    disk.pause()
    first, second = bench.load(queue, depth=8), bench.load(queue, depth=8)
    eventually(lambda: queue.stats()["pending"] == 16)
    assert first.stats()["in_flight"] == second.stats()["in_flight"] == 8
    first.stop()
    assert queue.stats()["cancelled"] == first.stats()["in_flight"] == 8
    assert queue.stats()["pending"] == 8
    disk.resume()
    done = second.stats()["completed"]
    eventually(lambda: second.stats()["completed"] > done + 10)


def test_what_is_dropped_without_being_closed_is_freed(
    bench: Bench, file: int, started: Start
) -> None:
    context = started()
    workload = NativeWorkload(DiskQueue(Disk(file, size=SIZE), context))
    del workload
    live = live_counters()
    assert (live["disks"], live["disk_queues"], live["workloads"]) == (0, 0, 0)


def test_a_handler_cannot_close_a_queue_of_its_context(bench: Bench, started: Start) -> None:
    context = started()
    queue = bench.queue(bench.disk(), context)
    refused: list[OSError] = []
    over = threading.Event()

    def close() -> None:
        try:
            queue.close()
        except OSError as error:
            refused.append(error)
        over.set()

    context.schedule(close)
    assert over.wait(10)
    assert [error.errno for error in refused] == [errno.EDEADLK]


def test_threads_that_load_and_close_the_same_queues(
    bench: Bench, file: int, started: Start
) -> None:
    contexts = [started() for _ in range(2)]
    disk = bench.disk(file)
    queues = [bench.queue(disk, context) for context in contexts]

    def use(number: int) -> None:
        for round in range(40):
            try:
                each = bench.load(queues[(number + round) % 2], read_percent=50)
                each.stats()
                if round % 3:
                    each.stop()
                elif number == 0:
                    queues[round % 2].close()
            except ValueError:  # it is closed
                queues[(number + round) % 2] = bench.queue(disk, contexts[round % 2])

    threads = [threading.Thread(target=use, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for queue in queues:
        queue.close()
    assert not any(each.stats()["issued"] < each.stats()["completed"] for each in bench.workloads)


def test_a_fork_refuses_disks(bench: Bench, file: int, eventually: Eventually) -> None:
    disk = bench.disk(file)
    queue = bench.queue(disk)
    reads = bench.load(queue)
    eventually(lambda: queue.stats()["rd_operations"] > 10)
    child = os.fork()
    if child == 0:  # pragma: no cover -- in another process
        refused = 0
        for call in (queue.stats, queue.close, disk.take_events, reads.stats, reads.stop):
            try:
                call()
            except RuntimeError:
                refused += 1
        os._exit(0 if refused == 5 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
