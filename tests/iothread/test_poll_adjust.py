"""The arithmetic of adaptive polling: QEMU's own results, and what C leaves undefined."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.iothread import AdaptivePolling
from tests.recordings import recording_path

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
int64 = st.integers(INT64_MIN, INT64_MAX)


def vectors(kind: str) -> list[Any]:
    found: list[Any] = json.loads(recording_path("vectors/poll-adjust.json").read_text())[kind]
    assert found
    return found


def params_of(vector: dict[str, Any]) -> dict[str, Any]:
    return {name: vector[name] for name in ("max_ns", "grow", "shrink", "weight")}


def test_single_steps_equal_those_of_qemu() -> None:
    for vector in vectors("single"):
        polling = AdaptivePolling(**params_of(vector), handlers=len(vector["nodes"]))
        polling.poll_ns = vector["poll_ns"]
        polling.handler_ns = [ns for _, ns in vector["nodes"]]
        action = polling.step(vector["block_ns"], [event for event, _ in vector["nodes"]])
        got = {"poll_ns": polling.poll_ns, "nodes": polling.handler_ns, "action": action}
        assert got == vector["out"], vector


def test_sequences_equal_those_of_qemu() -> None:
    for vector in vectors("sequences"):
        polling = AdaptivePolling(**params_of(vector), handlers=vector["nodes"])
        for block_ns, events, poll_ns, handler_ns, action in vector["steps"]:
            got = polling.step(block_ns, events)
            assert (polling.poll_ns, polling.handler_ns, got) == (poll_ns, handler_ns, action)


def test_decisions_of_a_live_iothread_replay() -> None:
    for recording in vectors("live"):
        params: dict[str, Any] = {}
        for step in recording["steps"]:
            params = step.get("params", params)  # in force from this step on
            if step.get("raced_with_set_poll_params"):
                continue
            polling = AdaptivePolling(**params, handlers=len(step["nodes"]))
            polling.poll_ns = step["poll_ns"]
            polling.handler_ns = [before for _, _, before, _ in step["nodes"]]
            action = polling.step(step["block_ns"], [event for _, event, _, _ in step["nodes"]])
            after = [ns for _, _, _, ns in step["nodes"]]
            assert (action, polling.poll_ns, polling.handler_ns) == (
                step["action"],
                step["poll_ns_after"],
                after,
            ), step


def test_handler_ns_can_be_set_by_element() -> None:
    polling = AdaptivePolling(32768, 2, 2, 3, 2)
    polling.handler_ns[1] = 8000
    assert polling.step(16000, [False, True]) == "grow"
    assert polling.handler_ns == [0, 9000]
    assert polling.poll_ns == 9000


def test_wrong_number_of_handlers_is_refused() -> None:
    polling = AdaptivePolling(32768, 2, 2, 3, 2)
    with pytest.raises(ValueError, match="expected 2 events"):
        polling.step(1, [True])
    with pytest.raises(ValueError, match="expected 2 values"):
        polling.handler_ns = [1, 2, 3]


@pytest.mark.parametrize(
    ("poll_ns", "shrink", "expected"),
    [
        (INT64_MIN, -1, ("grow", 0)),  # the window is below every average: no division
        (1000, 0, ("none", 1000)),  # QEMU never stores a 0
        (1000, -1, ("none", 1000)),
    ],
)
def test_undefined_divisions_have_a_value(
    poll_ns: int, shrink: int, expected: tuple[str, int]
) -> None:
    polling = AdaptivePolling(32768, 2, shrink, 3, 1)
    polling.poll_ns = poll_ns
    action = polling.step(0, [True])
    assert (action, polling.poll_ns) == expected


def test_shifts_use_the_low_six_bits() -> None:
    for weight, same_as in ((64, 0), (67, 3), (-1, 63)):
        results = []
        for value in (weight, same_as):
            polling = AdaptivePolling(32768, 2, 2, value, 1)
            polling.handler_ns = [12345]
            polling.step(9999, [True])
            results.append(polling.handler_ns)
        assert results[0] == results[1]


def wrap(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


def expected_step(
    params: tuple[int, int, int, int],
    poll_ns: int,
    ns: list[int],
    block_ns: int,
    events: list[bool],
) -> tuple[str, int, list[int]]:
    """The rule written a second time, on unbounded integers."""
    max_ns, grow, shrink, weight = params
    shift, adj, after = weight % 64, -1, []
    if max_ns == 0:
        return "none", poll_ns, ns
    for value, event in zip(ns, events, strict=True):
        if event:
            n = wrap(value - (value >> shift) + (block_ns >> shift)) if value else block_ns
        else:
            n = wrap(value + block_ns) if value else 0
        n = 0 if n > max_ns and (event or value) else n
        adj = max(adj, n) if event else adj
        after.append(n)
    if adj < 0:
        return "none", poll_ns, after
    if adj > poll_ns:
        return "grow", min(max(wrap(poll_ns * grow), adj), max_ns), after
    sign = -1 if (poll_ns < 0) != (shrink < 0) else 1
    quotient = wrap(sign * (abs(poll_ns) // abs(shrink))) if shrink else 0
    return ("shrink", quotient, after) if adj < quotient else ("none", poll_ns, after)


@given(
    st.tuples(int64, int64, int64, int64),
    int64,
    st.lists(st.tuples(int64, st.booleans()), max_size=5),
    int64,
)
def test_any_int64_gives_the_wrapped_result(
    params: tuple[int, int, int, int], poll_ns: int, nodes: list[tuple[int, bool]], block_ns: int
) -> None:
    ns, events = [n for n, _ in nodes], [event for _, event in nodes]
    polling = AdaptivePolling(*params, len(nodes))
    polling.poll_ns, polling.handler_ns = poll_ns, ns
    got = polling.step(block_ns, events), polling.poll_ns, polling.handler_ns
    assert got == expected_step(params, poll_ns, ns, block_ns, events)


def test_legacy_policy_gives_each_handler_a_window() -> None:
    polling = AdaptivePolling(32768, 2, 2, 3, 2, policy="legacy")
    assert polling.step(5000, [True, False]) == "grow"
    assert (polling.poll_ns, polling.handler_ns) == (4000, [4000, 0])
    assert polling.step(5000, [True, True]) == "grow"
    assert (polling.poll_ns, polling.handler_ns) == (8000, [8000, 4000])
    assert polling.step(8000, [True, False]) == "none"
    assert polling.step(40000, [True, False]) == "shrink"
    assert (polling.poll_ns, polling.handler_ns) == (4000, [4000, 4000])
