"""``iothread-lab calibrate``: what an iteration is made of, on this machine."""

from __future__ import annotations

import argparse
import dataclasses

from qmp_iothreadd.lab import calibrating, output
from qmp_iothreadd.lab.progress import progress

EXAMPLES = """\
examples:
  iothread-lab calibrate
  iothread-lab calibrate --seconds 10 --json costs.json
  iothread-lab simulate --preset lognormal --weight 1,2,3,4 --costs costs.json
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    parser.add_argument(
        "--seconds",
        type=float,
        default=calibrating.SECONDS,
        metavar="S",
        help=f"how long (default: {calibrating.SECONDS:g})",
    )
    parser.add_argument("--json", metavar="FILE", help="for --costs; -: standard output")


def run(options: argparse.Namespace) -> None:
    """Calibrate, and print what each step takes.

    Raises:
        ValueError, OSError: seconds out of range, a machine that is too busy, or a file that cannot
        be written.
    """
    with progress(calibrating.STEPS, "parts") as bar:
        found = calibrating.calibrate(options.seconds, progress=bar.reach)
    if options.json:
        output.write_json(
            options.json, {"command": "calibrate", "seconds": options.seconds, **found.to_json()}
        )
    if options.json != "-":
        print(_table(found))


def _table(found: calibrating.Calibrated) -> str:
    """A line for each step, then the costs."""
    lines = [
        f"{'step':9}" + "".join(f"{name:>13}" for name in ("p5", "p50", "p95", "p99", "count"))
    ]
    for name, each in found.steps.items():
        cells = "".join(f"{ns:>10.0f} ns" for ns in calibrating.quantiles(each).values())
        lines.append(f"{name:9}{cells}{each.total:>13}")
    costs = dataclasses.asdict(found.costs)
    return "\n".join([*lines, "", "costs: " + ", ".join(f"{k} {v}" for k, v in costs.items())])
