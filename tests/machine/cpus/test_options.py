"""-cpu: models, properties and flags."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.cpus.options import CpuOption, parse_cpu, read_value


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("qemu64", CpuOption("qemu64", (), ())),
        ("max,,", CpuOption("max", (), ())),
        (
            "max,hv_relaxed,hv-vapic=off,migratable=no,+sse4_1,-mmx",
            CpuOption(
                "max",
                (("hv-relaxed", "on"), ("hv-vapic", "off"), ("migratable", "no")),
                (("sse4_1", True), ("mmx", False)),
            ),
        ),
        ("max,tsc-freq=2.5G", CpuOption("max", (("tsc-frequency", "2500000000"),), ())),
        ("max,vendor=", CpuOption("max", (("vendor", ""),), ())),
    ],
)
def test_it_is_read(text: str, option: CpuOption) -> None:
    assert parse_cpu(text) == option


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "-cpu option cannot be empty"),
        (",", "unable to find CPU model ''"),
        ("nope", "unable to find CPU model 'nope'"),
        ("max,tsc-freq=zz", "bad numerical value zz"),
    ],
)
def test_what_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(QmpError) as caught:
        parse_cpu(text)
    assert caught.value.desc == message


@pytest.mark.parametrize(
    ("type_name", "text", "value"),
    [
        ("bool", "on", True),
        ("uint32", "0x10", 16),
        ("int32", "-1", -1),
        ("string", "x", "x"),
        ("bool", "maybe", "Parameter 'p' expects 'on' or 'off'"),
        ("uint64", "x", "Parameter 'p' expects uint64"),
        ("int", "", "Parameter 'p' expects int64"),
    ],
)
def test_texts_stand_for_values(type_name: str, text: str, value: Any) -> None:
    try:
        found = read_value(type_name, text, "p")
    except QmpError as error:
        found = error.desc
    assert found == value
