"""Limits that disks share: what fits together and what does not, as QEMU 7.2 says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qmp_iothreadd.machine.objects.throttle import BURST_LENGTH_MAX, VALUE_MAX
from qmp_iothreadd.testing import MemoryClient

RANGE = f"bps/iops/max values must be within [0, {VALUE_MAX}]"
TOTAL = "bps/iops/max total values and read/write values cannot be used at the same time"


def test_limits_are_set_one_by_one_or_at_once(
    add: Callable[..., None], get: Callable[..., Any], put: Callable[..., str | None]
) -> None:
    add("throttle-group", x_iops_total=5, limits={"bps-read": 7})
    assert (get("x-bps-read"), get("limits")["iops-total"]) == (7, 5)
    assert put("limits", {"bps-read": 8}) is None
    assert (get("x-bps-read"), get("x-iops-total")) == (8, 5)
    assert put("x-iops-total", 6) == "Property cannot be set after initialization"


def test_what_is_refused_changes_nothing(
    add: Callable[..., None], get: Callable[..., Any], put: Callable[..., str | None]
) -> None:
    add("throttle-group", x_iops_total=5)
    assert put("limits", {"iops-total": 6, "iops-read": 3}) == TOTAL
    assert get("x-iops-total") == 5


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"iops-total": -1}, RANGE),
        ({"bps-total": VALUE_MAX + 1}, RANGE),
        ({"bps-total-max": 5}, "bps_max/iops_max require corresponding bps/iops values"),
        (
            {"bps-total": 10, "bps-total-max": 5},
            "bps_max/iops_max cannot be lower than bps/iops",
        ),
        ({"bps-write-max-length": 0}, "the burst length cannot be 0"),
        ({"bps-write-max-length": 2}, "burst length set without burst rate"),
        (
            {"bps-read": 1, "bps-read-max": VALUE_MAX, "bps-read-max-length": 2},
            "burst length too high for this burst rate",
        ),
        ({"iops-total": 1, "iops-write": 7}, TOTAL),
        (
            {"bps-read": 1, "bps-read-max": 2, "bps-total": 0, "bps-total-max": 2},
            TOTAL,
        ),
        ({"iops-size": 5}, "iops size requires an iops value to be set"),
        (
            {"iops-total-max-length": 2**32},
            f"iops-total-max-length value must be in the range [0, {BURST_LENGTH_MAX}]",
        ),
        ({"x": 1}, "Parameter 'limits.x' is unexpected"),
    ],
)
def test_limits_that_no_disk_can_keep_are_refused(
    refused: Callable[..., str], limits: dict[str, int], said: str
) -> None:
    assert refused("throttle-group", limits=limits) == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("x_iops_total", -5, "Property values cannot be negative"),
        (
            "x_iops_total_max_length",
            2**33,
            f"x-iops-total-max-length value must be in therange [0, {BURST_LENGTH_MAX}]",
        ),
    ],
)
def test_single_limits_have_texts_of_their_own(
    refused: Callable[..., str], name: str, value: int, said: str
) -> None:
    assert refused("throttle-group", **{name: value}) == said


def test_properties_are_listed_in_the_order_of_qemu(client: MemoryClient) -> None:
    """As QEMU 7.2 lists them: it has the same ones."""
    found = client.execute("qom-list-properties", {"typename": "throttle-group"})
    assert [each["name"].removeprefix("x-") for each in found] == [
        *("type", "bps-write-max-length", "iops-total-max-length", "iops-size", "limits"),
        *("bps-total", "iops-read-max-length", "bps-write", "iops-write-max-length"),
        *("bps-read-max", "iops-read-max", "bps-total-max", "bps-read-max-length", "iops-read"),
        *("bps-read", "bps-write-max", "iops-total-max", "iops-total", "iops-write"),
        *("bps-total-max-length", "iops-write-max"),
    ]
