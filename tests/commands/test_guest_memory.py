"""Guest memory that is not there, dumped, saved and measured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.machine import guest_memory
from qmp_iothreadd.testing import MemoryClient


def events(messages: list[dict[str, Any]]) -> list[str]:
    return [message["event"] for message in messages if "event" in message]


def test_a_dump_fails_once_the_machine_was_stopped_for_it(
    client: MemoryClient, tmp_path: Path
) -> None:
    assert client.execute("query-dump") == {"status": "none", "completed": 0, "total": 0}
    path = tmp_path / "dump"
    arguments = {"paging": False, "protocol": f"file:{path}"}
    messages = client.send({"execute": "dump-guest-memory", "arguments": arguments})
    assert events(messages) == ["STOP", "RESUME"]
    assert messages[-1]["error"]["desc"] == "dump: no guest memory to dump"
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"", 0o400)
    assert client.execute("query-dump")["status"] == "failed"


def test_a_dump_leaves_a_stopped_machine_alone(client: MemoryClient, tmp_path: Path) -> None:
    client.execute("stop")
    arguments = {"paging": True, "protocol": f"file:{tmp_path}/dump"}
    messages = client.send({"execute": "dump-guest-memory", "arguments": arguments})
    assert events(messages) == []


def test_a_dump_takes_a_descriptor(client: MemoryClient) -> None:
    reading, writing = os.pipe()
    client.session.named_descriptors["d"] = writing
    reply = client.request("dump-guest-memory", {"paging": False, "protocol": "fd:d"})
    assert reply["error"]["desc"] == "dump: no guest memory to dump"
    assert os.read(reading, 1) == b""
    os.close(reading)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"protocol": "x"}, "Invalid parameter 'protocol'"),
        ({"protocol": "fd:x"}, "File descriptor named 'x' has not been found"),
        ({"protocol": "file:/no/x"}, "Could not open '/no/x': No such file or directory"),
        ({"protocol": "file:a\0b"}, "Could not open 'a\0b': No such file or directory"),
        ({"protocol": "x", "begin": 0}, "Parameter 'length' is missing"),
        ({"protocol": "x", "length": 0}, "Parameter 'begin' is missing"),
        ({"protocol": "x", "format": "kdump-lzo"}, "kdump-lzo is not available now"),
        ({"protocol": "x", "format": "kdump-raw-snappy"}, "kdump-raw-snappy is not available now"),
        (
            {"protocol": "x", "format": "kdump-zlib", "begin": 0, "length": 1},
            "kdump-compressed format doesn't support paging or filter",
        ),
    ],
)
def test_a_bad_dump_is_refused_before_anything_happens(
    client: MemoryClient, arguments: dict[str, Any], error: str
) -> None:
    request = {"execute": "dump-guest-memory", "arguments": {"paging": False} | arguments}
    (reply,) = client.send(request)
    assert reply["error"]["desc"] == error
    assert client.execute("query-dump")["status"] == "none"


def test_memory_that_is_not_there_is_saved_as_zeros(client: MemoryClient, tmp_path: Path) -> None:
    path = tmp_path / "memory"
    client.execute("pmemsave", {"val": 4096, "size": 5, "filename": str(path)})
    assert path.read_bytes() == b"\0" * 5
    size = 2**40  # of a file that takes no room
    client.execute("pmemsave", {"val": 0, "size": size, "filename": str(path)})
    assert (path.stat().st_size, path.stat().st_blocks) == (size, 0)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filename": "/no/x"}, "Could not open '/no/x': No such file or directory"),
        ({"filename": "{}/x", "size": -1}, "writing memory to '{}/x' failed"),
    ],
)
def test_a_file_that_cannot_be_written_is_said(
    client: MemoryClient, tmp_path: Path, arguments: dict[str, Any], error: str
) -> None:
    given = {"val": 0, "size": 1} | arguments
    given["filename"] = given["filename"].format(tmp_path)
    reply = client.request("pmemsave", given)
    assert reply["error"]["desc"] == error.format(tmp_path)


def test_there_is_no_processor_to_save_the_memory_of(client: MemoryClient) -> None:
    reply = client.request("memsave", {"val": 0, "size": 1, "filename": "/no/x"})
    assert reply["error"]["desc"] == "Parameter 'cpu-index' expects a CPU number"


# -- How fast memory is written -------------------------------------------------------------------


class Clock:
    """Stands in for ``time``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(guest_memory, "time", made)
    return made


def test_nothing_was_measured_yet(client: MemoryClient) -> None:
    assert client.execute("query-dirty-rate") == {
        "status": "unstarted",
        "start-time": 0,
        "calc-time": 0,
        "calc-time-unit": "second",
        "sample-pages": 0,
        "mode": "page-sampling",
    }


def test_sampling_ends_at_once_without_a_rate(client: MemoryClient, clock: Clock) -> None:
    client.execute("calc-dirty-rate", {"calc-time": 2})
    info = client.execute("query-dirty-rate", {"calc-time-unit": "millisecond"})
    assert info == {
        "status": "measured",
        "dirty-rate": -1,
        "start-time": 1000,
        "calc-time": 2000,
        "calc-time-unit": "millisecond",
        "sample-pages": 512,
        "mode": "page-sampling",
    }


def test_a_bitmap_is_watched_for_the_whole_time(client: MemoryClient, clock: Clock) -> None:
    arguments = {"calc-time": 50, "calc-time-unit": "millisecond", "mode": "dirty-bitmap"}
    client.execute("calc-dirty-rate", arguments)
    assert client.execute("query-dirty-rate")["status"] == "measuring"
    reply = client.request("calc-dirty-rate", arguments)
    assert reply["error"]["desc"] == "the dirty rate is already being measured."
    clock.now += 0.05
    info = client.execute("query-dirty-rate")
    assert (info["status"], info["dirty-rate"], info["calc-time"]) == ("measured", 0, 0)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"calc-time": 0}, "Calculation time is out of range [50ms, 60000ms]."),
        ({"calc-time": 61}, "Calculation time is out of range [50ms, 60000ms]."),
        (
            {"calc-time": 49, "calc-time-unit": "millisecond"},
            "Calculation time is out of range [50ms, 60000ms].",
        ),
        ({"calc-time": 1, "sample-pages": 1}, "sample-pages is out of range[128, 16384]."),
        (
            {"calc-time": 1, "sample-pages": 512, "mode": "dirty-ring"},
            "sample-pages is used only in page-sampling mode",
        ),
        (
            {"calc-time": 1, "mode": "dirty-ring"},
            "mode dirty-ring is not enabled, use other method instead.",
        ),
    ],
)
def test_a_bad_measurement_is_refused(
    client: MemoryClient, arguments: dict[str, Any], error: str
) -> None:
    assert client.request("calc-dirty-rate", arguments)["error"]["desc"] == error
    assert client.execute("query-dirty-rate")["status"] == "unstarted"
