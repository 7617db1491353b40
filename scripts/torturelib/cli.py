"""The command line of `scripts/torture`."""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Sequence

from benchlib import machine
from benchlib.options import add_formats, exit_status, new_parser, warn_if_busy, write_json
from benchlib.servers import parse_command
from benchlib.terminal import Progress, table

from torturelib import doubles, ends, fairness, starts
from torturelib.attacks import Attack, Outcome, play

ATTACKS: list[Attack] = [
    *fairness.ATTACKS,
    *ends.ATTACKS,
    *starts.ATTACKS,
    *doubles.ATTACKS,
]

_EXAMPLES = """\
examples:
  scripts/torture                                    every attack, some three minutes
  scripts/torture --only fairness --only "the end"   groups, or attacks by a part of their name
  scripts/torture --only fairness --against qemu-system-x86_64 --markdown

Times are what a second client waits for query-status at most. A process that only sleeps stalls,
too, where the machine is busy: its worst stall stands beside, and is allowed on top of the limit.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Attack and print; returns the exit status (1: something did not hold)."""
    options = _parser().parse_args(arguments)
    failed: list[str] = []
    status = exit_status(lambda: failed.extend(_run(options)))
    for name in failed:
        print(f"did not hold: {name}")
    return status or bool(failed)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser("torture", "Attack the daemon; what it must survive, it does.", _EXAMPLES)
    parser.add_argument(
        "--only",
        metavar="TEXT",
        action="append",
        default=[],
        help="just the attacks whose group or name has this text; may be repeated",
    )
    parser.add_argument(
        "--against",
        metavar="COMMAND",
        help="put this server, too, to the attacks that a QEMU can be put to",
    )
    add_formats(parser)
    return parser


def _run(options: argparse.Namespace) -> list[str]:
    other = list(parse_command(options.against).argv) if options.against else None
    chosen = [
        attack
        for attack in ATTACKS
        if not options.only
        or any(text in f"{attack.group}: {attack.name}" for text in options.only)
    ]
    work = machine.OtherWork()
    rows = []
    with Progress(len(chosen)) as progress:
        for attack in chosen:
            progress.step(f"{attack.group}: {attack.name}")
            rows.append(Row(attack, play(attack.run), _on_other(attack, other)))
    cpus = work.cpus()
    _print(rows, pathlib.Path(other[0]).name if other else None, markdown=options.markdown)
    print(f"\nOne run {machine.where(cpus)}")
    write_json(options.json, {"attacks": [row.json() for row in rows]}, cpus)
    warn_if_busy(cpus)
    return [row.attack.name for row in rows if not row.holds]


def _on_other(attack: Attack, command: list[str] | None) -> Outcome | None:
    on_qemu = attack.on_qemu
    if command is None or on_qemu is None:
        return None
    return play(lambda folder: on_qemu(folder, command))


class Row:
    """An attack with what came of it, here and on another server."""

    def __init__(self, attack: Attack, outcome: Outcome, other: Outcome | None) -> None:
        self.attack = attack
        self.outcome = outcome
        self.other = other
        self.holds = attack.holds(outcome)

    def cells(self, *, with_other: bool) -> list[str]:
        """What the table says of it."""
        attack, outcome = self.attack, self.outcome
        limit = f"≤ {attack.limit_ms:g} ms" if attack.limit_ms is not None else ""
        sleeper = f"{outcome.sleeper_ms:.1f} ms" if outcome.sleeper_ms else ""
        other = [self.other.figure if self.other else "–"] if with_other else []
        mark = "✓" if self.holds else "✗"
        return [attack.name, outcome.figure, *other, sleeper, limit, mark]

    def json(self) -> dict[str, object]:
        """The same as a document."""
        outcome = self.outcome
        return {
            "group": self.attack.group,
            "name": self.attack.name,
            "holds": self.holds,
            "figure": outcome.figure,
            "ms": outcome.ms,
            "sleeper_ms": outcome.sleeper_ms,
            "limit_ms": self.attack.limit_ms,
            "other": self.other.figure if self.other else None,
        }


def _print(rows: list[Row], other: str | None, *, markdown: bool) -> None:
    for group in dict.fromkeys(row.attack.group for row in rows):
        head = [group, "qmp-iothreadd", *([other] if other else []), "a sleeper", "wanted", ""]
        body = [row.cells(with_other=bool(other)) for row in rows if row.attack.group == group]
        print(f"{table(head, body, markdown=markdown)}\n")
