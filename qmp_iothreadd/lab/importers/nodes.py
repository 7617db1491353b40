"""Handlers by the order in which they are first seen."""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd.lab._lab import HANDLERS_MAX
from qmp_iothreadd.lab.importers.reading import Steps


class Nodes:
    """Which bit each handler has. The steps' target knows how many there are."""

    def __init__(self, steps: Steps) -> None:
        self._target = steps.target
        self._bits: dict[int, int] = {}

    def word(self, handlers: Iterable[tuple[int, bool]]) -> int:
        """Of handlers, each with whether it had an event. Raises ValueError: too many."""
        word = 0
        for node, event in handlers:
            bit = self._bits.setdefault(node, len(self._bits))
            if bit >= HANDLERS_MAX:
                raise ValueError(f"more than {HANDLERS_MAX} handlers")
            word |= event << bit
        self._target.handlers = max(len(self._bits), 1)
        return word
