"""scripts/torture's attacks, without their milliseconds: what they must not do is not done.

Its counted bounds, of bytes, requests and turns a client, are in tests/server/test_connection.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from torturelib import cli
from torturelib.attacks import Attack, Outcome, play

# Each starts daemons, which takes half a second; these are elsewhere as tests of what they attack.
ELSEWHERE = ("help into", "foreign files", "SIGTERM of a default", "a test's process", "of a full")
SHORT = [
    attack
    for attack in cli.ATTACKS
    if attack.limit_ms is None and not any(text in attack.name for text in ELSEWHERE)
]


@pytest.mark.parametrize("attack", SHORT, ids=lambda attack: attack.name)
def test_it_holds(attack: Attack) -> None:
    outcome = play(attack.run)
    assert outcome.held, outcome.figure


def fake(outcome: Outcome, limit_ms: float | None = None, name: str = "fake") -> Attack:
    def run(folder: Path, command: list[str] | None = None) -> Outcome:
        assert folder.is_dir()
        return outcome

    return Attack("group", name, run, limit_ms, run)


def breaks_off(folder: Path) -> Outcome:
    raise OSError("refused")


@pytest.mark.parametrize(
    ("attack", "holds"),
    [
        (fake(Outcome(True, "x")), True),
        (fake(Outcome(False, "x", 1.0), 10.0), False),
        (fake(Outcome(True, "x", 10.0), 10.0), True),
        (fake(Outcome(True, "x", 12.0), 10.0), False),
        (fake(Outcome(True, "x", 12.0, 3.0), 10.0), True),
        (Attack("group", "breaks off", breaks_off), False),
    ],
)
def test_a_limit_is_for_what_the_machine_did_not_do(attack: Attack, holds: bool) -> None:
    assert attack.holds(play(attack.run)) is holds


def test_the_table_and_the_status_say_what_did_not_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = fake(Outcome(True, "p50 1 ms, max 12 ms of 9", 12.0, 3.0), 10.0, "good")
    bad = Attack("group", "bad", breaks_off)
    monkeypatch.setattr(cli, "ATTACKS", [good, bad])
    file = tmp_path / "figures.json"
    arguments = ["--markdown", "--against", "sh", "--json", str(file)]
    assert cli.main(arguments) == 1
    output = capsys.readouterr().out
    assert (
        "| good | p50 1 ms, max 12 ms of 9 | p50 1 ms, max 12 ms of 9 | 3.0 ms | ≤ 10 ms | ✓ |"
        in output
    )
    assert "| bad | OSError: refused | – |  |  | ✗ |" in output
    assert "did not hold: bad" in output
    document: dict[str, Any] = json.loads(file.read_text())
    assert [row["holds"] for row in document["attacks"]] == [True, False]
    assert cli.main(["--only", "group: good"]) == 0
