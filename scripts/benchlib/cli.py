"""The command line of `scripts/bench`."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence

from benchlib.measures import QUICK, STEPS, Pace
from benchlib.options import (
    add_formats,
    exit_status,
    new_parser,
    positive,
    warn_if_busy,
    write_json,
)
from benchlib.report import cells, summary, to_json
from benchlib.rounds import Plan, run
from benchlib.scale import SCALE_STEPS
from benchlib.servers import Command, own_command, parse_command
from benchlib.terminal import table

_STEPS = (*STEPS, *SCALE_STEPS)

_EXAMPLES = """\
examples:
  scripts/bench                                          this daemon alone
  scripts/bench --against qemu-system-x86_64             … beside the QEMU on PATH
  scripts/bench --against 'qemu-system-x86_64 -M none' --against ./build/qemu-system-x86_64
  scripts/bench --against qemu-system-x86_64 --targets --markdown --json bench.json

The socket, and -M none -nodefaults -nographic where they are not given, are appended to every
command. All servers run at once and take turns step by step; times are taken by one client that
speaks to a socket directly. A run takes about 10 s a server, and 5 s more of this daemon: leave
the machine alone meanwhile.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status (1: something could not be measured)."""
    options = _parser().parse_args(arguments)
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    pace, runs = (QUICK, options.runs or 2) if options.quick else (Pace(), options.runs or 5)
    commands = _commands(options.command, options.against)
    steps = [step for step in _STEPS if not options.only or step.title in options.only]
    outcome = run(Plan(commands, steps, pace, runs))
    write_json(options.json, to_json(outcome), outcome.other_cpus)
    head, body = cells(outcome.servers, targets=options.targets)
    print(f"{table(head, body, markdown=options.markdown)}\n\n{summary(outcome)}")
    warn_if_busy(outcome.other_cpus)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "bench", "Measure this daemon and, side by side, other QMP servers.", _EXAMPLES
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
        help="this daemon's command (default: the qmp-iothreadd of .venv, brought up to date)",
    )
    parser.add_argument("--runs", metavar="N", type=positive, help="alternating runs (default: 5)")
    parser.add_argument(
        "--quick", action="store_true", help="two short runs: rough figures in seconds"
    )
    parser.add_argument(
        "--only",
        metavar="STEP",
        action="append",
        choices=[step.title for step in _STEPS],
        help="take just this step; may be repeated: %(choices)s",
    )
    parser.add_argument(
        "--targets", action="store_true", help="a column with the project's targets"
    )
    add_formats(parser)
    return parser


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
