"""The command line of `scripts/bench`."""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import sys
from collections.abc import Sequence

from benchlib.errors import BenchError
from benchlib.measures import QUICK, STEPS, Pace
from benchlib.report import markdown_table, summary, text_table, to_json
from benchlib.rounds import Plan, run
from benchlib.servers import Command, own_command, parse_command

# More of other processes' work than this shows in the figures.
_QUIET_CPUS = 0.3

_EXAMPLES = """\
examples:
  scripts/bench                                          this daemon alone
  scripts/bench --against qemu-system-x86_64             … beside the QEMU on PATH
  scripts/bench --against 'qemu-system-x86_64 -M none' --against ./build/qemu-system-x86_64
  scripts/bench --against qemu-system-x86_64 --targets --markdown --json bench.json

The socket, and -M none -nodefaults -nographic where they are not given, are appended to every
command. All servers run at once and take turns step by step; times are taken by one client that
speaks to a socket directly. A run takes about 10 s a server: leave the machine alone meanwhile.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status (1: something could not be measured)."""
    options = _parser().parse_args(arguments)
    pace, runs = (QUICK, options.runs or 2) if options.quick else (Pace(), options.runs or 5)
    try:
        commands = _commands(options.command, options.against)
        steps = [step for step in STEPS if not options.only or step.title in options.only]
        outcome = run(Plan(commands, steps, pace, runs))
        if options.json is not None:
            _write(options.json, to_json(outcome))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    table = markdown_table if options.markdown else text_table
    print(f"{table(outcome.servers, targets=options.targets)}\n\n{summary(outcome)}")
    if outcome.other_cpus > _QUIET_CPUS:
        print("warning: the machine was not left alone; rates and p99 suffer.", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure this daemon and, side by side, other QMP servers.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--against",
        metavar="COMMAND",
        action="append",
        default=[],
        help="compare with this server, quoted as for a shell; may be repeated",
    )
    parser.add_argument(
        "--command",
        metavar="COMMAND",
        help="this daemon's command"
        " (default: the qmp-iothreadd of this Python's environment, else of .venv)",
    )
    parser.add_argument("--runs", metavar="N", type=_positive, help="alternating runs (default: 5)")
    parser.add_argument(
        "--quick", action="store_true", help="two short runs: rough figures in seconds"
    )
    parser.add_argument(
        "--only",
        metavar="STEP",
        action="append",
        choices=[step.title for step in STEPS],
        help="take just this step; may be repeated: %(choices)s",
    )
    parser.add_argument(
        "--targets", action="store_true", help="a column with the project's targets"
    )
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument(
        "--json", metavar="FILE", type=pathlib.Path, help="write all figures as JSON"
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def _commands(own: str | None, against: Sequence[str]) -> list[Command]:
    """This daemon first; a name that occurs twice gets a number."""
    others = [parse_command(text) for text in against]
    first = own_command() if own is None else parse_command(own, own=True)
    commands: list[Command] = []
    for command in [first, *others]:
        same = sum(other.argv[0].endswith(f"/{command.name}") for other in commands)
        name = f"{command.name} #{same + 1}" if same else command.name
        commands.append(dataclasses.replace(command, name=name))
    return commands


def _write(path: pathlib.Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}") from None
