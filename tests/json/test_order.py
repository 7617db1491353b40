"""Tests of the two hash orders against what QEMU was seen to send."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.json import order
from qmp_iothreadd.json.string_table import StringTable
from tests.json.reference import order as reference
from tests.recordings import scenarios

IOTHREAD_INFO = [
    "id",
    "thread-id",
    "poll-max-ns",
    "poll-grow",
    "poll-shrink",
    "poll-weight",
    "aio-max-batch",
]
NAMES = st.lists(st.text(max_size=30), max_size=60, unique=True)


def test_members_of_query_iothreads_come_in_the_recorded_order() -> None:
    assert order.qdict_order(IOTHREAD_INFO) == [
        "poll-shrink",
        "thread-id",
        "poll-weight",
        "aio-max-batch",
        "poll-grow",
        "poll-max-ns",
        "id",
    ]


def test_properties_are_set_with_the_newest_of_a_chain_first() -> None:
    properties = ["aio-max-batch", "thread-pool-min", "thread-pool-max", "poll-max-ns", "poll-grow"]
    properties += ["poll-shrink", "poll-weight"]
    assert order.qdict_order(properties) == [
        "poll-shrink",
        "poll-weight",
        "aio-max-batch",
        "poll-grow",
        "thread-pool-max",
        "thread-pool-min",
        "poll-max-ns",
    ]


def test_envelope_members_are_checked_in_hash_order() -> None:
    assert order.qdict_order(["id", "arguments", "execute", "exec-oob"]) == [
        "exec-oob",
        "execute",
        "arguments",
        "id",
    ]


@given(st.lists(st.text(st.characters(), max_size=60), max_size=60, unique=True))
def test_the_order_is_that_of_the_formula(keys: list[str]) -> None:
    assert order.qdict_order(keys) == reference.qdict_order(keys)


@given(NAMES)
def test_qdict_order_only_reorders(keys: list[str]) -> None:
    assert sorted(order.qdict_order(keys)) == sorted(keys)


def test_no_unknown_member_is_no_complaint() -> None:
    assert order.first_unexpected(["a", "b"], ["b", "a", "c"]) is None


def recorded_unexpected() -> list[tuple[list[str], str]]:
    """Arguments that QEMU refused for an unknown member, and the member it named."""
    found = []
    for scenario in scenarios():
        for step in scenario["steps"]:
            named = re.search(r"Parameter '([^']*)' is unexpected", json.dumps(step["expect"]))
            if named:
                found.append((list(json.loads(step["send"])["arguments"]), named[1]))
    return found


IOTHREAD_ADD = ["qom-type", "id", "aio-max-batch", "thread-pool-min", "thread-pool-max"]
IOTHREAD_ADD += ["poll-max-ns", "poll-grow", "poll-shrink", "poll-weight"]


@pytest.mark.parametrize(("arguments", "named"), recorded_unexpected())
def test_the_member_named_is_the_recorded_one(arguments: list[str], named: str) -> None:
    known = [*IOTHREAD_ADD, "path"]
    if named in known:  # a member of another type: unknown where it was sent
        known = ["qom-type"] if "qom-type" in arguments else []
        known += [name for name in arguments if name == "id" and named != "id"]
    visited = order.qdict_order(arguments)
    assert order.first_unexpected(visited, known) == named


@given(keys=NAMES, data=st.data())
def test_the_member_named_is_the_first_that_is_left_in_the_table(
    keys: list[str], data: st.DataObject
) -> None:
    some = st.lists(st.sampled_from(keys), unique=True) if keys else st.just([])
    known = [*data.draw(some), "not there"]
    table = StringTable()
    for key in keys:
        table.insert(key)
    for key in known:
        table.remove(key)
    assert order.first_unexpected(keys, known) == next(iter(table.in_order()), None)
