"""``iothread-lab measure``: a load under parameter sets, on real iothreads."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import Any

from qmp_iothreadd.lab import measuring, output, result_files, run_words, words
from qmp_iothreadd.lab.agreement import compare
from qmp_iothreadd.lab.calibrating import calibrate
from qmp_iothreadd.lab.load import Costs, Load
from qmp_iothreadd.lab.measuring import Measured
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.progress import progress
from qmp_iothreadd.lab.running import check_runnable
from qmp_iothreadd.lab.simulating import Simulated, simulate
from qmp_iothreadd.lab.tables import Row

# What is simulated beside a measurement: enough to be sure of its last digit.
_REQUESTS = 500_000

EXAMPLES = """\
examples:
  iothread-lab measure --preset lognormal --weight 1,2,3,4
  iothread-lab measure --arrival exponential --interval-ns 50000 --max-ns 0,32768 --json -
  iothread-lab measure --preset on-off --policy weighted,legacy --seconds 2 --runs 20
  iothread-lab measure --preset lognormal --weight 1,2,3,4 --against-simulation

Leave the machine alone meanwhile: a thread that polls wants a CPU of its own, and so does the one
that issues requests. Numbers in parentheses are the ends of intervals that hold the figure with a
confidence of 95 %.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    words.add_load(parser)
    words.add_sets(parser)
    group = parser.add_argument_group("runs: sets take turns, a round is one turn of each")
    run_words.add_runs(group, "--seconds")
    group.add_argument(
        "--against-simulation",
        action="store_true",
        help="simulate the same, and say where that differs (calibrates first, without --costs)",
    )
    words.add_costs(parser)
    words.add_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Measure, and write the results.

    Raises:
        ValueError, OSError: what is asked for does not fit, the machine was not quiet, or a file
        cannot be used.
    """
    load, sets = words.load(options), _runnable(words.sets(options))
    # First: what cannot be simulated is not to be found out when all has been measured.
    beside = _simulated(load, sets, options) if options.against_simulation else None
    with progress(options.runs * len(sets), "runs") as bar:
        found = measuring.measure(
            load,
            sets,
            seconds=options.seconds,
            runs=options.runs,
            seed=options.seed,
            oversubscribed=options.oversubscribed,
            progress=bar.reach,
        )
    about: dict[str, Any] = {
        "command": "measure",
        "load": str(options.trace or load),
        "seconds": options.seconds,
        "runs": options.runs,
        "seed": options.seed,
        "oversubscribed": options.oversubscribed,
    }
    rows = [each.to_json() for each in found]
    if beside:
        about["costs"] = dataclasses.asdict(beside[0])
        for row, real, virtual in zip(rows, found, beside[1], strict=True):
            row.update(_compared(real, virtual))
    output.write(output.MEASURED, rows, about, options)
    if beside and not result_files.is_standard_output(options):
        print(f"\n{_disagreements(rows)}")


def _runnable(sets: list[Params]) -> list[Params]:
    """Those that an iothread can have; the others of the combinations are said, and left out.

    Raises:
        ValueError: none.
    """
    refusals: dict[Params, str] = {}
    for each in sets:
        try:
            check_runnable(each)
        except ValueError as error:
            refusals[each] = str(error)
    if len(refusals) == len(sets):
        raise ValueError(next(iter(refusals.values())))
    for each, refusal in refusals.items():
        print(f"iothread-lab: left out: {each}: {refusal}", file=sys.stderr)
    return [each for each in sets if each not in refusals]


def _simulated(
    load: Load, sets: list[Params], options: argparse.Namespace
) -> tuple[Costs, list[Simulated]]:
    """What the simulator says, and by which costs."""
    costs = words.costs(options) or calibrate().costs
    return costs, simulate(load, sets, costs=costs, requests=_REQUESTS, seed=options.seed)


def _compared(real: Measured, virtual: Simulated) -> Row:
    """What a row has more: the simulation, and how far it is off."""
    found = compare(real, virtual)
    return {
        "simulated": virtual.to_json(),
        "agreement": [each.to_json() for each in found],
        "disagreements": [str(each) for each in found if not each.agrees],
    }


def _disagreements(rows: list[Row]) -> str:
    """In words."""
    lines = [
        f"differs: {Params(**row['params'])}: {each}"
        for row in rows
        for each in row["disagreements"]
    ]
    return "\n".join(lines) or "The simulator agrees with all that was measured."
