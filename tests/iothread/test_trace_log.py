"""From the rings to the log, and from the log back to decisions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread._engine import (
    POLICIES,
    POLL_PARAMS,
    AdaptivePolling,
    AioContext,
    NativeWorkload,
    PollParams,
)
from qmp_iothreadd.iothread.recording import Recording
from qmp_iothreadd.iothread.trace_events import event_names, matching_events
from qmp_iothreadd.iothread.trace_lines import format_record, iso8601, parse_adjust
from qmp_iothreadd.iothread.trace_log import TraceLog
from qmp_iothreadd.iothread.trace_replay import comes_out_again, replay
from tests.waiting import wait_until

Start = Callable[..., AioContext]


class Timers:
    """A loop's call_later, whose time comes when it is told."""

    def __init__(self) -> None:
        self.pending: list[Any] = []

    def call_later(self, seconds: float, function: Callable[[], None]) -> Any:
        timer = self.Timer(self, seconds, function)
        self.pending.append(timer)
        return timer

    def run(self) -> None:
        pending, self.pending = self.pending, []
        for timer in pending:
            timer.function()

    class Timer:
        def __init__(self, timers: Timers, seconds: float, function: Callable[[], None]) -> None:
            self.timers, self.seconds, self.function = timers, seconds, function

        def cancel(self) -> None:
            self.timers.pending.remove(self)


@pytest.fixture
def traces() -> Iterator[tuple[TraceLog, list[str]]]:
    """A log, and the lines that it has written."""
    log, written = TraceLog(), list[str]()
    log.write = lambda text: written.extend(text.splitlines())
    yield log, written
    log.close()


def test_lines_go_to_standard_error_where_nothing_else_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = TraceLog()
    log.write("one\n")
    log.close()
    assert capsys.readouterr().err == "one\n"


def wait_for_iterations(context: AioContext, count: int) -> None:
    deadline = time.monotonic() + 20
    while context.stats()["iterations"] < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def finish(log: TraceLog, context: AioContext, workload: NativeWorkload) -> None:
    workload.stop()
    context.stop()
    log.detach(context)


# -- Names and patterns ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("poll_add", ["poll_add"]),
        ("POLL_ADD", []),
        ("poll_?dd", []),
        ("nosuch*", []),
        ("poll_*", ["poll_grow", "poll_shrink", "poll_add", "poll_remove"]),
        ("*_?dd", ["poll_add"]),
        ("*.*", []),
        ("x*", ["x_aio_adjust"]),
        ("*_end*", ["run_poll_handlers_end"]),
    ],
)
def test_patterns_have_a_star_and_only_then_question_marks(text: str, found: list[str]) -> None:
    assert matching_events(text) == found


@given(st.text("*?_abpolx.[", max_size=12))
def test_a_pattern_finds_what_the_shells_does(text: str) -> None:
    from fnmatch import fnmatchcase

    if "*" in text:
        wanted = [n for n in event_names() if fnmatchcase(n, text.replace("[", "[[]"))]
        assert matching_events(text) == wanted


def test_unknown_names_are_refused_and_unknown_patterns_are_not() -> None:
    log = TraceLog()
    for run in (log.states, lambda name: log.set_state(name, True)):
        with pytest.raises(QmpError, match=r'^unknown event "nosuch"$'):
            run("nosuch")
        run("nosuch*")
    assert log.enabled == frozenset()


# -- Lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (("poll_grow", 0, 4000), "poll_grow ctx 0xab old 0 new 4000"),
        (("poll_shrink", 4000, 0), "poll_shrink ctx 0xab old 4000 new 0"),
        (("poll_add", 0xCD, 9, 1), "poll_add ctx 0xab node 0xcd fd 9 revents 0x1"),
        (("poll_remove", 0xCD, 9), "poll_remove ctx 0xab node 0xcd fd 9"),
        (
            ("run_poll_handlers_begin", 32768, -1),
            "run_poll_handlers_begin ctx 0xab max_ns 32768 timeout -1",
        ),
        (
            ("run_poll_handlers_end", 1, 0),
            "run_poll_handlers_end ctx 0xab progress 1 new timeout 0",
        ),
    ],
)
def test_lines_are_qemus(record: tuple[Any, ...], line: str) -> None:
    assert format_record(0xAB, (0, *record)) == line


def test_times_are_to_the_microsecond() -> None:
    assert iso8601(1795358964_123456789) == "2026-11-22T14:49:24.123456Z"
    assert iso8601(1795358964_000000999) == "2026-11-22T14:49:24Z"


INT64 = st.integers(-(2**63), 2**63 - 1)


@given(
    st.tuples(*[INT64 for _ in POLL_PARAMS]).map(PollParams._make),
    st.sampled_from(POLICIES),
    INT64,
    INT64,
    st.lists(st.tuples(st.booleans(), INT64), max_size=4),
)
def test_any_decision_survives_being_written_and_read(
    params: PollParams,
    policy: str,
    block_ns: int,
    poll_ns: int,
    handlers: list[tuple[bool, int]],
) -> None:
    polling = AdaptivePolling(**params._asdict(), handlers=len(handlers), policy=policy)
    polling.poll_ns = poll_ns
    polling.handler_ns = [ns for _, ns in handlers]
    action = polling.step(block_ns, [event for event, _ in handlers])
    steps = [
        (2**64 - 1 - i, i, event, before, after)
        for i, ((event, before), after) in enumerate(zip(handlers, polling.handler_ns, strict=True))
    ]
    record = (0, "x_aio_adjust", block_ns, policy, params, poll_ns, polling.poll_ns, action, steps)
    found = parse_adjust(f"2026-11-22T14:49:24Z {format_record(2**64 - 1, record)}\n")
    assert found.ctx == 2**64 - 1
    assert (found.block_ns, found.policy, found.action) == (block_ns, policy, action)
    assert found.params == params
    assert (found.poll_ns_before, found.poll_ns_after) == (poll_ns, polling.poll_ns)
    assert [tuple(step) for step in found.handlers] == steps
    assert comes_out_again(found)


PARAMS = " ".join(f"{name} {value}" for name, value in PollParams()._asdict().items())
LINE = (
    f"x_aio_adjust ctx 0x1 block_ns 800 policy weighted {PARAMS} "
    "old 0 new 100 action grow handlers 1 node 0x2 fd 3 event 1 old 0 new 100"
)


def test_a_line_says_the_parameters_by_name() -> None:
    assert PARAMS.startswith("max_ns 32768 grow 2 shrink 2 weight 3")
    found = parse_adjust(LINE)
    assert format_record(found.ctx, (0, "x_aio_adjust", *found[1:])) == LINE


def test_a_decision_that_comes_out_otherwise_is_found() -> None:
    right = LINE.replace("new 100", "new 800")
    found = replay(["poll_grow ctx 0x1 old 0 new 800\n", right, LINE])
    assert found.decisions == 2
    assert found.mismatches == [parse_adjust(LINE)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "poll_grow ctx 0x1 old 0 new 4000",
        LINE[:40],
        LINE.removesuffix(" new 100"),
        LINE.replace("handlers 1", "handlers 2"),
        LINE.replace("800", "many"),
        LINE.replace("weighted", "random"),
    ],
)
def test_what_is_no_whole_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- of any text
        parse_adjust(line)


# -- The log --------------------------------------------------------------------------------------


def test_what_a_loaded_iothread_traces_is_written_and_replays(
    traces: tuple[TraceLog, list[str]], started: Start
) -> None:
    log, written = traces
    context = started()
    log.attach(context)
    log.set_state("*", True)
    workload = NativeWorkload(context, arrival="lognormal", interval_ns=20_000, depth=8)
    deadline = time.monotonic() + 10
    while len(written) < 2000:
        assert time.monotonic() < deadline
        log.drain()
        time.sleep(0.002)
    finish(log, context, workload)
    found = replay(written)
    assert found.decisions > 100
    assert found.mismatches == []
    assert {line.split()[0] for line in written} >= {"poll_grow", "run_poll_handlers_begin"}
    assert {line.split()[2] for line in written} == {hex(context.address)}


def test_only_what_is_on_is_written(traces: tuple[TraceLog, list[str]], started: Start) -> None:
    log, written = traces
    context = started()
    log.attach(context)
    log.set_state("poll_*", True)
    log.set_state("poll_grow", False)
    assert log.states("poll_grow") == [("poll_grow", False)]
    workload = NativeWorkload(context, arrival="exponential", interval_ns=20_000)
    wait_for_iterations(context, 200)
    finish(log, context, workload)
    assert {line.split()[0] for line in written} <= {"poll_shrink", "poll_add", "poll_remove"}
    assert written


def test_lines_of_several_iothreads_come_in_the_order_of_their_times(
    traces: tuple[TraceLog, list[str]], started: Start
) -> None:
    log, written = traces
    log.timestamps = True
    log.set_state("x_aio_adjust", True)
    contexts = [started(f"IO {number}") for number in range(2)]
    loads = []
    for context in contexts:
        log.attach(context)
        loads.append(NativeWorkload(context, interval_ns=100_000))
    for context in contexts:
        wait_for_iterations(context, 20)
    log.drain()
    times = [line.split()[0] for line in written]
    assert times == sorted(times)
    assert {parse_adjust(line).ctx for line in written} == {each.address for each in contexts}
    for context, load in zip(contexts, loads, strict=True):
        finish(log, context, load)


def test_lost_records_are_counted_and_reported(
    traces: tuple[TraceLog, list[str]], started: Start
) -> None:
    log, written = traces
    context = started()
    log.attach(context)
    log.set_state("*", True)
    workload = NativeWorkload(context, interval_ns=2_000, depth=1)
    deadline = time.monotonic() + 20
    while not context.traces_dropped:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    finish(log, context, workload)
    counts = [
        int(line.rpartition(" ")[2]) for line in written if line.startswith("x_trace_dropped")
    ]
    assert sum(counts) == context.traces_dropped
    assert replay(written).mismatches == []


def test_the_timer_is_there_only_while_something_is_traced(
    traces: tuple[TraceLog, list[str]], started: Start
) -> None:
    log, _ = traces
    timers = Timers()
    log.call_later = timers.call_later
    context = started()
    log.attach(context)
    assert timers.pending == []
    log.set_state("poll_add", True)
    assert len(timers.pending) == 1
    timers.run()
    log.set_state("poll_remove", True)
    assert len(timers.pending) == 1
    log.set_state("*", False)
    timers.run()
    assert timers.pending == []
    log.set_state("poll_add", True)
    log.detach(context)
    timers.run()
    assert timers.pending == []
    log.attach(context)
    assert len(timers.pending) == 1
    log.detach(context)
    log.close()
    assert timers.pending == []


def test_a_full_ring_is_drained_in_pieces_that_follow_soon(
    traces: tuple[TraceLog, list[str]], started: Start
) -> None:
    log, written = traces
    timers = Timers()
    log.call_later = timers.call_later
    context = started()
    log.attach(context)
    log.set_state("*", True)
    workload = NativeWorkload(context, interval_ns=5_000, depth=1)
    wait_for_iterations(context, 1500)
    timers.run()
    assert len([line for line in written if not line.startswith("x_trace_dropped")]) == 1000
    assert timers.pending[0].seconds < 0.01
    finish(log, context, workload)
    assert len(written) > 1000


def test_a_log_that_cannot_be_written_does_no_harm(
    traces: tuple[TraceLog, list[str]], started: Start
) -> None:
    log, _ = traces

    def fail(_text: str) -> None:
        raise OSError(28, "No space left on device")

    log.write = fail
    context = started()
    log.attach(context)
    log.set_state("*", True)
    workload = NativeWorkload(context, interval_ns=50_000)
    wait_for_iterations(context, 20)
    finish(log, context, workload)


# -- Recordings ------------------------------------------------------------------------------------


def test_what_another_context_loses_while_one_is_recorded_concerns_nobody(
    started: Start, traces: tuple[TraceLog, list[str]], tmp_path: Path
) -> None:
    log, written = traces
    recorded, other = started(), started()
    for context in (recorded, other):
        log.attach(context)
    log.record(recorded, Recording(str(tmp_path / "file")))
    workload = NativeWorkload(other, interval_ns=2_000, depth=1)
    wait_until(lambda: other.traces_dropped > 0)
    log.drain()
    assert written == []
    log.stop_recording(recorded)
    finish(log, other, workload)
    log.detach(recorded)


def test_a_recorded_context_goes_to_its_file_and_others_to_the_log(
    started: Start, traces: tuple[TraceLog, list[str]], tmp_path: Path
) -> None:
    log, written = traces
    timers = Timers()
    log.call_later = timers.call_later
    recorded, other = started(), started()
    for context in (recorded, other):
        log.attach(context)
    workloads = [NativeWorkload(each, interval_ns=50_000) for each in (recorded, other)]
    assert timers.pending == []
    path = tmp_path / "file"
    log.record(recorded, Recording(str(path)))
    assert log.is_recorded(recorded)
    assert not log.is_recorded(other)
    assert log.enabled == frozenset()
    size = path.stat().st_size
    for context in (recorded, other):
        wait_for_iterations(context, context.stats()["iterations"] + 50)
    timers.run()
    assert path.stat().st_size > size
    assert len(timers.pending) == 1
    log.set_state("poll_add", True)
    done = log.stop_recording(recorded)
    assert (done.path, done.records > 40, done.dropped) == (str(path), True, 0)
    assert not log.is_recorded(recorded)
    log.record(recorded, Recording(str(path)))
    for context, workload in zip((recorded, other), workloads, strict=True):
        finish(log, context, workload)
    assert {line.split()[0] for line in written} <= {"poll_add"}
