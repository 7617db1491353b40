"""What is remembered of operations on guest memory, of which there is none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


class LastDump:
    """How the last dump went; ``status`` is a DumpStatus."""

    def __init__(self, machine: Machine) -> None:
        self.status = "none"

    def close(self) -> None:
        """Nothing is held."""


class DirtyRate:
    """The last measurement of how fast the guest writes memory.

    QEMU's sampling (migration/dirtyrate.c) ends at once where there is no memory, and has no rate:
    -1. In the other modes it waits first.
    """

    def __init__(self, machine: Machine) -> None:
        self._started_s: float | None = None
        self._ends_s = 0.0
        self._period_ms = 0
        self._sample_pages = 0
        self._mode = "page-sampling"

    @property
    def measuring(self) -> bool:
        """Whether a measurement runs."""
        return self._started_s is not None and time.monotonic() < self._ends_s

    def start(self, mode: str, period_ms: int, sample_pages: int) -> None:
        """Begin a measurement that takes ``period_ms``; ``mode`` is a DirtyRateMeasureMode."""
        self._started_s = time.time()
        self._period_ms = period_ms
        self._sample_pages = sample_pages
        self._mode = mode
        waits_s = 0.0 if mode == "page-sampling" else period_ms / 1000
        self._ends_s = time.monotonic() + waits_s

    def info(self, unit: str) -> dict[str, Any]:
        """A DirtyRateInfo whose time is in ``unit``, a TimeUnit."""
        shown: dict[str, Any] = {
            "start-time": int(self._started_s or 0),
            "calc-time": self._period_ms if unit == "millisecond" else self._period_ms // 1000,
            "calc-time-unit": unit,
            "sample-pages": self._sample_pages,
            "mode": self._mode,
        }
        if self._started_s is None:
            return {"status": "unstarted"} | shown
        if self.measuring:
            return {"status": "measuring"} | shown
        rate = -1 if self._mode == "page-sampling" else 0
        return {"dirty-rate": rate, "status": "measured"} | shown

    def close(self) -> None:
        """Nothing is held."""
