"""Every parameter set under every load, and the front of each load."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from qmp_iothreadd.lab.fronts import Ceiling, front, ladder, point, ranked
from qmp_iothreadd.lab.load import Costs, Load, as_load
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.simulating import Simulated
from qmp_iothreadd.lab.tasks import Run, Task, workers
from qmp_iothreadd.lab.traces import Trace

if TYPE_CHECKING:
    from qmp_iothreadd.lab.measuring import Measured

RESULTS_MAX = 20_000
"""Sets x loads of a sweep: each result has a histogram of its own."""

# Successive halving: a round has so many times the requests of the one before, and keeps so large a
# part of the sets; the last few all get the full number.
_ETA = 4
_LAST_SETS = 16
_LEAST_REQUESTS = 10_000


@dataclasses.dataclass(frozen=True, slots=True)
class Swept(Simulated):
    """What one set came to under one load of a sweep.

    Attributes:
        load: the load's name.
        on_front: no other set of this load has a p99 as short with less CPU (see `front`).
        cpu_over_clairvoyant: how much more CPU a request than a policy that knows the future takes
            for the same mean latency; 0.1 is 10 %. None: successive halving left the set behind.
        latency_over_clairvoyant: how much longer the mean latency is than such a policy's for the
            same CPU; or None.
        measured: the same on a real iothread, where that was asked for and it is on the front.
    """

    load: str
    on_front: bool
    cpu_over_clairvoyant: float | None = None
    latency_over_clairvoyant: float | None = None
    measured: Measured | None = None

    def to_json(self) -> dict[str, Any]:
        """As a simulated result's, and the rest; ``measured`` is there only where it is any."""
        values = {"load": self.load, **Simulated.to_json(self)}
        del values["measured"]
        return values if self.measured is None else {**values, "measured": self.measured.to_json()}


@dataclasses.dataclass(frozen=True, slots=True)
class Sweep(Sequence[Swept]):
    """The results, load by load, sets in their order; it is a sequence of them.

    Attributes:
        results: all. Those that successive halving left behind have fewer ``requests``.
        loads: by name.
    """

    results: tuple[Swept, ...]
    loads: dict[str, Load]

    def front(self, load: str | None = None) -> list[Swept]:
        """The Pareto front of a load, or of all loads one after the other: by CPU, p99 falls.

        Raises:
            ValueError: an unknown load.
        """
        if load is not None and load not in self.loads:
            raise ValueError(f"no load {load!r} in this sweep: choose of {', '.join(self.loads)}")
        names = list(self.loads) if load is None else [load]
        found = [each for each in self.results if each.on_front and each.load in names]
        return sorted(found, key=lambda each: (names.index(each.load), point(each)))

    @overload
    def __getitem__(self, index: int) -> Swept: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Swept]: ...

    def __getitem__(self, index: int | slice) -> Swept | Sequence[Swept]:
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[Swept]:
        return iter(self.results)


def sweep(
    loads: Load | Trace | Iterable[Load | Trace] | Mapping[str, Load | Trace],
    params: Params | Iterable[Params],
    *,
    costs: Costs | None = None,
    requests: int = 1_000_000,
    seed: int = 1,
    halving: bool = False,
    jobs: int | None = None,
    dask: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> Sweep:
    """Simulate every set under every load, on all cores; the same seed gives the same results.

    Args:
        loads: one, several, or several by names of one's own.
        requests: how many of each load.
        halving: begin with few requests for all sets, go on with the better quarter and four times
            as many, and so on; whoever is on a load's front stays. Much faster where sets are many.
        jobs: how many threads; by default one for each CPU that this process may use.
        dask: the address of a Dask scheduler, whose workers do it instead (extra ``dask``).
        progress: is called with the number of requests x sets that were done since the last call.

    Raises:
        ValueError: values out of range, more than RESULTS_MAX results, or no such cluster.
    """
    sets = [params] if isinstance(params, Params) else list(dict.fromkeys(params))
    named = _named(loads)
    if not sets or not named:
        raise ValueError("a sweep needs a load and a parameter set")
    if len(sets) * len(named) > RESULTS_MAX:
        raise ValueError(
            f"{len(sets)} sets under {len(named)} loads are more than {RESULTS_MAX} results: ask"
            " for fewer values"
        )
    with workers(jobs, dask) as work:
        run = _Run(named, requests, seed, costs or Costs(), work, progress or (lambda _: None))
        ceilings = {name: Ceiling.of(each) for name, each in run(_all(named, ladder(sets)))}
        wanted = run.halving(sets) if halving else run(_all(named, sets))
    results = [
        each for name, simulated in wanted for each in _swept(name, simulated, ceilings[name])
    ]
    return Sweep(tuple(results), named)


def _named(
    loads: Load | Trace | Iterable[Load | Trace] | Mapping[str, Load | Trace],
) -> dict[str, Load]:
    """By name; what has none of its own has its description, numbered where several are alike."""
    if isinstance(loads, Mapping):
        return {name: as_load(each) for name, each in loads.items()}
    named: dict[str, Load] = {}
    for each in [loads] if isinstance(loads, (Load, Trace)) else loads:
        load = as_load(each)
        name = base = str(load)
        number = 1
        while name in named:
            number += 1
            name = f"{base} {number}"
        named[name] = load
    return named


def _all(loads: Iterable[str], sets: Sequence[Params]) -> dict[str, Sequence[Params]]:
    return dict.fromkeys(loads, sets)


Found = list[tuple[str, list[Simulated]]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    """Sets under loads, with all else as the sweep was asked for."""

    loads: dict[str, Load]
    requests: int
    seed: int
    costs: Costs
    work: Run
    progress: Callable[[int], object]

    def __call__(self, sets: Mapping[str, Sequence[Params]], requests: int | None = None) -> Found:
        tasks = [
            Task(self.loads[name], tuple(each), requests or self.requests, self.seed, self.costs)
            for name, each in sets.items()
        ]
        found = self.work(tasks, self.progress)
        return list(zip(sets, found, strict=True))

    def halving(self, sets: Sequence[Params]) -> Found:
        """The results of each set's last round, in the order of ``sets``."""
        left = {name: list(sets) for name in self.loads}
        found: dict[str, dict[Params, Simulated]] = {name: {} for name in self.loads}
        for requests in _rounds(len(sets), self.requests):
            for name, simulated in self(left, requests):
                found[name].update((each.params, each) for each in simulated)
                left[name] = _better(simulated)
        return [(name, [by_set[each] for each in sets]) for name, by_set in found.items()]


def _rounds(sets: int, requests: int) -> list[int]:
    """How many requests each round has."""
    rounds = [requests]
    while sets > _LAST_SETS and rounds[0] // _ETA >= _LEAST_REQUESTS:
        rounds.insert(0, rounds[0] // _ETA)
        sets = -(-sets // _ETA)
    return rounds


def _better(simulated: list[Simulated]) -> list[Params]:
    """The better part: the front, the front of the rest, and so on, until they are enough."""
    wanted = max(-(-len(simulated) // _ETA), _LAST_SETS)
    kept: list[int] = []
    for layer in ranked([point(each) for each in simulated]):
        kept += layer
        if len(kept) >= wanted:
            break
    return [simulated[place].params for place in sorted(kept)]


def _swept(name: str, simulated: list[Simulated], ceiling: Ceiling) -> Iterator[Swept]:
    """Only who was simulated in full may be on the front."""
    most = max(each.requests for each in simulated)
    full = [place for place, each in enumerate(simulated) if each.requests == most]
    points = [point(simulated[place]) for place in full]
    on_front = {full[place] for place in front(points)}
    for place, each in enumerate(simulated):
        limit = ceiling if place in full else None
        yield swept(name, each, limit, on_front=place in on_front)


def swept(load: str, result: Simulated, ceiling: Ceiling | None, *, on_front: bool) -> Swept:
    """A result with its place among others."""
    values: dict[str, Any] = {
        field.name: getattr(result, field.name) for field in dataclasses.fields(result)
    }
    if ceiling:
        values.update(ceiling.over(result))
    return Swept(**values, load=load, on_front=on_front)
