"""The command line of `scripts/coverage`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchlib.errors import BenchError
from benchlib.options import exit_status, new_parser
from benchlib.terminal import Progress, table

from coveragelib.measure import Module, Rules, measure

_EXAMPLES = """\
examples:
  scripts/coverage                every room, some minutes
  scripts/coverage json qom       just these
  scripts/coverage --all json     modules that reach their bound too

A module counts as covered where the tests of its own room execute it: those of tests/json for
qmp_iothreadd/json. Processes that tests start count, tests of other rooms do not. Every statement
is to be covered, but for what tests/coverage.toml lists, with its reason.
"""


def main() -> int:
    """Measure and print; returns the exit status (1: a module is below its bound)."""
    parser = new_parser("coverage", "Hold each module against its own tests.", _EXAMPLES)
    parser.add_argument("room", nargs="*", help="a folder of the package (default: all)")
    parser.add_argument("--all", action="store_true", help="list all modules")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args()
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    rules = Rules.read()
    known = rules.rooms()
    if unknown := set(options.room) - set(known):
        raise BenchError(f"no room with tests: {', '.join(unknown)}; there are {', '.join(known)}")
    modules = list(_measure(options.room or known, rules))
    failed = [module for module in modules if module.percent < rules.bound(module)]
    if shown := modules if options.all else failed:
        rows = [(m.name, f"{m.percent} %", f"{rules.bound(m)} %", m.missing_lines()) for m in shown]
        head = ("module", "covered", "bound", "not executed")
        print(table(head, rows, markdown=options.markdown))
    for module in modules:
        if module.percent > rules.bound(module):
            print(f"{module.name}: {module.percent} % now, more than its bound asks for")
    if failed:
        raise BenchError(f"{len(failed)} modules below their bound")
    print(f"{len(modules)} modules, each as covered as it has to be")


def _measure(chosen: list[str], rules: Rules) -> Iterator[Module]:
    with tempfile.TemporaryDirectory(prefix="coverage-") as folder, Progress(len(chosen)) as bar:
        for room in chosen:
            bar.step(room)
            yield from measure(room, rules.also.get(room, []), Path(folder, room))


sys.exit(main())
