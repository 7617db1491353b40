"""The command line of `scripts/count-instructions`."""

from __future__ import annotations

import argparse
import pathlib
import platform
import tempfile

from benchlib.errors import BenchError
from benchlib.options import add_formats, exit_status, new_parser, write_json, write_text
from benchlib.servers import ROOT
from benchlib.terminal import table

from countlib import builds, counting
from countlib.counting import Counts

_ALLOWED_PERCENT = 3.0

_EXAMPLES = """\
examples:
  scripts/count-instructions                     this checkout against its merge base with main
  scripts/count-instructions --base v0.1.0       … against another revision
  scripts/count-instructions --alone             just this checkout
  scripts/count-instructions --alone --write docs/instructions.md

Both are built and counted in the same run, each below valgrind (callgrind), with the same hash
seed: other work on the machine changes nothing. The exit status is 1 where something takes more
than 3 % more than before.
"""

_HEAD = """\
# Instructions a request

What callgrind counts of the whole process: reading, the command, its reply and its writing, without
the kernel's part. For reading alone: the gate counts this checkout and its merge base anew. Written
by `scripts/count-instructions --alone --write docs/instructions.md`, Python {python} on {machine}.

"""


def main() -> int:
    """Count, print and compare; returns the exit status."""
    parser = new_parser(
        "count-instructions", "Count the instructions of a start and of requests.", _EXAMPLES
    )
    parser.add_argument("--base", metavar="REVISION", help="compare with this revision")
    parser.add_argument("--alone", action="store_true", help="compare with none")
    parser.add_argument(
        "--allowed",
        metavar="PERCENT",
        type=float,
        default=_ALLOWED_PERCENT,
        help="how much more (3)",
    )
    parser.add_argument("--write", metavar="FILE", type=pathlib.Path, help="write the table there")
    add_formats(parser)
    options = parser.parse_args()
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    base = None if options.alone else options.base or builds.merge_base()
    with tempfile.TemporaryDirectory(prefix="count-") as name:
        before, now = _count(base, pathlib.Path(name))
    rows = [_row(title, before.get(title), count) for title, count in now.items()]
    head = ("instructions", base[:10] if base else "before", "now", "more")
    print(table(head, rows, markdown=options.markdown))
    if options.write is not None:
        _write(options.write, now)
    write_json(options.json, {"base": base, "before": before, "now": now}, 0)
    missed = exceeding(before, now, options.allowed)
    if missed:
        raise BenchError(f"more than {options.allowed:g} % more: {', '.join(missed)}")


def _count(base: str | None, folder: pathlib.Path) -> tuple[Counts, Counts]:
    """What the revision takes, none where there is no revision, and what this checkout takes."""
    before: Counts = {}
    if base is not None:
        builds.check_out(base, folder / "source")
        builds.install(folder / "source", folder / "old")
        before = counting.count(folder / "old")
    builds.install(ROOT, folder / "new")
    return before, counting.count(folder / "new")


def exceeding(before: Counts, now: Counts, allowed_percent: float) -> list[str]:
    """What takes more than it may, of what was there before."""
    factor = 1 + allowed_percent / 100
    return [title for title, count in now.items() if count > before.get(title, count) * factor]


def _row(title: str, before: int | None, now: int) -> tuple[str, str, str, str]:
    if before is None:
        return title, "–", f"{now:,}", ""
    return title, f"{before:,}", f"{now:,}", f"{(now / before - 1) * 100:+.1f} %"


def _write(file: pathlib.Path, now: Counts) -> None:
    rows = [(title, f"{count:,}") for title, count in now.items()]
    text = _HEAD.format(python=platform.python_version(), machine=platform.machine())
    write_text(file, text + table(("", "instructions"), rows, markdown=True) + "\n")
