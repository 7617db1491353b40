"""x-query-iothread-stats and what is unstable of an iothread: its policy and its nice level."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread._engine import PollParams
from qmp_iothreadd.iothread.stats import poll_histogram
from qmp_iothreadd.testing import DaemonProcess
from qmp_iothreadd.testing.memory import MemoryClient
from tests.waiting import wait_until

COUNTERS = [
    "iterations",
    "events",
    "polled-events",
    "waited-events",
    "polls",
    "polls-in-vain",
    "waits",
    "adjustments",
    "grows",
    "shrinks",
    "resets",
]


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        yield client


@pytest.fixture
def loaded(client: MemoryClient) -> MemoryClient:
    """A client with an iothread that has served some hundred requests."""
    options = {"arrival": "exponential", "interval-ns": 20_000, "depth": 4}
    load = {"qom-type": "x-workload", "id": "w0", "iothread": "io0", **options}
    client.execute("object-add", load)
    wait_until(lambda: stats(client)["latency"]["count"] >= 300)
    return client


def stats(client: MemoryClient, id: str = "io0") -> dict[str, Any]:
    (found,) = client.execute("x-query-iothread-stats", {"id": id})
    assert isinstance(found, dict)
    return found


def adjusted(found: dict[str, Any]) -> int:
    """How many adjustments the histogram of the windows that they left has."""
    return sum(each["count"] for each in found["poll-ns-histogram"])


def rested(client: MemoryClient) -> dict[str, Any]:
    """What an iothread counted, once its load is gone.

    The counters are of one moment, the histogram of a later one: at rest they are of the same.
    """
    client.execute("object-del", {"id": "w0"})
    found: dict[str, Any] = {}

    def agrees() -> bool:
        found.update(stats(client))
        return bool(adjusted(found) == found["adjustments"])

    wait_until(agrees)
    return found


def refused(text: str, run: Callable[..., object], *args: Any) -> None:
    with pytest.raises(QmpError, match=f"^{re.escape(text)}$"):
        run(*args)


def set_property(client: MemoryClient, name: str, value: Any) -> None:
    client.execute("qom-set", {"path": "/objects/io0", "property": name, "value": value})


def get_property(client: MemoryClient, name: str) -> Any:
    return client.execute("qom-get", {"path": "/objects/io0", "property": name})


# -- Statistics -----------------------------------------------------------------------------------


def test_statistics_are_what_the_schema_says(loaded: MemoryClient) -> None:
    loaded.execute("object-add", {"qom-type": "iothread", "id": "io1"})
    value = loaded.execute("x-query-iothread-stats")
    returned = loaded.machine.schema.commands["x-query-iothread-stats"].ret_type
    assert returned is not None
    loaded.machine.models.validate(returned, value)
    iothreads = loaded.execute("query-iothreads")
    assert [each["id"] for each in value] == [each["id"] for each in iothreads] == ["io1", "io0"]


def test_what_polling_did_adds_up(loaded: MemoryClient) -> None:
    found = stats(loaded)
    assert found["events"] == found["polled-events"] + found["waited-events"]
    assert found["polls-in-vain"] <= found["polls"]
    assert found["grows"] + found["shrinks"] <= found["adjustments"] <= found["iterations"]
    spent = found["polling-ns"] + found["blocked-ns"] + found["handling-ns"]
    assert 0 < spent <= found["observed-ns"]
    assert found["near-max-ns"] <= found["observed-ns"]
    assert found["cpu-ns"] > 0
    assert rested(loaded)["adjustments"] > 0


def test_latencies_are_counted_in_all_and_for_each_handler(loaded: MemoryClient) -> None:
    wait_until(lambda: stats(loaded)["polled-events"] > 0)
    found = stats(loaded)
    own, handler = found["handlers"]
    assert "latency" not in own
    for latency in (found["latency"], handler["latency"]):
        assert sum(each["count"] for each in latency["histogram"]) == latency["count"] > 0
        ends = [each["to-ns"] for each in latency["histogram"]]
        assert ends == sorted(ends)
        assert latency["max-ns"] <= ends[-1]
    assert 0 <= found["poll-ns-by-time"] <= PollParams().max_ns


def test_latencies_are_in_order(loaded: MemoryClient) -> None:
    latency = stats(loaded)["latency"]
    members = ["p50-ns", "p90-ns", "p99-ns", "p999-ns", "max-ns"]
    values = [latency[name] for name in members]
    assert values == sorted(values)
    assert latency["p50-ns"] > 0
    assert latency["sum-ns"] <= latency["count"] * latency["max-ns"]


def test_mean_and_histogram_agree(loaded: MemoryClient) -> None:
    found = rested(loaded)
    bins = found["poll-ns-histogram"]
    low = sum(each["from-ns"] * each["count"] for each in bins) / found["adjustments"]
    high = sum(each["to-ns"] * each["count"] for each in bins) / found["adjustments"]
    assert low <= found["poll-ns-mean"] <= high


def test_a_workloads_handler_is_among_the_handlers(loaded: MemoryClient) -> None:
    own, workload = stats(loaded)["handlers"]
    assert workload["events"] > 0
    assert {own["fd"], workload["fd"]} <= {int(fd) for fd in os.listdir("/proc/self/fd")}
    assert re.fullmatch("0x[0-9a-f]+", workload["node"])


def test_an_idle_iothread_has_only_waited(client: MemoryClient) -> None:
    found = stats(client)
    assert found["events"] == 0
    assert found["latency"]["count"] == 0
    assert found["poll-ns"] == 0


def test_statistics_are_a_property_too(client: MemoryClient) -> None:
    changing = {"observed-ns", "blocked-ns", "cpu-ns"}
    ours, theirs = stats(client), get_property(client, "x-stats")
    assert ours.keys() == theirs.keys()
    assert {key for key in ours if ours[key] != theirs[key]} <= changing
    refused("Property 'iothread.x-stats' is not writable", set_property, client, "x-stats", {})


def test_a_reset_begins_afresh_and_leaves_polling_alone(loaded: MemoryClient) -> None:
    loaded.execute("object-add", {"qom-type": "iothread", "id": "io1"})
    loaded.execute("qom-set", {"path": "/objects/w0", "property": "interval-ns", "value": 10**12})
    before = stats(loaded)
    loaded.execute("x-reset-iothread-stats", {"id": "io1"})
    assert stats(loaded)["events"] >= before["events"] > 0
    wait_until(lambda: loaded.execute("x-query-workload-stats")[0]["in-flight"] == 0)
    loaded.execute("x-reset-iothread-stats")
    after = stats(loaded)
    # The reset itself wakes the thread.
    assert max(after[name] for name in COUNTERS) <= 2
    assert after["events"] == after["latency"]["count"] == 0
    assert after["observed-ns"] < before["observed-ns"]
    assert after["thread-id"] == before["thread-id"]


@pytest.mark.parametrize("command", ["x-query-iothread-stats", "x-reset-iothread-stats"])
@pytest.mark.parametrize("id", ["nosuch", "compat_monitor0"])
def test_what_is_no_iothread_is_refused(client: MemoryClient, command: str, id: str) -> None:
    refused(f'IOThread "{id}" object does not exist', client.execute, command, {"id": id})


def test_a_histogram_has_bounds_that_meet() -> None:
    assert poll_histogram({3: 5, 0: 1, 1: 2}) == [
        {"from-ns": 0, "to-ns": 0, "count": 1},
        {"from-ns": 1, "to-ns": 1, "count": 2},
        {"from-ns": 4, "to-ns": 7, "count": 5},
    ]


# -- What is not listed ---------------------------------------------------------------------------


def test_unstable_properties_are_reached_by_name_and_not_listed(client: MemoryClient) -> None:
    for listed in (
        client.execute("qom-list", {"path": "/objects/io0"}),
        client.execute("qom-list-properties", {"typename": "iothread"}),
        client.execute("qom-list-get", {"paths": ["/objects/io0"]})[0]["properties"],
    ):
        assert len(listed) == 8
        assert not [each for each in listed if each["name"].startswith("x-")]
    (info,) = client.execute("query-iothreads")
    assert not [name for name in info if name.startswith("x-")]
    assert get_property(client, "x-poll-policy") == "weighted"


# -- Policy ---------------------------------------------------------------------------------------


def test_two_policies_run_side_by_side(client: MemoryClient) -> None:
    options = {"qom-type": "iothread", "id": "io1", "x-poll-policy": "legacy"}
    client.execute("object-add", options)
    found = client.execute("x-query-iothread-stats")
    policies = {each["id"]: each["poll-policy"] for each in found}
    assert policies == {"io0": "weighted", "io1": "legacy"}


def test_the_policy_is_changed_while_it_runs(loaded: MemoryClient) -> None:
    set_property(loaded, "x-poll-policy", "legacy")
    assert stats(loaded)["poll-policy"] == "legacy"
    context = loaded.machine.iothreads()[0].context
    assert context is not None
    assert context.policy == "legacy"
    set_property(loaded, "poll-weight", 5)
    expected = PollParams(grow=0, shrink=0, weight=5)  # as they were before QEMU 11.1
    assert (context.poll_params, context.policy) == (expected, "legacy")
    refused(
        "Parameter 'x-poll-policy' does not accept value 'best'",
        set_property,
        loaded,
        "x-poll-policy",
        "best",
    )
    assert get_property(loaded, "x-poll-policy") == "legacy"


# -- Nice -----------------------------------------------------------------------------------------


def nice_of(client: MemoryClient, id: str = "io0") -> int:
    return os.getpriority(os.PRIO_PROCESS, stats(client, id)["thread-id"])


def test_nice_is_the_threads_own(client: MemoryClient) -> None:
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert get_property(client, "x-nice") == nice_of(client) == mine
    set_property(client, "x-nice", 19)
    assert get_property(client, "x-nice") == nice_of(client) == 19
    assert os.getpriority(os.PRIO_PROCESS, 0) == mine


def test_nice_is_given_at_creation(client: MemoryClient) -> None:
    client.execute("object-add", {"qom-type": "iothread", "id": "io1", "x-nice": 7})
    assert nice_of(client, "io1") == 7


@pytest.mark.parametrize("value", [-21, 20])
def test_nice_has_the_kernels_range(client: MemoryClient, value: int) -> None:
    text = "x-nice value must be in range [-20, 19]"
    refused(text, set_property, client, "x-nice", value)
    options = {"qom-type": "iothread", "id": "io1", "x-nice": value}
    refused(text, client.execute, "object-add", options)
    assert len(client.execute("query-iothreads")) == 1


@pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None,
    reason="needs root, to give up a capability, and setpriv",
)
def test_a_priority_that_the_system_refuses_leaves_nothing() -> None:
    command = ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]
    command += [sys.executable, "-m", "qmp_iothreadd", "-object", "iothread,id=io0"]
    with DaemonProcess(command=command) as daemon, daemon.client() as client:
        get = {"path": "/objects/io0", "property": "x-nice"}
        before = client.execute("qom-get", get)
        text = "cannot set the thread's nice level to -5: Permission denied"
        options = {"qom-type": "iothread", "id": "io1", "x-nice": -5}
        refused(text, client.execute, "object-add", options)
        assert len(client.execute("query-iothreads")) == 1
        refused(text, client.execute, "qom-set", {**get, "value": -5})
        assert client.execute("qom-get", get) == before


def test_a_factor_of_0_is_what_the_policy_takes_it_for(client: MemoryClient) -> None:
    set_property(client, "poll-shrink", 0)
    assert (get_property(client, "poll-shrink"), get_property(client, "poll-grow")) == (2, 2)
    set_property(client, "x-poll-policy", "legacy")
    assert (get_property(client, "poll-shrink"), get_property(client, "poll-grow")) == (0, 0)
    set_property(client, "poll-grow", 3)
    assert client.execute("query-iothreads")[0]["poll-grow"] == 3
    assert client.execute("query-iothreads")[0]["poll-shrink"] == 0
    set_property(client, "x-poll-policy", "weighted")
    assert (get_property(client, "poll-shrink"), get_property(client, "poll-grow")) == (2, 3)


# -- The fd monitor -------------------------------------------------------------------------------


def test_the_fd_monitor_is_chosen_when_made_and_when_set(client: MemoryClient) -> None:
    options = {"qom-type": "iothread", "id": "io1", "x-fdmon": "epoll"}
    client.execute("object-add", options)
    assert client.execute("qom-get", {"path": "/objects/io1", "property": "x-fdmon"}) == "epoll"
    assert client.execute("x-query-iothread-stats", {"id": "io1"})[0]["fdmon"] == "epoll"
    assert get_property(client, "x-fdmon") == stats(client)["fdmon"]
    set_property(client, "x-fdmon", "epoll")
    assert (get_property(client, "x-fdmon"), stats(client)["fdmon"]) == ("epoll", "epoll")
    with pytest.raises(QmpError, match="Parameter 'x-fdmon' does not accept value 'kqueue'"):
        set_property(client, "x-fdmon", "kqueue")
