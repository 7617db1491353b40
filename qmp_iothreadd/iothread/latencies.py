"""Devices that complete a workload's requests: how long each takes, as a distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import ArrivalArguments

NO_DEVICE: Final = "none"

# The medians are those that polling is judged by; the tails are what such devices are known for.
DEVICES: Final[dict[str, ArrivalArguments]] = {
    "nvme": {"arrival": "lognormal", "interval_ns": 8_000, "sigma": 0.2},
    "ssd": {"arrival": "lognormal", "interval_ns": 80_000, "sigma": 0.3},
    "network": {"arrival": "lognormal", "interval_ns": 300_000, "sigma": 0.5},
    "disk": {"arrival": "lognormal", "interval_ns": 5_000_000, "sigma": 0.4},
}
