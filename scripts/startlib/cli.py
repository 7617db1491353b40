"""The command line of `scripts/bench-start`."""

from __future__ import annotations

import argparse
import contextlib
from collections import Counter

from benchlib import machine
from benchlib.figures import check_limits
from benchlib.options import add_formats, conclude, exit_status, new_parser, positive
from benchlib.terminal import table

from startlib import times, watching

_EXAMPLES = """\
examples:
  scripts/bench-start                 times, modules and system calls, in half a minute
  scripts/bench-start --times 50      the times surer
  scripts/bench-start --times 3 --markdown

Modules are those that the daemon loads besides what a Python that imports uvloop has loaded, with
the time of each without those that it imports, where Python's own clock of imports (-X importtime)
sees it; that makes them some fifth slower. The exit status is 1 where a figure misses its limit.
"""


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = new_parser("bench-start", "Measure what a start costs, and what it loads.", _EXAMPLES)
    parser.add_argument("--times", type=positive, default=15, help="how often each (15)")
    add_formats(parser)
    options = parser.parse_args()
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    other_work = machine.OtherWork()
    # Not in a checkout: its package would be imported, rather than the one that is installed.
    with contextlib.chdir("/"):
        figures = times.measure(options.times)
        loaded = watching.loaded_before_greeting()
        base, calls = watching.calls_of(watching.BASE), watching.calls_before_greeting()
    other_cpus = other_work.cpus()
    markdown: bool = options.markdown
    head = ("start", "median", "least", "wanted")
    tables = (
        table(head, [times.cells(figure) for figure in figures], markdown=markdown),
        _modules(loaded, markdown),
        _calls(base, calls, markdown),
    )
    document: dict[str, object] = {
        "figures": [vars(figure) for figure in figures],
        "modules": [vars(each) for each in loaded],
        "system calls": dict(calls),
    }
    conclude(options, "\n\n".join(tables), document, other_cpus)
    check_limits(figures)


def _modules(loaded: list[watching.Loaded], markdown: bool) -> str:
    """The slowest first."""
    ordered = sorted(loaded, key=lambda each: -(each.self_us or 0))
    rows = [(each.name, _ms(each.self_us)) for each in ordered]
    head = (
        f"{len(loaded)} modules before the greeting",
        _ms(sum(each.self_us or 0 for each in loaded)),
    )
    return table(head, rows, markdown=markdown)


def _ms(us: int | None) -> str:
    return "–" if us is None else f"{us / 1000:.2f} ms"


def _calls(base: Counter[str], calls: Counter[str], markdown: bool) -> str:
    """Those that the daemon has more of, the most first."""
    more = calls - base
    rows = [(name, str(base[name]), str(calls[name])) for name, _ in more.most_common(12)]
    head = ("system calls", watching.BASE, "to the greeting")
    rows.append(("all", str(base.total()), str(calls.total())))
    return table(head, rows, markdown=markdown)
