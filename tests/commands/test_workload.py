"""x-workload: synthetic load that is created, tuned and removed through QMP."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.cli import CommandLineError, parse
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread import _engine
from qmp_iothreadd.iothread._engine import ARRIVALS, live_counters
from qmp_iothreadd.testing.memory import MemoryClient
from tests.generators import generator_thread_ids
from tests.waiting import wait_until

# An interval at which nothing is issued while a test runs.
NEVER_NS = 10**12

# The arrivals that need nothing but numbers, which have defaults.
_NUMBERS_ALONE = [name for name in ARRIVALS if name not in ("trace", "phases")]


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        yield client


def add(client: MemoryClient, id: str = "w0", iothread: str = "io0", **properties: Any) -> None:
    given = {name.replace("_", "-"): value for name, value in properties.items()}
    options = {"qom-type": "x-workload", "id": id, "iothread": iothread, **given}
    client.execute("object-add", options)


def get(client: MemoryClient, property: str, path: str = "/objects/w0") -> Any:
    return client.execute("qom-get", {"path": path, "property": property})


def tune(client: MemoryClient, property: str, value: Any, path: str = "/objects/w0") -> None:
    client.execute("qom-set", {"path": path, "property": property, "value": value})


def stats(client: MemoryClient, id: str = "w0") -> dict[str, Any]:
    (found,) = client.execute("x-query-workload-stats", {"id": id})
    assert isinstance(found, dict)
    return found


def refused(text: str, run: Callable[..., object], *args: Any, **options: Any) -> None:
    with pytest.raises(QmpError, match=f"^{re.escape(text)}$"):
        run(*args, **options)


def intervals_file(folder: Path, text: str) -> str:
    path = folder / "intervals"
    path.write_text(text)
    return str(path)


# -- Creation -------------------------------------------------------------------------------------


@pytest.mark.parametrize("arrival", _NUMBERS_ALONE)
def test_requests_of_each_arrival_are_issued_and_served(client: MemoryClient, arrival: str) -> None:
    add(client, arrival=arrival, interval_ns=50_000, on_ns=200_000, off_ns=200_000)
    wait_until(lambda: stats(client)["completed"] > 100)


def test_a_trace_of_intervals_is_played_over_and_over(client: MemoryClient, tmp_path: Path) -> None:
    path = intervals_file(tmp_path, "# recorded\n20000\n\n  50000 # slow\n30000\n")
    add(client, arrival="trace", file=path)
    wait_until(lambda: stats(client)["issued"] > 20)


def test_properties_have_defaults(client: MemoryClient) -> None:
    add(client)
    names = ["arrival", "interval-ns", "sigma", "on-ns", "off-ns", "file", "depth", "service-ns"]
    assert [get(client, name) for name in names] == [
        "constant",
        100_000,
        1,
        1_000_000,
        1_000_000,
        "",
        0,
        0,
    ]
    assert get(client, "iothread") == "io0"
    assert get(client, "seed") == 0


def test_it_is_listed_like_any_object(client: MemoryClient) -> None:
    add(client)
    listed = client.execute("qom-list", {"path": "/objects"})
    assert {"name": "w0", "type": "child<x-workload>"} in listed
    names = [each["name"] for each in client.execute("qom-list", {"path": "/objects/w0"})]
    assert names[0] == "type"
    assert {"interval-ns", "sigma", "slow-share"} < set(names)
    assert "x-stats" not in names


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"iothread": "nosuch"}, 'IOThread "nosuch" object does not exist'),
        ({"iothread": "compat_monitor0"}, 'IOThread "compat_monitor0" object does not exist'),
        ({"depth": 1025}, "depth value must be in range [0, 1024]"),
        ({"depth": -1}, "depth value must be in range [0, 1024]"),
        ({"sigma": 10.5}, "sigma value must be in range [0, 10]"),
        ({"sigma": -0.5}, "sigma value must be in range [0, 10]"),
        ({"service_ns": 10**7 + 1}, "service-ns value must be in range [0, 10000000]"),
        ({"interval_ns": 10**15 + 1}, "interval-ns value must be in range [0, 1000000000000000]"),
        ({"arrival": "poisson"}, "Parameter 'arrival' does not accept value 'poisson'"),
        ({"arrival": "trace"}, "Parameter 'file' is missing"),
        ({"arrival": "phases"}, "Parameter 'phases' is missing"),
        ({"phases": [{"lasts-ns": 0}]}, "lasts-ns value must be in range [1, 1000000000000000]"),
        ({"phases": [{"lasts-ns": 1, "sigma": 11}]}, "sigma value must be in range [0, 10]"),
        (
            {"phases": [{"lasts-ns": 1, "arrival": "trace"}]},
            "a phase cannot have the arrival 'trace'",
        ),
        ({"phases": [{"lasts-ns": 1}] * 65}, "phases has more than 64 elements"),
        ({"phases": [{}]}, "Parameter 'phases[0].lasts-ns' is missing"),
        (
            {"arrival": "phases", "phases": [{"lasts-ns": 1, "interval-ns": 0}]},
            "a workload without time between its requests needs a depth to limit them",
        ),
        (
            {"arrival": "phases", "depth": 1, "phases": [{"lasts-ns": 1, "interval-ns": 0}]},
            "a phase without time between its requests never ends: give it an interval-ns",
        ),
        (
            {
                "arrival": "phases",
                "phases": [{"lasts-ns": 1}, {"lasts-ns": 1, "interval-ns": 0}],
            },
            "a phase without time between its requests never ends: give it an interval-ns",
        ),
        ({"think_ns": 1}, "think-ns needs a depth: only a closed loop waits for its requests"),
        ({"queues": 0}, "queues value must be in range [1, 64]"),
        ({"device": "tape"}, "Parameter 'device' does not accept value 'tape'"),
        ({"device_ns": -1}, "device-ns value must be in range [0, 1000000000000000]"),
        ({"device_file": "/nosuch"}, "Could not open '/nosuch': No such file or directory"),
        ({"file": "/nosuch"}, "Could not open '/nosuch': No such file or directory"),
        (
            {"interval_ns": 0},
            "a workload without time between its requests needs a depth to limit them",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(
    client: MemoryClient, properties: dict[str, Any], text: str
) -> None:
    before = live_counters()
    refused(text, add, client, **properties)
    assert client.execute("x-query-workload-stats") == []
    assert live_counters() == before
    add(client)


@pytest.mark.parametrize(
    ("server", "text"),
    [
        ({}, "Parameter 'iothread' is missing"),
        (
            {"iothread": "io0", "disk": "d0"},
            "a workload is served by an iothread or by a disk, not by both",
        ),
        ({"disk": "d0"}, "Device 'd0' not found"),
        (
            {"disk": "d0", "device": "nvme"},
            "a workload's requests are done by a disk or by a device, not by both",
        ),
        ({"iothread": "io0", "block-size": 513}, "block-size must be a multiple of 512"),
        ({"iothread": "io0", "block-size": 0}, "block-size value must be in range [512, 1048576]"),
        ({"iothread": "io0", "queue": -1}, "queue value must be in range [0, 1023]"),
        ({"iothread": "io0", "read-percent": 101}, "read-percent value must be in range [0, 100]"),
    ],
)
def test_what_cannot_serve_it_is_refused(
    client: MemoryClient, server: dict[str, Any], text: str
) -> None:
    options = {"qom-type": "x-workload", "id": "w0", **server}
    refused(text, client.execute, "object-add", options)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "'{path}' has no intervals"),
        ("# nothing\n", "'{path}' has no intervals"),
        ("1\n-5\n", "{path}:2: expected a number of ns in range [0, 1000000000000000]"),
        ("1_000\n", "{path}:1: expected a number of ns in range [0, 1000000000000000]"),
        ("1.5\n", "{path}:1: expected a number of ns in range [0, 1000000000000000]"),
        ("9" * 5000, "{path}:1: expected a number of ns in range [0, 1000000000000000]"),
        ("\xff\n", "{path}:1: expected a number of ns in range [0, 1000000000000000]"),
    ],
)
def test_a_file_of_something_else_is_refused(
    client: MemoryClient, tmp_path: Path, text: str, error: str
) -> None:
    path = intervals_file(tmp_path, text)
    refused(error.format(path=path), add, client, arrival="trace", file=path)


def test_a_file_that_could_be_without_end_is_refused(client: MemoryClient, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in ("/dev/zero", str(pipe)):
        refused(f"Could not open '{path}': not a regular file", add, client, file=path)
    refused(f"Could not open '{tmp_path}': Is a directory", add, client, file=str(tmp_path))
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate((8 << 20) + 1)
    refused(f"Could not open '{large}': File too large", add, client, file=str(large))


def test_a_file_of_too_many_intervals_is_refused(client: MemoryClient, tmp_path: Path) -> None:
    path = intervals_file(tmp_path, "0\n" * (1 << 20))
    add(client, arrival="trace", file=path, depth=1)
    client.execute("object-del", {"id": "w0"})
    path = intervals_file(tmp_path, "0\n" * (1 << 20) + "1")
    text = f"'{path}' has more than 1048576 intervals"
    refused(text, add, client, arrival="trace", file=path, depth=1)


def test_a_name_with_a_nul_is_refused(client: MemoryClient) -> None:
    refused("No such file or directory: its name has a NUL in it", add, client, file="a\0b")


def test_intervals_of_nothing_need_a_depth(client: MemoryClient, tmp_path: Path) -> None:
    path = intervals_file(tmp_path, "0\n0\n")
    text = "a workload without time between its requests needs a depth to limit them"
    refused(text, add, client, arrival="trace", file=path)
    add(client, arrival="trace", file=path, depth=1)
    wait_until(lambda: stats(client)["completed"] > 10)


def test_the_command_line_takes_its_options_as_text() -> None:
    text = "x-workload,id=w0,iothread=io0,arrival=lognormal,sigma=1.5,depth=0x8"
    config, _ = parse(["prog", "-object", text])
    (made,) = config.objects
    given = {"qom-type": "x-workload", "id": "w0", "iothread": "io0", "arrival": "lognormal"}
    assert made.values == given | {"sigma": 1.5, "depth": 8}
    with pytest.raises(CommandLineError) as raised:
        parse(["prog", "-object", text.replace("1.5", "much")])
    assert raised.value.text.endswith(": Parameter 'sigma' expects a number\n")


# -- Tuning ---------------------------------------------------------------------------------------


def test_the_rate_is_tuned_while_it_runs(client: MemoryClient) -> None:
    add(client, interval_ns=NEVER_NS)
    assert stats(client)["issued"] == 0
    tune(client, "interval-ns", 20_000)
    wait_until(lambda: stats(client)["completed"] > 50)
    tune(client, "interval-ns", NEVER_NS)
    wait_until(lambda: stats(client)["in-flight"] == 0)
    issued = stats(client)["issued"]
    time.sleep(0.02)
    assert stats(client)["issued"] == issued


def test_every_parameter_is_tuned_while_it_runs(client: MemoryClient, tmp_path: Path) -> None:
    add(client)
    path = intervals_file(tmp_path, "10000\n")
    wanted = {
        "interval-ns": 30_000,
        "sigma": 1.5,
        "on-ns": 100_000,
        "off-ns": 50_000,
        "file": path,
        "depth": 8,
        "service-ns": 1000,
        "seed": 2**64 - 1,
    }
    for name, value in wanted.items():
        tune(client, name, value)
    for arrival in ("exponential", "lognormal", "on-off", "trace", "constant"):
        tune(client, "arrival", arrival)
        assert get(client, "arrival") == arrival
        completed = stats(client)["completed"]
        wait_until(lambda completed=completed: stats(client)["completed"] > completed + 10)  # type: ignore[misc]
    assert {name: get(client, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (
            "iothread",
            "io0",
            "Property 'x-workload.iothread' cannot be changed once the object was created",
        ),
        ("depth", 5000, "depth value must be in range [0, 1024]"),
        ("arrival", "trace", "Parameter 'file' is missing"),
        ("file", "/nosuch", "Could not open '/nosuch': No such file or directory"),
        (
            "interval-ns",
            0,
            "a workload without time between its requests needs a depth to limit them",
        ),
        ("interval-ns", "1", "Invalid parameter type for 'interval-ns', expected: integer"),
        ("sigma", "big", "Invalid parameter type for 'sigma', expected: number"),
    ],
)
def test_a_refused_value_changes_nothing(
    client: MemoryClient, name: str, value: Any, text: str
) -> None:
    add(client, interval_ns=20_000)
    before = get(client, name)
    refused(text, tune, client, name, value)
    assert get(client, name) == before
    completed = stats(client)["completed"]
    wait_until(lambda: stats(client)["completed"] > completed)


def test_a_file_that_is_taken_away_is_refused_while_it_is_played(
    client: MemoryClient, tmp_path: Path
) -> None:
    add(client, arrival="trace", file=intervals_file(tmp_path, "10000\n"))
    refused("Parameter 'file' is missing", tune, client, "file", "")
    tune(client, "service-ns", 100)
    wait_until(lambda: stats(client)["completed"] > 10)


# -- What it does ---------------------------------------------------------------------------------


def test_depth_limits_the_requests_in_flight(client: MemoryClient) -> None:
    add(client, interval_ns=0, depth=4, service_ns=20_000)
    seen = []

    def enough() -> bool:
        found = stats(client)
        seen.append(found["in-flight"])
        return bool(found["completed"] >= 1000 and max(seen) > 0)

    wait_until(enough)
    assert max(seen) <= 4
    assert stats(client)["dropped"] == 0


def test_an_iothread_that_cannot_keep_up_drops_requests_and_says_so(client: MemoryClient) -> None:
    add(client, interval_ns=2_000, service_ns=100_000)
    wait_until(lambda: stats(client)["dropped"] > 0)


def test_service_time_is_spent_by_the_iothread(client: MemoryClient) -> None:
    add(client, interval_ns=100_000, service_ns=50_000, depth=1)

    def served() -> bool:
        (found,) = client.execute("x-query-iothread-stats")
        completed: int = stats(client)["completed"]
        return completed > 50 and found["handling-ns"] >= 50 * 50_000

    wait_until(served)


def test_statistics_are_a_property_too(client: MemoryClient) -> None:
    add(client, interval_ns=NEVER_NS)
    assert get(client, "x-stats") == stats(client)
    assert stats(client)["iothread"] == "io0"


def test_statistics_are_what_the_schema_says(client: MemoryClient) -> None:
    add(client, "w0")
    add(client, "w1", arrival="exponential")
    value = client.execute("x-query-workload-stats")
    returned = client.machine.schema.commands["x-query-workload-stats"].ret_type
    assert returned is not None
    client.machine.models.validate(returned, value)
    assert [each["id"] for each in value] == ["w1", "w0"]


@pytest.mark.parametrize("id", ["nosuch", "io0"])
def test_statistics_of_what_is_no_workload_are_refused(client: MemoryClient, id: str) -> None:
    text = f'x-workload "{id}" object does not exist'
    refused(text, client.execute, "x-query-workload-stats", {"id": id})


# -- Devices, queues, what loops and traces do ----------------------------------------------------


def handlers(client: MemoryClient) -> list[dict[str, Any]]:
    """Those of the workloads, without the iothread's own."""
    (found,) = client.execute("x-query-iothread-stats")
    listed: list[dict[str, Any]] = found["handlers"][1:]
    return listed


@pytest.mark.parametrize("device", ["nvme", "ssd", "network", "disk"])
def test_a_device_completes_requests_on_a_handler_of_its_own(
    client: MemoryClient, device: str
) -> None:
    add(client, device=device, interval_ns=1_000_000)
    takes_ns = get(client, "device-ns")
    wait_until(lambda: stats(client)["completed"] > 20)
    submissions, completions = handlers(client)
    assert submissions["latency"]["count"] >= completions["latency"]["count"] > 20 - 1
    latency = stats(client)["latency"]
    assert latency["p50-ns"] > 0.5 * takes_ns > 0
    assert sum(each["count"] for each in latency["histogram"]) == latency["count"]


def test_a_device_of_ones_own_takes_what_it_is_said_to(
    client: MemoryClient, tmp_path: Path
) -> None:
    path = intervals_file(tmp_path, "3000000\n4000000\n")
    add(client, device="own", device_file=path, interval_ns=0, depth=2)
    wait_until(lambda: stats(client)["completed"] > 10)
    assert min(each["to-ns"] for each in stats(client)["latency"]["histogram"]) >= 3_000_000
    assert (get(client, "device-ns"), get(client, "device-sigma")) == (100_000, 0.3)
    tune(client, "device-file", "")
    tune(client, "device-ns", 20_000_000)
    before = stats(client)["completed"]
    wait_until(lambda: stats(client)["completed"] > before + 6)
    assert stats(client)["latency"]["max-ns"] > 8_000_000


def test_a_devices_own_numbers_are_those_of_its_kind(client: MemoryClient) -> None:
    add(client, device="ssd", interval_ns=NEVER_NS)
    assert (get(client, "device-ns"), get(client, "device-sigma")) == (80_000, 0)
    tune(client, "device-sigma", 0.5)  # no longer of two kinds
    assert (get(client, "device-ns"), get(client, "device-sigma")) == (80_000, 0.5)


def test_what_completes_requests_can_be_exchanged_but_not_taken_away(client: MemoryClient) -> None:
    add(client, device="nvme", interval_ns=100_000)
    tune(client, "device", "disk")
    assert (get(client, "device"), get(client, "device-ns")) == ("disk", 5_000_000)
    text = "a workload begins with a device or without: delete it, and create one that is as wanted"
    refused(text, tune, client, "device", "none")
    add(client, "w1")
    refused(text, tune, client, "device", "nvme", "/objects/w1")
    tune(client, "device", "none", "/objects/w1")


def test_each_queue_has_a_handler_and_requests_of_its_own(client: MemoryClient) -> None:
    add(client, queues=3, arrival="exponential", interval_ns=100_000)
    wait_until(lambda: all(each["events"] > 20 for each in handlers(client)))
    assert len(handlers(client)) == 3
    tune(client, "interval-ns", NEVER_NS)
    wait_until(lambda: stats(client)["in-flight"] == 0)
    found = stats(client)
    assert found["latency"]["count"] == found["completed"] == found["issued"] > 60
    assert sum(each["latency"]["count"] for each in handlers(client)) == found["completed"]
    quantiles = [found["latency"][f"{name}-ns"] for name in ("p50", "p90", "p99", "p999", "max")]
    assert quantiles == sorted(quantiles)
    add(client, "w1", interval_ns=NEVER_NS)
    assert list(stats(client, "w1")) == list(found)  # members come in the same order
    client.execute("object-del", {"id": "w1"})
    refused(
        "Property 'x-workload.queues' cannot be changed once the object was created",
        *(tune, client, "queues", 1),
    )
    client.execute("object-del", {"id": "w0"})
    assert handlers(client) == []


def test_generators_run_on_the_cpus_that_are_named(client: MemoryClient) -> None:
    cpu = max(os.sched_getaffinity(0))
    for name in ("w0", "w1"):
        add(client, name, x_cpus=[cpu], interval_ns=NEVER_NS)
    assert get(client, "x-cpus") == [cpu]
    wait_until(lambda: len(generator_thread_ids()) == 1)  # they share it
    (generator,) = generator_thread_ids()
    assert os.sched_getaffinity(generator) == {cpu}
    add(client, "w2", interval_ns=NEVER_NS)
    assert live_counters()["generators"] == 2
    refused(
        "Property 'x-workload.x-cpus' cannot be changed once the object was created",
        *(tune, client, "x-cpus", [cpu]),
    )


@pytest.mark.parametrize("cpus", [[1023], [0, 1023], [1024]], ids=str)
def test_cpus_that_are_not_there_are_refused(client: MemoryClient, cpus: list[int]) -> None:
    before = live_counters()
    named = ", ".join(str(cpu) for cpu in cpus)
    text = f"cannot run on the CPUs {named}: each has to be there, and allowed to the process"
    refused(text, add, client, x_cpus=cpus)
    assert live_counters() == before
    options = {"qom-type": "iothread", "id": "io1", "x-cpus": cpus}
    refused(text, client.execute, "object-add", options)
    assert live_counters() == before
    refused(text, tune, client, "x-cpus", cpus, "/objects/io0")
    assert get(client, "x-cpus", "/objects/io0") == sorted(os.sched_getaffinity(0))


def test_an_iothread_runs_on_the_cpus_that_are_named(client: MemoryClient) -> None:
    cpu = max(os.sched_getaffinity(0))
    options = {"qom-type": "iothread", "id": "io1", "x-cpus": [cpu]}
    client.execute("object-add", options)
    assert get(client, "x-cpus", "/objects/io1") == [cpu]
    tune(client, "x-cpus", [cpu], "/objects/io0")
    for found in client.execute("x-query-iothread-stats"):
        assert os.sched_getaffinity(found["thread-id"]) == {cpu}
    refused("CPU list is empty", tune, client, "x-cpus", [], "/objects/io0")


def test_a_trace_may_end(client: MemoryClient, tmp_path: Path) -> None:
    add(client, arrival="trace", file=intervals_file(tmp_path, "1000\n" * 50), at_end="stop")
    wait_until(lambda: stats(client)["completed"] == 50)
    assert stats(client)["issued"] == 50
    tune(client, "at-end", "repeat")
    wait_until(lambda: stats(client)["completed"] > 150)


def test_phases_follow_each_other(client: MemoryClient) -> None:
    phases = [
        {"lasts-ns": 2_000_000, "interval-ns": 50_000},
        {"lasts-ns": 2_000_000, "arrival": "exponential", "interval-ns": 200_000},
    ]
    add(client, arrival="phases", phases=phases)
    assert get(client, "phases") == phases
    wait_until(lambda: stats(client)["completed"] > 200)


def test_a_closed_loop_thinks(client: MemoryClient) -> None:
    add(client, depth=3, think_ns=2_000_000)
    wait_until(lambda: stats(client)["completed"] > 12)
    assert stats(client)["in-flight"] <= 3
    tune(client, "think-ns", NEVER_NS)
    wait_until(lambda: stats(client)["in-flight"] == 0)
    # Those whose places were free when it was told; then each thinks.
    refused(
        "think-ns needs a depth: only a closed loop waits for its requests",
        *(tune, client, "depth", 0),
    )


def test_what_a_late_generator_issues_was_due_before(client: MemoryClient) -> None:
    add(client, interval_ns=1)  # more than anybody can issue
    wait_until(lambda: stats(client)["fell-behind"])
    assert stats(client)["late-max-ns"] > 20_000
    wait_until(lambda: stats(client)["latency"]["max-ns"] > 20_000)


# -- Deletion -------------------------------------------------------------------------------------


def test_an_iothread_that_serves_a_workload_cannot_be_deleted(client: MemoryClient) -> None:
    add(client, "w0")
    add(client, "w1")
    text = "object 'io0' is in use, can not be deleted"
    refused(text, client.execute, "object-del", {"id": "io0"})
    client.execute("object-del", {"id": "w0"})
    refused(text, client.execute, "object-del", {"id": "io0"})
    client.execute("object-del", {"id": "w1"})
    client.execute("object-del", {"id": "io0"})


def test_what_the_system_refuses_is_told_with_its_reason(
    client: MemoryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object, **more: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(_engine, "NativeWorkload", fail)
    with pytest.raises(QmpError, match=r": Too many open files$"):
        add(client, depth=1)
    client.execute("object-del", {"id": "io0"})


def test_a_workload_whose_creation_failed_does_not_keep_its_iothread(client: MemoryClient) -> None:
    refused("Parameter 'file' is missing", add, client, arrival="trace")
    client.execute("object-del", {"id": "io0"})


def test_deletion_ends_the_generators_threads(client: MemoryClient) -> None:
    before = live_counters()
    for number in range(4):
        add(client, f"w{number}", interval_ns=10_000)
    assert live_counters()["workloads"] == 4
    for number in range(4):
        client.execute("object-del", {"id": f"w{number}"})
    assert live_counters() == before


def test_closing_the_machine_ends_workloads_before_their_iothreads() -> None:
    with MemoryClient() as client:
        client.negotiate()
        for number in range(3):
            client.execute("object-add", {"qom-type": "iothread", "id": f"io{number}"})
            add(client, f"w{number}", f"io{number}", interval_ns=10_000)
    assert not any(live_counters().values())


def test_random_requests_against_loaded_iothreads_leave_nothing(client: MemoryClient) -> None:
    choose = random.Random(4)
    client.execute("object-add", {"qom-type": "iothread", "id": "io1"})
    before = live_counters()
    deadline = time.monotonic() + 1
    present: set[str] = set()
    while time.monotonic() < deadline:
        name = f"w{choose.randrange(6)}"
        if name not in present:
            arrival = choose.choice(_NUMBERS_ALONE)
            add(client, name, f"io{choose.randrange(2)}", arrival=arrival, depth=8)
            present.add(name)
        elif choose.random() < 0.5:
            client.execute("object-del", {"id": name})
            present.remove(name)
        else:
            tune(client, "interval-ns", choose.randrange(1000, 100_000), f"/objects/{name}")
        if choose.random() < 0.2:
            path = f"/objects/io{choose.randrange(2)}"
            tune(client, "poll-weight", choose.randrange(64), path)
            tune(client, "x-poll-policy", choose.choice(["legacy", "weighted"]), path)
    for name in present:
        client.execute("object-del", {"id": name})
    assert live_counters() == before
