"""What was simulated, measured on real iothreads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from qmp_iothreadd.lab.load import Load
from qmp_iothreadd.lab.measuring import RUNS, SECONDS, Measured, measure
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.running import check_runnable
from qmp_iothreadd.lab.sweeping import Sweep
from qmp_iothreadd.lab.tuning import Tuned


@dataclasses.dataclass(frozen=True, slots=True)
class Runs:
    """How it is measured; as for `measure`."""

    seconds: float = SECONDS
    runs: int = RUNS
    seed: int = 1
    oversubscribed: bool = False

    def __call__(
        self, load: Load, sets: Sequence[Params], progress: Callable[[int], object] | None
    ) -> list[Measured]:
        """Measure. Tells how many more runs are done."""
        told = 0

        def done(runs: int) -> None:
            nonlocal told
            if progress is not None:
                progress(runs - told)
            told = runs

        return measure(
            load,
            sets,
            seconds=self.seconds,
            runs=self.runs,
            seed=self.seed,
            oversubscribed=self.oversubscribed,
            progress=done,
        )


def confirmable(found: Sweep, load: str) -> list[Params]:
    """The sets on a load's front that an iothread takes: others are for the simulator alone."""
    return [each.params for each in found.front(load) if _is_runnable(each.params)]


def _is_runnable(params: Params) -> bool:
    try:
        check_runnable(params)
    except ValueError:
        return False
    return True


def confirm(
    found: Sweep, runs: Runs | None = None, *, progress: Callable[[int], object] | None = None
) -> Sweep:
    """Measure the front of each load: the same sweep, in which its results have ``measured``.

    Args:
        progress: is called with the number of runs that were done since the last call.

    Raises:
        NotEvidenceError: the machine was not quiet. ValueError: a load that no iothread is given.
        OSError: no threads, descriptors or memory are left.
    """
    runs = runs or Runs()
    measured = {
        (name, each.params): each
        for name, load in found.loads.items()
        if (sets := confirmable(found, name))
        for each in runs(load, sets, progress)
    }
    results = [
        dataclasses.replace(each, measured=measured.get((each.load, each.params)))
        for each in found.results
    ]
    return dataclasses.replace(found, results=tuple(results))


def confirm_tuned(
    found: Tuned,
    load: Load,
    runs: Runs | None = None,
    *,
    progress: Callable[[int], object] | None = None,
) -> Tuned:
    """Measure the baseline and the recommendation: the same, in which both have ``measured``.

    Raises: as `confirm`, and ValueError where an iothread takes one of them not.
    """
    sets = list(dict.fromkeys([found.baseline, found.params]))
    measured = {each.params: each for each in (runs or Runs())(load, sets, progress)}
    results = [
        dataclasses.replace(each, measured=measured.get(each.params)) for each in found.results
    ]
    return dataclasses.replace(found, results=tuple(results))
