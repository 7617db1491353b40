"""The presets of devices: what the schema names, the engine takes and the lab has are the same."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.iothread._engine import WorkloadParams
from qmp_iothreadd.iothread.latencies import DEVICES, NO_DEVICE
from qmp_iothreadd.lab import DEVICES as LAB_DEVICES
from qmp_iothreadd.qapi.cache import load_schema_cached


def test_presets_are_those_of_the_schema() -> None:
    named: Any = load_schema_cached().types["WorkloadDevice"]
    assert [member.name for member in named.members] == [NO_DEVICE, *DEVICES, "own"]


def test_the_engine_draws_latencies_by_them() -> None:
    for words in DEVICES.values():
        drawn = sorted(WorkloadParams(**words).sample(2001))
        assert 0.9 < drawn[1000] / words["interval_ns"] < 1.1


def test_the_lab_has_the_same() -> None:
    for name, device in LAB_DEVICES.items():
        words: Any = DEVICES[name]
        assert (device.kind, device.latency_ns) == (words["arrival"], words["interval_ns"])
        rest = words.keys() - {"arrival", "interval_ns"}
        assert {key: getattr(device, key) for key in rest} == {key: words[key] for key in rest}
