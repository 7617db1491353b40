"""``iothread-lab sweep``: many parameter sets under several loads, and the front of each."""

from __future__ import annotations

import argparse
from typing import Any

from qmp_iothreadd.lab import confirming, output, result_files, run_words, words
from qmp_iothreadd.lab.fronts import ladder
from qmp_iothreadd.lab.progress import progress
from qmp_iothreadd.lab.sweeping import Sweep, sweep

EXAMPLES = """\
examples:
  iothread-lab sweep --preset exponential,lognormal --max-ns 0,8192,32768 --weight 1,2,3,4
  iothread-lab sweep --trace run.lab --grow 2,4 --shrink 2,4,8 --weight 1,2,3,4,5,6 --halving
  iothread-lab sweep --preset lognormal --weight 1,2,3 --confirm
  iothread-lab sweep --preset lognormal --weight 1,2,3 --dask tcp://10.0.0.5:8786 --json found.json

The table has the Pareto front of CPU and p99 of each load, JSON and CSV have all sets. Who is
clairvoyant knows the future: how much more CPU than it for the same mean latency, and the other way
round.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    words.add_load(parser, several=True)
    words.add_requests(parser)
    words.add_costs(parser)
    words.add_sets(parser)
    parser.add_argument(
        "--halving",
        action="store_true",
        help="few requests for all sets, four times as many for the better quarter, and so on",
    )
    words.add_work(parser)
    run_words.add_confirm(parser, "what is on the front")
    parser.add_argument("--all", action="store_true", help="all sets in the table")
    words.add_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Sweep, and write the results.

    Raises:
        ValueError, OSError: what is asked for does not fit, a file cannot be used, or the machine
        was not quiet.
    """
    loads, sets = words.loads(options), words.sets(options)
    total = len(loads) * (len(sets) + len(ladder(sets))) * options.requests
    with progress(total, "requests x sets") as bar:
        found = sweep(
            loads,
            sets,
            costs=words.costs(options),
            requests=options.requests,
            seed=options.seed,
            halving=options.halving,
            jobs=options.jobs,
            dask=options.dask,
            progress=bar,
        )
    try:
        confirmed = _confirmed(found, options) if options.confirm else found
    except (ValueError, OSError):
        _write(found, options)  # it has been simulated all the same
        raise
    _write(confirmed, options)


def _confirmed(found: Sweep, options: argparse.Namespace) -> Sweep:
    total = sum(len(confirming.confirmable(found, name)) for name in found.loads)
    with progress(total * options.runs, "runs") as bar:
        return confirming.confirm(found, run_words.runs(options), progress=bar)


def _write(found: Sweep, options: argparse.Namespace) -> None:
    about: dict[str, Any] = {
        "command": "sweep",
        "loads": {name: str(load) for name, load in found.loads.items()},
        "requests": options.requests,
        "seed": options.seed,
    }
    shown = found if options.all else found.front()
    output.write(
        output.SWEPT,
        [each.to_json() for each in found],
        about,
        options,
        shown=[each.to_json() for each in shown],
    )
    if not result_files.is_standard_output(options) and len(shown) < len(found):
        print(f"\n{len(shown)} of {len(found)}: those on the front; --all shows all")
