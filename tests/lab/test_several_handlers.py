"""Iothreads with several handlers: devices, queues, closed loops."""

from __future__ import annotations

import dataclasses
import json
import pickle
from array import array
from typing import Any

import pytest

from qmp_iothreadd.lab import (
    DEVICES,
    POLICIES,
    PRESETS,
    Costs,
    Device,
    Load,
    Params,
    Simulated,
    _lab,
    simulate,
)

WAKE_NS = 7000
COSTS = Costs(wake_ns=WAKE_NS, wake_sigma=0)
CONSTANT = Device(latency_ns=8000, kind="constant")
NEVER = Params(max_ns=0)
ALWAYS = Params(policy="fixed")


def one(load: Load, params: Params = ALWAYS, **values: Any) -> Simulated:
    [found] = simulate(load, params, **{"requests": 10_000, "costs": COSTS, **values})
    return found


@pytest.mark.parametrize("preset", ["lognormal", "on-off", "pareto"])
def test_with_one_handler_it_is_what_lanes_come_to(preset: str) -> None:
    load, costs = PRESETS[preset], Costs()
    sets = [NEVER, *(Params(policy=policy, weight=n) for policy in POLICIES for n in (1, 5))]
    served, quick = _lab.simulate(load, None, sets, costs, 20_000, 7)
    same, slow = _lab.simulate_events(load, None, None, sets, [None] * len(sets), costs, 20_000, 7)
    assert served == same
    for params, lanes, (events, [handler]) in zip(sets, quick, slow, strict=True):
        if params.policy == "clairvoyant":
            events["poll_ns"] = lanes["poll_ns"]  # lanes look past the last iteration
        assert events.pop("latencies") == lanes.pop("latencies")  # type: ignore[misc]
        assert events == pytest.approx(lanes)
        assert handler[:2] == (lanes["iterations"], served)


def test_a_request_takes_what_the_device_takes() -> None:
    found = one(Load(device=CONSTANT, depth=1, think_ns=20_000))
    handler = COSTS.pass_ns + COSTS.dispatch_ns
    assert found.mean_latency_ns == pytest.approx(8000 + 60 + 2 * handler, rel=1e-4)
    assert found.polled_share == pytest.approx(1, abs=0.001)  # the first is there at the start
    assert [(each.name, each.events, each.requests) for each in found.handlers] == [
        ("queue0", 10_000, 10_000),
        ("device", 10_000, 10_000),
    ]
    assert found.handlers[1].mean_latency_ns == handler


def test_who_never_polls_wakes_up_twice() -> None:
    found = one(Load(device=CONSTANT, depth=1, think_ns=20_000), NEVER)
    expected = 8000 + COSTS.request_ns + 2 * (WAKE_NS + COSTS.dispatch_ns)
    assert found.mean_latency_ns == pytest.approx(expected, rel=0.001)
    assert found.cpu_ns_per_request == pytest.approx(
        2 * sum((COSTS.exit_ns, COSTS.wake_cpu_ns, COSTS.dispatch_ns, COSTS.loop_ns, 60)), rel=0.01
    )


def test_an_open_loop_keeps_its_times_whatever_the_device_takes() -> None:
    found = one(Load("constant", 1000, device=DEVICES["disk"]))
    assert found.duration_ns > 10_000 * 1000
    assert found.latency.quantile(0.5) == pytest.approx(5e6, rel=0.05)


def test_a_closed_loop_has_so_many_at_a_time() -> None:
    found = one(Load(device=CONSTANT, depth=4))
    assert found.duration_ns == pytest.approx(10_000 / 4 * (8000 + 840), rel=0.05)
    served = one(Load(depth=4, think_ns=10_000))
    assert one(Load("trace", intervals=[5, 6], depth=4, think_ns=10_000)) == served
    assert served.duration_ns == pytest.approx(10_000 / 4 * 10_440, rel=0.05)
    assert [each.name for each in served.handlers] == ["queue0"]


def test_queues_have_arrivals_of_their_own() -> None:
    load = Load("exponential", 50_000, queues=3, device=DEVICES["nvme"])
    found = one(load, requests=10_001)
    assert [each.requests for each in found.handlers] == [3334, 3334, 3333, 10_001]
    assert found.requests == found.latency.total == 10_001
    assert found.duration_ns == pytest.approx(10_000 * 50_000 / 3, rel=0.1)


def test_iothreads_serve_at_the_same_time() -> None:
    load = Load("exponential", 50_000, iothreads=2)
    found, alone = one(load), one(dataclasses.replace(load, iothreads=1))
    assert found.duration_ns == pytest.approx(alone.duration_ns / 2, rel=0.1)
    assert found.latency.total == found.requests == 10_000
    assert found.polled_share == pytest.approx(alone.polled_share, rel=0.1)
    assert one(load, requests=1).requests == 1


def test_many_sets_come_to_the_same_as_each_alone() -> None:
    load = PRESETS["qemu-series"]
    sets = [Params(weight=n, policy=policy) for n in (1, 4) for policy in POLICIES]
    for found in simulate(load, sets, requests=40_000):
        assert simulate(load, found.params, requests=40_000) == [found]


def test_a_table_is_drawn_from() -> None:
    device = Device("mine", kind="table", table=[1000, 9000])
    found = one(Load(device=device, depth=1), costs=Costs(request_ns=0))
    counts = sorted(found.latency.counts.values())
    assert sum(counts[-2:]) > 9900
    assert counts[-1] == pytest.approx(5000, rel=0.1)
    assert pickle.loads(pickle.dumps(device)).table == array("q", [1000, 9000])


@pytest.mark.parametrize("load", [PRESETS["nvme"], PRESETS["constant"]], ids=str)
def test_without_sets_nothing_is_served(load: Load) -> None:
    assert simulate(load, []) == []


def test_what_costs_nothing_takes_no_time() -> None:
    costs = Costs(**{field.name: 0 for field in dataclasses.fields(Costs)})
    found = one(Load(depth=2), NEVER, costs=costs)
    assert (found.requests, found.duration_ns) == (10_000, 0)
    assert (found.mean_latency_ns, found.poll_ns_by_time, found.near_max_share) == (0, 0, 0)


def test_a_trace_stops_every_queue() -> None:
    load = Load("trace", intervals=[5000, 90_000], at_end="stop", queues=2, device=CONSTANT)
    assert one(load).requests == 4


def test_a_result_says_how_each_handler_fared() -> None:
    read = json.loads(json.dumps(one(PRESETS["nvme"]).to_json()))
    assert [each["name"] for each in read["handlers"]] == ["queue0", "device"]
    assert read["handlers"][0]["p99_ns"] > 0
    assert str(PRESETS["qemu-series"]).endswith(", 2 iothreads")


def test_progress_is_told_of_all_iothreads() -> None:
    seen: list[int] = []
    one(Load(depth=1, iothreads=2), requests=30_000, progress=seen.append)
    assert seen == sorted(seen)
    assert (len(seen) > 2, seen[-1]) == (True, 30_000)


SLOW = Costs(**{field.name: 10**12 for field in dataclasses.fields(Costs) if field.type == "int"})


@pytest.mark.parametrize(
    ("load", "values", "message"),
    [
        (Load("constant", 10**12, queues=2), {}, "of virtual time, the most"),
        (Load(depth=1), {"costs": SLOW}, "of virtual time, the most"),
        (
            Load("constant", 1, queues=2),
            {"requests": 3 * 10**6, "costs": Costs(request_ns=10**5)},
            "cannot keep up with the load",
        ),
        (
            Load("constant", 100, device=Device(latency_ns=10**12, kind="constant")),
            {"requests": 1_100_000},
            "too many requests wait, or are in the device",
        ),
    ],
)
def test_what_cannot_end_is_refused(load: Load, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        one(load, **values)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Load(queues=0), "queues must be from 1 to 63, not 0"),
        (lambda: Load(depth=-1), "depth must be from 0 to 65536, not -1"),
        (lambda: Load(think_ns=5), "think_ns is of a closed loop: give it a depth"),
        (lambda: Load(iothreads=65), "iothreads must be from 1 to 64"),
        (lambda: Device(kind="tape"), "kind must be one of constant, .*, table, not 'tape'"),
        (lambda: Device(latency_ns=0), "latency_ns must be from 1 to"),
        (lambda: Device(sigma=11), "sigma must be from 0 to 10"),
        (lambda: Device(kind="table"), "the kind table needs a table"),
        (lambda: Device(table=[1]), "and no other has one"),
        (lambda: one(Load(device=Device(kind="table", table=[]))), "the table is empty"),
        (lambda: one(Load(device=Device(kind="table", table=[-1]))), "the shortest of the table"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("device", [*DEVICES.values(), Device(kind="table", table=[5])], ids=str)
def test_a_device_says_what_it_is(device: Device) -> None:
    assert str(device).startswith(f"{device.name} (")
