"""Words of the commands that measure what they simulated."""

from __future__ import annotations

import argparse

from qmp_iothreadd.lab.confirming import Runs


def add(parser: argparse.ArgumentParser, what: str) -> None:
    """Whether it is measured, too, and how; `runs` reads the latter."""
    defaults = Runs()
    group = parser.add_argument_group("confirmation")
    group.add_argument("--confirm", action="store_true", help=f"measure {what}, on real iothreads")
    group.add_argument(
        "--confirm-seconds",
        type=float,
        default=defaults.seconds,
        metavar="S",
        help=f"how long each run is counted for (default: {defaults.seconds:g})",
    )
    group.add_argument(
        "--runs", type=int, default=defaults.runs, metavar="N", help=f"(default: {defaults.runs})"
    )
    group.add_argument(
        "--oversubscribed",
        action="store_true",
        help="take late runs, and too few CPUs",
    )


def runs(options: argparse.Namespace) -> Runs:
    """How it is measured."""
    return Runs(options.confirm_seconds, options.runs, options.seed, options.oversubscribed)
