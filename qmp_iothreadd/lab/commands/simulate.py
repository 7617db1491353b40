"""``iothread-lab simulate``: a load under parameter sets, in virtual time."""

from __future__ import annotations

import argparse
from typing import Any

from qmp_iothreadd.lab import output, result_files, words
from qmp_iothreadd.lab.fronts import Ceiling, ladder
from qmp_iothreadd.lab.plots import MOST_SERIES
from qmp_iothreadd.lab.progress import progress
from qmp_iothreadd.lab.simulating import simulate
from qmp_iothreadd.lab.windows import windows

EXAMPLES = """\
examples:
  iothread-lab simulate --preset lognormal --weight 1,2,3,4 --policy weighted,clairvoyant
  iothread-lab simulate --arrival exponential --interval-ns 50000 --max-ns 8000,32768 --json -
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    words.add_load(parser)
    words.add_requests(parser)
    words.add_costs(parser)
    words.add_sets(parser)
    words.add_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Simulate, and write the results.

    Raises:
        ValueError, OSError: what is asked for does not fit, or a file cannot be used.
    """
    load = words.load(options)
    sets, costs = words.sets(options), words.costs(options)
    with progress(options.requests, "requests") as bar:
        found = simulate(
            load,
            [*sets, *ladder(sets)],
            costs=costs,
            requests=options.requests,
            seed=options.seed,
            progress=bar.reach,
        )
    about: dict[str, Any] = {
        "command": "simulate",
        "load": str(options.trace or load),
        "requests": options.requests,
        "seed": options.seed,
    }
    ceiling = Ceiling.of(found[len(sets) :])
    rows = [{**each.to_json(), **ceiling.over(each)} for each in found[: len(sets)]]
    if result_files.paths(options) and len(sets) <= MOST_SERIES:
        over_time = windows(load, sets, costs=costs, seed=options.seed)
        rows = [
            {**row, "poll_ns_over_time": each} for row, each in zip(rows, over_time, strict=True)
        ]
    output.write(output.SIMULATED, rows, about, options)
