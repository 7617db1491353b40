"""Every step on every server in turn, several times: A B A B …, so that noise meets them all."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import pathlib
import sys
import tempfile
from collections.abc import Sequence

from benchlib.machine import OtherWork
from benchlib.measures import Pace, Step, Subject
from benchlib.results import Outcome, Samples
from benchlib.servers import Command, running


class Progress:
    """A bar on standard error, when that is a terminal."""

    _WIDTH = 30

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown = sys.stderr.isatty()

    def step(self, text: str) -> None:
        if not self._shown:
            return
        filled = self._WIDTH * self._done // self._total
        bar = "█" * filled + "░" * (self._WIDTH - filled)
        print(f"\r\x1b[K{bar} {text}", end="", file=sys.stderr, flush=True)
        self._done += 1

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to measure, on which servers, and how often."""

    commands: Sequence[Command]
    steps: Sequence[Step]
    pace: Pace
    runs: int


def run(plan: Plan) -> Outcome:
    """Measure. Nothing is dropped, but an unmeasured first start goes before."""
    other_work = OtherWork()
    samples = [Samples(command) for command in plan.commands]
    progress = Progress(len(samples) * (plan.runs * len(plan.steps) + 1))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, progress:
        cache = pathlib.Path(folder)
        for server_samples in samples:
            progress.step(f"first start of {server_samples.command.name}")
            with running(server_samples.command, cache) as server:
                server_samples.version = server.version
        for number in range(plan.runs):
            _alternate(plan, cache, samples, progress, f"run {number + 1} of {plan.runs}")
    return Outcome(samples, plan.runs, other_work.cpus())


def _alternate(
    plan: Plan, cache: pathlib.Path, samples: Sequence[Samples], progress: Progress, label: str
) -> None:
    """All servers run throughout, so that they take turns step by step; the idle ones sleep."""
    with contextlib.ExitStack() as stack:
        subjects = [
            Subject(command, stack.enter_context(running(command, cache)), cache)
            for command in plan.commands
        ]
        gc.disable()
        stack.callback(gc.enable)
        for step in plan.steps:
            for subject, server_samples in zip(subjects, samples, strict=True):
                progress.step(f"{label}: {step.title}, {subject.command.name}")
                server_samples.add(step.take(subject, plan.pace))
