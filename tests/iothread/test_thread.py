"""Life of a context's thread: start, name, stop, and what an idle one costs."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from qmp_iothreadd.iothread._engine import (
    TIME_MAX_NS,
    AioContext,
    PollParams,
    live_counters,
)

Start = Callable[..., AioContext]


def task(context: AioContext, name: str) -> str:
    return Path(f"/proc/self/task/{context.thread_id}/{name}").read_text()


def test_thread_id_is_the_kernels_and_known_when_start_returns() -> None:
    context = AioContext("IO a")
    assert context.thread_id == 0
    tid = context.start()
    assert tid == context.thread_id
    assert Path(f"/proc/self/task/{tid}").is_dir()
    context.close()
    assert not Path(f"/proc/self/task/{tid}").exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [("IO iothread0", True), ("IO fifteenbytes", True), ("IO sixteen bytes", False)],
)
def test_name_is_set_unless_longer_than_15_bytes(started: Start, name: str, shown: bool) -> None:
    own = Path("/proc/self/comm").read_text()
    assert task(started(name), "comm") == (f"{name}\n" if shown else own)


def test_stop_joins_and_a_stopped_context_starts_again(started: Start) -> None:
    context = started()
    first = context.thread_id
    context.stop()
    assert context.thread_id == 0
    assert not Path(f"/proc/self/task/{first}").exists()
    context.stop()  # nothing to do
    assert context.start() > 0


def test_one_asked_to_stop_ends_before_it_is_joined(
    started: Start, eventually: Callable[..., None]
) -> None:
    context = started()
    thread = Path(f"/proc/self/task/{context.thread_id}")
    context.request_stop()
    eventually(lambda: not thread.exists())
    with pytest.raises(OSError, match="busy"):
        context.start()
    context.reset_stats()  # what its home would do, others do now
    context.stop()
    assert context.start() > 0


def test_one_without_a_thread_is_asked_in_vain() -> None:
    context = AioContext()
    context.request_stop()
    context.close()


def test_starting_twice_is_refused(started: Start) -> None:
    context = started()
    with pytest.raises(OSError, match="busy"):
        context.start()


def test_a_closed_context_refuses_everything() -> None:
    context = AioContext()
    context.close()
    context.close()
    with pytest.raises(ValueError, match="closed"):
        context.start()
    with pytest.raises(ValueError, match="closed"):
        _ = context.poll_ns


def test_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="weighted, legacy"):
        AioContext(policy="nope")


@pytest.mark.parametrize("ns", [-1, TIME_MAX_NS + 1])
def test_idle_interval_is_checked(ns: int) -> None:
    with pytest.raises(ValueError, match="idle_interval_ns must be from 0 to"):
        AioContext(idle_interval_ns=ns)


def test_a_handler_cannot_stop_its_own_thread(
    started: Start, eventually: Callable[..., None]
) -> None:
    context, caught = started(), []

    def stop_myself() -> None:
        try:
            context.stop()
        except OSError as error:
            caught.append(error.errno)

    context.schedule(stop_myself)
    eventually(lambda: caught == [errno.EDEADLK])
    assert context.thread_id


def test_an_idle_thread_never_wakes_up(started: Start) -> None:
    context = started()
    time.sleep(0.05)

    def switches() -> list[str]:
        return [line for line in task(context, "status").splitlines() if "ctxt_switches" in line]

    before = switches()
    time.sleep(0.5)
    assert switches() == before


def test_signals_are_left_to_the_process(started: Start) -> None:
    status = dict(line.split(":\t") for line in task(started(), "status").splitlines())
    # Only the two that nobody can block, and the two that the C library keeps for itself.
    assert int(status["SigBlk"], 16) | 1 << 8 | 1 << 18 | 3 << 31 == 2**64 - 1


def test_nice_level_is_the_threads_own(started: Start) -> None:
    context = started()
    before = os.getpriority(os.PRIO_PROCESS, 0)
    context.set_nice(before + 1)
    assert os.getpriority(os.PRIO_PROCESS, context.thread_id) == before + 1
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    context.stop()
    with pytest.raises(ProcessLookupError):
        context.set_nice(5)


def test_a_thousand_rounds_leave_no_thread_and_no_descriptor() -> None:
    def counts() -> tuple[int, int]:
        return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))

    before = counts()
    for _ in range(1000):
        context = AioContext("IO round")
        context.start()
        context.close()
    assert counts() == before


def test_contexts_from_many_threads_at_once() -> None:
    def rounds() -> None:
        for _ in range(50):
            context = AioContext("IO many")
            context.start()
            context.set_poll_params(PollParams(max_ns=10000))
            context.close()

    threads = [threading.Thread(target=rounds) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert live_counters()["contexts"] == 0


def test_interpreter_exits_with_threads_still_running() -> None:
    program = """
import time
from qmp_iothreadd.iothread._engine import AioContext, EventNotifier
context, notifier = AioContext("IO exit"), EventNotifier()
context.start()
context.add_handler(notifier, lambda: notifier.set(), poll=True)  # never ends
notifier.set()
time.sleep(0.1)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_parameters_of_0_mean_the_defaults(started: Start) -> None:
    context = started(max_ns=0, grow=0, shrink=0, weight=0)
    assert context.poll_params == PollParams(max_ns=0, grow=2, shrink=2, weight=3)
    assert context.policy == "weighted"
    context.set_poll_params(PollParams(max_ns=1000, shrink=5), policy="legacy")
    assert context.poll_params == PollParams(max_ns=1000, grow=2, shrink=5, weight=3)
    assert context.policy == "legacy"
    # Before QEMU 11.1 a 0 stood for itself.
    context.set_poll_params(PollParams(max_ns=1000, grow=4, shrink=0, weight=6))
    assert context.poll_params == PollParams(max_ns=1000, grow=4, shrink=0, weight=6)
    assert context.policy == "legacy"
    context.set_poll_params(PollParams(max_ns=1000, grow=4, shrink=0), policy="weighted")
    assert context.poll_params == PollParams(max_ns=1000, grow=4, shrink=2)


def test_a_policy_has_its_own_defaults() -> None:
    with closing(AioContext(policy="legacy")) as context:
        assert context.poll_params == PollParams(grow=0, shrink=0, weight=0)
    with closing(AioContext()) as context:
        assert context.poll_params == PollParams()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"weight": 64}, "weight must be from 0 to 63, not 64"),
        ({"max_ns": -1}, "max_ns must be from 0 to 9223372036854775807, not -1"),
        ({"grow": 2**63}, "grow must be from 0 to"),
        ({"floor": 1}, "there is no polling parameter 'floor'"),
    ],
)
def test_parameters_are_checked(values: dict[str, int], error: str) -> None:
    with pytest.raises((ValueError, TypeError), match=error):
        PollParams(**values)


def test_only_poll_params_are_parameters(started: Start) -> None:
    with pytest.raises(TypeError, match="expected PollParams, not tuple"):
        AioContext("IO test", (1,))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected PollParams, not int"):
        started().set_poll_params(5)  # type: ignore[arg-type]


def test_parameters_are_a_value() -> None:
    params = PollParams(shrink=5, grow=2)
    assert params == PollParams(shrink=5) != PollParams()
    assert len({params, PollParams(shrink=5)}) == 1
    assert (params.max_ns, params.grow, params.shrink, params.weight) == (32768, 2, 5, 3)
    assert PollParams(**params._asdict()) == params
    assert pickle.loads(pickle.dumps(params)) == params
    with pytest.raises(AttributeError):
        params.shrink = 4  # type: ignore[attr-defined]
