"""trace-event-get-state and trace-event-set-state. What is expected was seen in QEMU."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread._engine import trace_events
from qmp_iothreadd.iothread.trace_replay import replay
from qmp_iothreadd.testing.memory import MemoryClient
from tests.waiting import wait_until


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        yield client


def states(client: MemoryClient, name: str) -> dict[str, str]:
    value = client.execute("trace-event-get-state", {"name": name})
    returned = client.machine.schema.commands["trace-event-get-state"].ret_type
    assert returned is not None
    client.machine.models.validate(returned, value)
    return {each["name"]: each["state"] for each in value}


def test_events_are_off_at_first(client: MemoryClient) -> None:
    assert states(client, "poll_add") == {"poll_add": "disabled"}
    assert set(states(client, "*").values()) == {"disabled"}


def test_a_pattern_turns_several_on_and_off(client: MemoryClient) -> None:
    client.execute("trace-event-set-state", {"name": "p*w", "enable": True})
    assert states(client, "poll_*") == {
        "poll_remove": "disabled",
        "poll_add": "disabled",
        "poll_grow": "enabled",
        "poll_shrink": "disabled",
    }
    client.execute("trace-event-set-state", {"name": "*", "enable": False})
    assert set(states(client, "*").values()) == {"disabled"}


@pytest.mark.parametrize("name", ["nosuch", "", "POLL_ADD", "poll_[a]dd", "poll_?dd"])
def test_unknown_names_are_refused(client: MemoryClient, name: str) -> None:
    for command, more in (
        ("trace-event-get-state", {}),
        ("trace-event-set-state", {"enable": True}),
        ("trace-event-set-state", {"enable": True, "ignore-unavailable": True}),
    ):
        with pytest.raises(QmpError) as raised:
            client.execute(command, {"name": name, **more})
        assert raised.value.desc == f'unknown event "{name}"'
        assert raised.value.error_class == "GenericError"


def test_a_pattern_may_fit_nothing(client: MemoryClient) -> None:
    assert states(client, "nosuch*") == {}
    client.execute("trace-event-set-state", {"name": "nosuch*", "enable": True})


def test_events_end_with_the_machine() -> None:
    with MemoryClient() as client:
        client.negotiate()
        client.execute("trace-event-set-state", {"name": "poll_add", "enable": True})
        assert trace_events() == ["poll_add"]
    assert trace_events() == []


def test_what_an_iothread_traced_last_is_written_before_it_is_gone(client: MemoryClient) -> None:
    written: list[str] = []
    client.machine.traces.write = written.append
    client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
    client.execute("trace-event-set-state", {"name": "x_aio_adjust", "enable": True})
    load = {"qom-type": "x-workload", "id": "w0", "iothread": "io0", "interval-ns": 50_000}
    client.execute("object-add", load)
    wait_until(lambda: client.execute("x-query-iothread-stats")[0]["adjustments"] > 10)
    client.execute("object-del", {"id": "w0"})
    client.execute("object-del", {"id": "io0"})
    found = replay("".join(written).splitlines())
    assert found.decisions > 10
    assert found.mismatches == []


def test_an_iothread_is_recorded_while_the_log_goes_on(
    client: MemoryClient, tmp_path: Path
) -> None:
    lines: list[str] = []
    client.machine.traces.write = lambda text: lines.extend(text.splitlines())
    for name in ("io0", "io1"):
        client.execute("object-add", {"qom-type": "iothread", "id": name})
        load = {"qom-type": "x-workload", "id": f"w-{name}", "iothread": name}
        client.execute("object-add", {**load, "interval-ns": 50_000})
    file = tmp_path / "raw"
    arguments = {"id": "io0", "file": str(file)}
    client.execute("trace-event-set-state", {"name": "poll_shrink", "enable": True})
    assert client.execute("x-record-iothread", arguments) == {}
    assert trace_events() == ["poll_shrink", "x_aio_adjust"]
    assert states(client, "x_aio_adjust") == {"x_aio_adjust": "disabled"}
    size = file.stat().st_size

    def grown() -> bool:
        client.machine.traces.drain()
        return file.stat().st_size > size + 1000

    wait_until(grown)
    refused = client.send({"execute": "x-record-iothread", "arguments": arguments})[0]["error"]
    assert refused["desc"].startswith("iothread 'io0' is being recorded already")
    done = client.execute("x-stop-iothread-recording", {"id": "io0"})
    returned = client.machine.schema.commands["x-stop-iothread-recording"].ret_type
    assert returned is not None
    client.machine.models.validate(returned, done)
    assert (done["file"], done["decisions"] > 5) == (str(file), True)
    assert trace_events() == ["poll_shrink"]
    assert {line.split()[0] for line in lines} <= {"poll_shrink"}
    refused = client.send({"execute": "x-stop-iothread-recording", "arguments": {"id": "io0"}})
    assert refused[0]["error"]["desc"].startswith("iothread 'io0' is not being recorded")


def test_a_recording_ends_with_its_iothread(client: MemoryClient, tmp_path: Path) -> None:
    client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
    arguments = {"id": "io0", "file": str(tmp_path / "raw")}
    client.execute("x-record-iothread", arguments)
    client.execute("object-del", {"id": "io0"})
    wait_until(lambda: trace_events() == [])
    [reply] = client.send({"execute": "x-record-iothread", "arguments": arguments})
    assert reply["error"]["desc"] == 'IOThread "io0" object does not exist'
