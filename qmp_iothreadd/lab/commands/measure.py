"""``iothread-lab measure``: a load under parameter sets, on real iothreads."""

from __future__ import annotations

import argparse
from typing import Any

from qmp_iothreadd.lab import measuring, output, words
from qmp_iothreadd.lab.progress import progress
from qmp_iothreadd.lab.tables import Column

EXAMPLES = """\
examples:
  iothread-lab measure --preset lognormal --weight 1,2,3,4
  iothread-lab measure --arrival exponential --interval-ns 50000 --max-ns 0,32768 --json -
  iothread-lab measure --preset on-off --policy weighted,legacy --seconds 2 --runs 20

Leave the machine alone meanwhile: a thread that polls wants a CPU of its own, and so does the one
that issues requests. Numbers in parentheses are the ends of intervals that hold the figure with a
confidence of 95 %.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    words.add_load(parser)
    words.add_sets(parser)
    group = parser.add_argument_group("runs: sets take turns, a round is one turn of each")
    group.add_argument(
        "--seconds",
        type=float,
        default=measuring.SECONDS,
        metavar="S",
        help=f"how long each is counted for (default: {measuring.SECONDS:g})",
    )
    group.add_argument(
        "--runs",
        type=int,
        default=measuring.RUNS,
        metavar="N",
        help=f"rounds, at least {measuring.RUNS_MIN} (default: {measuring.RUNS})",
    )
    group.add_argument(
        "--oversubscribed",
        action="store_true",
        help="take late runs, and fewer CPUs than threads, as they are: they are the question",
    )
    words.add_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Measure, and write the results.

    Raises:
        ValueError, OSError: what is asked for does not fit, the machine was not quiet, or a file
        cannot be used.
    """
    load, sets = words.load(options), words.sets(options)
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
    output.write(_columns(options), [each.to_json() for each in found], about, options)


def _columns(options: argparse.Namespace) -> dict[str, Column]:
    """A table of an oversubscribed measurement says so in each line."""
    if not options.oversubscribed:
        return output.MEASURED
    return {**output.MEASURED, "": lambda _: "oversubscribed"}
