"""Recorded iterations under other parameters: the engine's decisions, many at once."""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from qmp_iothreadd.iothread import AdaptivePolling
from qmp_iothreadd.lab import Params, Replayed, replay
from tests.recordings import recording_path

Steps = tuple[list[int], list[int]]

INT64_MAX = 2**63 - 1
times = st.one_of(st.integers(0, 100_000), st.integers(-(2**63), INT64_MAX))
sets = st.lists(
    st.builds(
        Params,
        max_ns=st.one_of(st.integers(0, 100_000), st.integers(0, INT64_MAX)),
        grow=st.one_of(st.integers(0, 5), st.integers(0, INT64_MAX)),
        shrink=st.one_of(st.integers(0, 9), st.integers(0, INT64_MAX)),
        weight=st.integers(0, 63),
        policy=st.sampled_from(["weighted", "legacy"]),
    ),
    min_size=1,
    max_size=20,
)


@st.composite
def recordings(draw: st.DrawFn) -> tuple[int, Steps]:
    handlers = draw(st.one_of(st.integers(1, 17), st.integers(1, 64)))
    step = st.tuples(times, st.integers(0, 2**handlers - 1))
    steps = draw(st.lists(step, max_size=40))
    return handlers, ([block_ns for block_ns, _ in steps], [events for _, events in steps])


def by_the_engine(params: Params, handlers: int, steps: Steps) -> Replayed:
    """The same by the class of the engine, a decision at a time."""
    polling = AdaptivePolling(
        params.max_ns,
        params.grow,
        params.shrink,
        params.weight,
        handlers,
        policy=str(params.policy),
    )
    windows, actions = [], []
    for block_ns, events in zip(*steps, strict=True):
        actions.append(polling.step(block_ns, [bool(events >> i & 1) for i in range(handlers)]))
        windows.append(polling.poll_ns)
    made = len(windows) if params.max_ns else 0
    return Replayed(
        params,
        polling.poll_ns,
        tuple(polling.handler_ns),
        sum(map(float, windows)) / made if made else 0.0,
        actions.count("grow"),
        actions.count("shrink"),
        0,
        made,
    )


@settings(max_examples=300)
@given(recordings(), sets)
def test_it_decides_as_the_engine_does(recording: tuple[int, Steps], params: list[Params]) -> None:
    handlers, steps = recording
    for found in replay(*steps, params, handlers=handlers):
        expected = by_the_engine(found.params, handlers, steps)
        assert (found.poll_ns, found.handler_ns) == (expected.poll_ns, expected.handler_ns)
        assert found.mean_poll_ns == pytest.approx(expected.mean_poll_ns, rel=1e-12)
        assert found.decisions == expected.decisions
        if found.params.policy == "weighted":
            assert (found.grown, found.shrunk) == (expected.grown, expected.shrunk)


def test_sequences_equal_those_of_qemu() -> None:
    sequences = json.loads(recording_path("vectors/poll-adjust.json").read_text())["sequences"]
    assert sequences
    for sequence in sequences:
        params = Params(*(sequence[name] for name in ("max_ns", "grow", "shrink", "weight")))
        steps = sequence["steps"]
        events = [sum(bit << i for i, bit in enumerate(step[1])) for step in steps]
        for end in range(1, len(steps) + 1):
            [found] = replay(
                [step[0] for step in steps[:end]], events[:end], params, sequence["nodes"]
            )
            assert (found.poll_ns, list(found.handler_ns)) == tuple(steps[end - 1][2:4])
            actions = [step[4] for step in steps[:end]]
            assert (found.grown, found.shrunk) == (actions.count("grow"), actions.count("shrink"))


def a_long_recording(handlers: int) -> tuple[array[int], array[int]]:
    """Longer than what is computed in one go, with times all around the limits."""
    count, mask = 1_100_000, 2**handlers - 1
    times = array("q", [(i * 2654435761 >> 7) % 60_000 for i in range(count)])
    return times, array("Q", [(i * 40503 >> 3 & mask) or 1 for i in range(count)])


@pytest.mark.parametrize("handlers", [1, 3])
def test_many_sets_come_to_the_same_as_each_alone(handlers: int) -> None:
    steps = a_long_recording(handlers)
    many = [Params(weight=n % 7, shrink=1 + n % 4, max_ns=20_000 + n) for n in range(11)]
    many += [Params(policy=policy) for policy in ("v1", "legacy", "fixed", "clairvoyant")]
    for found in replay(*steps, many, handlers=handlers):
        assert replay(*steps, found.params, handlers=handlers) == [found]


def test_what_a_reset_is_is_what_the_engine_counts() -> None:
    # The second passes the limit with an event, and one each waits past it in the last two.
    found = replay([20_000, 90_000, 20_000, 20_000], [0b01, 0b11, 0b10, 0b01], Params(), 2)
    assert found[0].resets == 3
    assert found[0].handler_ns == (20_000, 0)


def test_v1_reaches_its_limit_where_11_1_passes_it() -> None:
    for policy, expected in (("weighted", 32768), ("v1", 0)):
        [found] = replay([32768], [1], Params(policy=policy))
        assert (found.poll_ns, found.handler_ns) == (expected, (expected,))
        assert found.resets == (expected == 0)


def test_fixed_polls_as_long_as_it_may() -> None:
    [found] = replay([5, 100_000, 7], [1, 1, 1], Params(max_ns=9000, policy="fixed"))
    assert (found.poll_ns, found.mean_poll_ns, found.grown, found.shrunk) == (9000, 9000.0, 1, 0)


def test_the_clairvoyant_polls_where_it_helps() -> None:
    [found] = replay([5, 100_000, 7000, 600], [1] * 4, Params(policy="clairvoyant"))
    # Before the second, the third and the fourth, and after it: 0, 7000, 600, 0.
    assert (found.mean_poll_ns, found.grown, found.shrunk) == (1900.0, 1, 2)


def test_without_steps_nothing_is_decided() -> None:
    [found] = replay([], [], Params())
    assert (found.decisions, found.mean_poll_ns, found.handler_ns) == (0, 0.0, (0,))


def test_polling_that_is_off_decides_nothing() -> None:
    [found] = replay([5000], [1], Params(max_ns=0))
    assert (found.decisions, found.poll_ns, found.handler_ns) == (0, 0, (0,))


def test_the_order_of_sets_is_kept() -> None:
    params = [
        Params(max_ns=0),
        Params(),
        Params(policy="fixed"),
        *(Params(weight=n) for n in (1, 2)),
    ]
    assert [each.params for each in replay([1], [1], iter(params))] == params


def test_any_buffer_of_numbers_will_do() -> None:
    times, events = array("q", [5000, 900]), array("Q", [1, 1])
    expected = replay([5000, 900], [1, 1], [Params()])
    assert replay(times, events, [Params()]) == expected
    assert replay(memoryview(times), memoryview(events).toreadonly(), [Params()]) == expected
    assert replay(bytes_as(times, "l"), bytes_as(events, "L"), [Params()]) == expected


def test_memory_without_a_type_is_taken_as_such_numbers(tmp_path: Path) -> None:
    times, events = array("q", [5000, 900]), array("Q", [1, 1])
    expected = replay(times, events, [Params()])
    path = tmp_path / "times"
    path.write_bytes(times.tobytes())
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert replay(mapped, events.tobytes(), [Params()]) == expected
        assert replay(memoryview(mapped)[8:], events[:1], Params()) == replay([900], [1], Params())
    assert replay(bytearray(times.tobytes()), events, [Params()]) == expected


def bytes_as(values: array[int], code: str) -> memoryview:
    return memoryview(values.tobytes()).cast(code)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    ("block_ns", "events", "handlers", "error", "message"),
    [
        ([1], [1], 0, ValueError, "handlers must be from 1 to 64, not 0"),
        ([1], [1], 1.5, TypeError, "handlers must be an integer, not 1.5"),
        ([1], [1], 65, ValueError, "handlers must be from 1 to 64, not 65"),
        ([1, 2], [1], 1, ValueError, "2 times, but 1 words of events"),
        ([1], [4], 2, ValueError, "events have bit 2, of 2 handlers"),
        (array("d", [1.0]), [1], 1, TypeError, "block_ns must be a buffer of int64, not of 'd'"),
        ([1], array("q", [1]), 1, TypeError, "events must be a buffer of uint64, not of 'q'"),
        (memoryview(array("q", [1, 2, 3]))[::2], [1, 1], 1, ValueError, "must be contiguous"),
        ([2**63], [1], 1, OverflowError, "int too large|too big"),
        ([1], [-1], 1, OverflowError, "unsigned|negative"),
        ([0.5], [1], 1, TypeError, "integer|float"),
        (None, [1], 1, TypeError, "NoneType"),
        (bytes(12), [1], 1, ValueError, "block_ns must be int64s of 8 bytes, not 12"),
        (array("B", bytes(8)), [1], 1, TypeError, "block_ns must be a buffer of int64, not of 'B'"),
    ],
)
def test_what_does_not_fit_is_refused(
    block_ns: Any, events: Any, handlers: int, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        replay(block_ns, events, [Params()], handlers=handlers)


INTERRUPTED = """
import signal
from array import array
from qmp_iothreadd.lab import Params, replay

times, events = array("q", [1]) * 1_000_000, array("Q", [1]) * 1_000_000
signal.setitimer(signal.ITIMER_REAL, 0.05)
signal.signal(signal.SIGALRM, signal.default_int_handler)
try:
    replay(times, events, [Params(policy="legacy")] * 10_000)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_it_can_be_interrupted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.returncode) == ("interrupted\n", 0), done.stderr
