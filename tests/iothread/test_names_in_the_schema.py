"""What the engine's tables name is what the schema names: neither can gain a row alone."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.iothread._engine import (
    ACCESS_PATTERNS,
    ARRIVALS,
    DISK_REQUEST_MAX,
    DISK_SECTOR,
    FD_MONITORS,
    POLICIES,
    POLL_PARAMS,
    TIME_MAX_NS,
    WORKLOAD_DEPTH_MAX,
)
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.iothread.workload import WorkloadObject
from qmp_iothreadd.qapi.cache import load_schema_cached

TYPES: Any = load_schema_cached().types


def members(name: str) -> list[str]:
    return [member.name for member in TYPES[name].members]


def test_arrivals_and_policies() -> None:
    assert members("WorkloadArrival") == list(ARRIVALS)
    assert members("PollPolicy") == list(POLICIES)
    assert members("FdMonitor") == list(FD_MONITORS)
    assert members("WorkloadPattern") == list(ACCESS_PATTERNS)


def test_polling_parameters() -> None:
    properties = {each.property for each in POLL_PARAMS}
    named = {name for name in members("IothreadProperties") if "poll-" in name}
    assert named == properties | {"x-poll-policy"}


def test_settings_are_of_properties_that_there_are() -> None:
    assert set(IOThread.settings) <= set(members("IothreadProperties"))
    assert set(WorkloadObject.settings) == set(members("WorkloadProperties"))
    assert WorkloadObject.settings["depth"].range == (0, WORKLOAD_DEPTH_MAX)
    assert WorkloadObject.settings["block-size"].range == (DISK_SECTOR, DISK_REQUEST_MAX)
    for time in ("interval-ns", "on-ns", "off-ns"):
        assert WorkloadObject.settings[time].range == (0, TIME_MAX_NS)
