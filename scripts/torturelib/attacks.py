"""An attack, and what came of it; the table of all attacks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What an attack did to the server.

    ``held``: nothing was lost, doubled, hung or left behind. ``figure`` says it in words. ``ms`` is
    what the attack's limit bounds, ``sleeper_ms`` the worst stall meanwhile of a process that only
    sleeps, which is the machine's doing.
    """

    held: bool
    figure: str
    ms: float | None = None
    sleeper_ms: float = 0.0


@dataclass(frozen=True)
class Attack:
    """One row of the table: ``run`` plays it in a folder of its own.

    ``limit_ms``: what the project promises of the outcome's ``ms``. ``on_qemu``: the same on
    another server, a command without monitors, where that can be put to it.
    """

    group: str
    name: str
    run: Callable[[Path], Outcome]
    limit_ms: float | None = None
    on_qemu: Callable[[Path, list[str]], Outcome] | None = None

    def holds(self, outcome: Outcome) -> bool:
        """Whether the server survived, within its limit as far as the machine let it."""
        if outcome.held and self.limit_ms is not None and outcome.ms is not None:
            return outcome.ms <= self.limit_ms + outcome.sleeper_ms
        return outcome.held


def play(run: Callable[[Path], Outcome]) -> Outcome:
    """Run an attack in a temporary folder; where it breaks off, the server did not hold."""
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        try:
            return run(Path(folder))
        except Exception as error:
            return Outcome(False, f"{type(error).__name__}: {error}")
