"""Long random sessions against a small model of what they do to iothreads and to the run state.

Whatever is sent, each request gets one reply, in order and with its id; what the replies say agrees
with the model; and nothing is ever answered by a traceback.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from qmp_iothreadd.testing import MemoryClient

INT64_MAX = 2**63 - 1
DEFAULTS = {
    "poll-max-ns": 32768,
    "poll-grow": 2,
    "poll-shrink": 2,
    "poll-weight": 3,
    "aio-max-batch": 0,
    "thread-pool-min": 0,
    "thread-pool-max": 64,
}
LIMITS = dict.fromkeys(DEFAULTS, INT64_MAX) | {"poll-weight": 63}
FACTORS = ("poll-grow", "poll-shrink", "poll-weight")
BASE = ("aio-max-batch", "thread-pool-min", "thread-pool-max")
SHOWN = ("poll-max-ns", "poll-grow", "poll-shrink", "poll-weight", "aio-max-batch")

names = st.sampled_from(["io0", "io1", "a.b", "x-y_z"])
bad_names = st.sampled_from(["", "0io", "io 0", "é", "/objects/io0", "_x"])
properties = st.sampled_from(sorted(DEFAULTS))
integers = st.one_of(
    st.integers(0, 100),
    st.sampled_from([-1, 63, 64, 2**31 - 1, 2**31, INT64_MAX, 2**63, 2**64 - 1, 2**64, -(2**63)]),
)
others = st.sampled_from([1.0, 1.5, True, False, None, "3", "", [], {}, [1], {"a": 1}])
values = st.one_of(integers, integers, integers, others)
ids = st.one_of(
    st.none(), st.integers(-5, 5), st.text(max_size=3), st.lists(st.integers(0, 2), max_size=2)
)


def is_int64(value: Any) -> bool:
    return type(value) is int and -(2**63) <= value <= INT64_MAX


def pool_fits(state: dict[str, int]) -> bool:
    return state["thread-pool-min"] <= state["thread-pool-max"] and (
        0 < state["thread-pool-max"] <= 2**31 - 1
    )


def what_is_wrong(name: str, value: Any) -> list[str]:
    """What is wrong with a value of a property, by itself."""
    if not is_int64(value):
        return [f"Invalid parameter type for '{name}', expected: integer"]
    if not 0 <= value <= LIMITS[name]:
        return [f"{name} value must be in range [0, {LIMITS[name]}]"]
    return []


def stored(name: str, value: int) -> int:
    return DEFAULTS[name] if value == 0 and name in FACTORS else value


class Sessions(RuleBasedStateMachine):
    """The daemon's side is a session in memory, with real threads."""

    def __init__(self) -> None:
        super().__init__()
        self.client = MemoryClient()
        self.iothreads: dict[str, dict[str, int]] = {}
        self.running = True
        self.number = 0

    @initialize(oob=st.booleans())
    def negotiate(self, oob: bool) -> None:
        self.client.negotiate(*(["oob"] if oob else []))

    def teardown(self) -> None:
        self.client.close()

    def ask(self, command: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request, one reply, and its id."""
        self.number += 1
        request: dict[str, Any] = {"execute": command, "id": self.number}
        if arguments is not None:
            request["arguments"] = arguments
        *events, reply = self.client.send(request)
        assert all("event" in event for event in events)
        assert reply.pop("id") == self.number
        assert set(reply) in ({"return"}, {"error"})
        return reply

    def refused(self, reply: dict[str, Any], texts: list[str]) -> None:
        assert reply["error"]["desc"] in texts

    # -- Objects ----------------------------------------------------------------------------------

    @rule(name=names, given=st.dictionaries(properties, values, max_size=4))
    def add(self, name: str, given: dict[str, Any]) -> None:
        reply = self.ask("object-add", {"qom-type": "iothread", "id": name, **given})
        wrong = [text for each in given.items() for text in what_is_wrong(*each)]
        if wrong:
            self.refused(reply, wrong)
            return
        state = DEFAULTS | {key: stored(key, value) for key, value in given.items()}
        if name in self.iothreads:
            expected = f"attempt to add duplicate property '{name}' to object (type 'container')"
            self.refused(reply, [expected])
        elif not pool_fits(state):
            self.refused(reply, ["bad thread-pool-min/thread-pool-max values"])
        else:
            assert reply == {"return": {}}
            self.iothreads[name] = state

    @rule(name=bad_names)
    def add_with_a_bad_id(self, name: str) -> None:
        reply = self.ask("object-add", {"qom-type": "iothread", "id": name})
        self.refused(reply, ["Parameter 'id' expects an identifier"])

    @rule(
        arguments=st.sampled_from(
            [{}, {"qom-type": "iothread"}, {"id": "io0"}, {"qom-type": 3, "id": "io0"}]
        )
    )
    def add_incompletely(self, arguments: dict[str, Any]) -> None:
        assert "error" in self.ask("object-add", arguments)

    @rule(name=st.one_of(names, bad_names))
    def delete(self, name: str) -> None:
        reply = self.ask("object-del", {"id": name})
        if self.iothreads.pop(name, None) is None:
            self.refused(reply, [f"object '{name}' not found"])
        else:
            assert reply == {"return": {}}

    @rule(name=names, key=properties, value=values, form=st.sampled_from(["{}", "/objects/{}"]))
    def set(self, name: str, key: str, value: Any, form: str) -> None:
        path = form.format(name)
        reply = self.ask("qom-set", {"path": path, "property": key, "value": value})
        state = self.iothreads.get(name)
        wrong = what_is_wrong(key, value)
        if state is None:
            self.refused(reply, [f"Device '{path}' not found"])
        elif wrong:
            self.refused(reply, wrong)
        else:
            state[key] = stored(key, value)  # what the pool refuses stays
            if key in BASE and not pool_fits(state):
                self.refused(reply, ["bad thread-pool-min/thread-pool-max values"])
            else:
                assert reply == {"return": {}}

    @rule(name=names, key=properties)
    def get(self, name: str, key: str) -> None:
        reply = self.ask("qom-get", {"path": name, "property": key})
        if name in self.iothreads:
            assert reply == {"return": self.iothreads[name][key]}
        else:
            self.refused(reply, [f"Device '{name}' not found"])

    @rule(name=names)
    def get_what_there_is_not(self, name: str) -> None:
        reply = self.ask("qom-get", {"path": f"/objects/{name}", "property": "nope"})
        if name in self.iothreads:
            self.refused(reply, ["Property 'iothread.nope' not found"])
        else:
            self.refused(reply, [f"Device '/objects/{name}' not found"])

    # -- The run state ----------------------------------------------------------------------------

    @rule(run=st.booleans())
    def stop_or_cont(self, run: bool) -> None:
        *events, reply = self.client.send({"execute": "cont" if run else "stop"})
        names = [event["event"] for event in events]
        assert names == ([] if run == self.running else ["RESUME" if run else "STOP"])
        assert reply == {"return": {}}
        self.running = run

    @rule()
    def status(self) -> None:
        assert self.ask("query-status")["return"]["running"] is self.running

    # -- Bad input --------------------------------------------------------------------------------

    @rule(
        text=st.sampled_from(
            [
                b"{]",
                b"[1}",
                b"\x00",
                b"nope ",
                b"}",
                b"'\\x'",
                b'{"a":1,"a":2}',
                b"\xff",
                b"01",
                b"[[1}]",
            ]
        ),
        id=ids,
    )
    def garbage_then_a_request(self, text: bytes, id: Any) -> None:
        request = json.dumps({"execute": "query-name", "id": id}).encode()
        *errors, reply = self.client.send(text + b"\n" + request)
        assert errors
        assert all(set(error) == {"error"} for error in errors)
        assert reply == {"return": {}, "id": id}

    @rule(
        request=st.dictionaries(
            st.sampled_from(["execute", "exec-oob", "arguments", "id", "nope"]),
            st.one_of(st.none(), st.just("query-name"), st.just({}), st.integers(0, 3)),
            max_size=4,
        )
    )
    def any_envelope_gets_one_reply(self, request: dict[str, Any]) -> None:
        (reply,) = self.client.send(request)
        assert ("id" in reply) == ("id" in request)
        assert reply.get("id") == request.get("id")

    @rule(requests=st.lists(ids, max_size=10), size=st.integers(1, 40))
    def pipelined_requests_in_pieces(self, requests: list[Any], size: int) -> None:
        data = b"".join(
            json.dumps({"execute": "query-status", "id": each}).encode() for each in requests
        )
        answer = b"".join(
            self.client.feed(data[start : start + size]) for start in range(0, len(data), size)
        )
        assert [json.loads(line)["id"] for line in answer.splitlines()] == requests

    # -- What must always hold --------------------------------------------------------------------

    @invariant()
    def query_iothreads_agrees(self) -> None:
        if not self.client.session.negotiated:
            return
        shown = self.ask("query-iothreads")["return"]
        threads = {info.pop("thread-id") for info in shown}
        assert len(threads) == len(shown)
        assert threads <= {int(task) for task in os.listdir("/proc/self/task")}
        assert {info.pop("id"): info for info in shown} == {
            name: {key: state[key] for key in SHOWN} for name, state in self.iothreads.items()
        }


@contextmanager
def no_traceback() -> Iterator[None]:
    """Fail if a fault of the daemon's own was reported."""
    reported: list[Any] = []
    before, sys.excepthook = sys.excepthook, lambda *details: reported.append(details)
    try:
        yield
    finally:
        sys.excepthook = before
    assert reported == []


@pytest.mark.parametrize("steps", [10, 50])
def test_random_sessions_agree_with_the_model(steps: int) -> None:
    with no_traceback():
        run_state_machine_as_test(
            Sessions,
            settings=settings(max_examples=100, stateful_step_count=steps, deadline=None),
        )
