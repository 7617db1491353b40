"""Devices that complete a workload's requests: how long each takes, as a distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import ArrivalArguments

NO_DEVICE: Final = "none"

# By the words of arrivals: medians, and the tails that such devices are known for.
DEVICES: Final[dict[str, ArrivalArguments]] = {
    "nvme": {"arrival": "lognormal", "interval_ns": 8_000, "sigma": 0.15},
    "ssd": {
        "arrival": "bimodal",
        "interval_ns": 80_000,
        "slow_ns": 800_000,
        "slow_share": 0.01,
    },
    "network": {"arrival": "lognormal", "interval_ns": 300_000, "sigma": 0.4},
    "disk": {"arrival": "lognormal", "interval_ns": 5_000_000, "sigma": 0.5},
}
