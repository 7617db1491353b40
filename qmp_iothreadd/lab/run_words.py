"""Words of the commands that measure, or measure what they simulated."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from qmp_iothreadd.lab.measuring import RUNS, RUNS_MIN, SECONDS

if TYPE_CHECKING:
    from qmp_iothreadd.lab.confirming import Runs


def add_confirm(parser: argparse.ArgumentParser, what: str) -> None:
    """Whether it is measured, too, and how; `runs` reads the latter."""
    group = parser.add_argument_group("confirmation")
    group.add_argument("--confirm", action="store_true", help=f"measure {what}, on real iothreads")
    add_runs(group, "--confirm-seconds")


def add_runs(group: argparse._ArgumentGroup, seconds: str) -> None:
    """How it is measured; ``seconds`` is the word for how long, since some have another."""
    group.add_argument(
        seconds,
        type=float,
        default=SECONDS,
        metavar="S",
        help=f"how long each run is counted for (default: {SECONDS:g})",
    )
    group.add_argument(
        "--runs",
        type=int,
        default=RUNS,
        metavar="N",
        help=f"rounds, at least {RUNS_MIN} (default: {RUNS})",
    )
    group.add_argument(
        "--oversubscribed",
        action="store_true",
        help="take late runs, and fewer CPUs than threads, as they are: they are the question",
    )


def runs(options: argparse.Namespace) -> Runs:
    """How what was simulated is measured."""
    from qmp_iothreadd.lab.confirming import Runs

    return Runs(options.confirm_seconds, options.runs, options.seed, options.oversubscribed)
