"""The command line of `scripts/write-tuning`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchlib.options import exit_status, new_parser
from benchlib.terminal import Progress

from tuninglib.document import DOCUMENT, Step, run, steps, written

_EXAMPLES = """\
examples:
  scripts/write-tuning                 all that is simulated: the same on each machine
  scripts/write-tuning --measure       what is measured here, too: leave the machine alone
"""


def main() -> int:
    """Run, write the document and its plots; returns the exit status."""
    parser = new_parser("write-tuning", "Run the commands of docs/tuning.md again.", _EXAMPLES)
    parser.add_argument("--measure", action="store_true", help="those on real threads, too")
    options = parser.parse_args()
    return exit_status(lambda: _run(options, DOCUMENT))


def _run(options: argparse.Namespace, document: Path) -> None:
    text = document.read_text()
    asked = [step for step in steps(text) if options.measure or not step.is_measured]
    printed: dict[Step, str] = {}
    with Progress(len(asked)) as bar:
        for step in asked:
            bar.step(" ".join(step.arguments))
            printed[step] = run(step, document.parent)
    document.write_text(written(text, printed))


if __name__ == "__main__":
    sys.exit(main())
