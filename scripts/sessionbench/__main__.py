"""The command line of `scripts/bench-session`."""

from __future__ import annotations

import argparse
import sys

from benchlib import machine
from benchlib.options import add_formats, conclude, exit_status, new_parser, positive
from benchlib.terminal import Progress, table

from sessionbench.steps import REQUESTS, STEPS, WINDOW, measure

_EXAMPLES = """\
examples:
  scripts/bench-session                  all requests, in some ten seconds
  scripts/bench-session --repeats 5      quicker, and less sure

Nanoseconds are the least of all repeats: what the work takes where nothing comes between.
"""


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = new_parser("bench-session", "Measure the way of a request, by step.", _EXAMPLES)
    parser.add_argument("--repeats", type=positive, default=50, help="how often each (50)")
    add_formats(parser)
    options = parser.parse_args()
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    other_work = machine.OtherWork()
    figures: dict[str, dict[str, float]] = {}
    with Progress(2 * len(REQUESTS)) as bar:
        for name in REQUESTS:
            for with_id in (False, True):
                title = f"{name}, with an id" if with_id else name
                bar.step(title)
                figures[title] = measure(name, options.repeats, with_id=with_id)
    other_cpus = other_work.cpus()
    rows = [[name, *(f"{each[step]:.0f}" for step in STEPS)] for name, each in figures.items()]
    text = table((f"ns each, {WINDOW} at once", *STEPS), rows, markdown=options.markdown)
    conclude(options, text, {"figures": figures}, other_cpus)


if __name__ == "__main__":
    sys.exit(main())
