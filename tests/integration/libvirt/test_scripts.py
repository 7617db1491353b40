"""What the README shows of libvirt is what the demo does; both scripts do it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from libvirtlib import demo, starts

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _ours(is_ours: bool, emulator: Path) -> None:
    if not is_ours:
        pytest.skip(f"the scripts show the daemon, not {emulator}")


def test_the_readme_has_the_commands_of_the_demo() -> None:
    shown = re.findall(r"^\$ virsh (.*)$", (ROOT / "README.md").read_text(), re.M)
    tuned = [demo.TUNE.format(ns=ns) for ns in demo.WINDOWS_NS]
    assert shown == [*demo.BEFORE, *tuned, *demo.AFTER]


def test_the_demo_tunes_a_disk_under_load(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["--seconds", "0.2"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    measured = re.findall(r"^ +([\d,]+) requests per second; (\d+)% of events", said.out, re.M)
    assert len(measured) == len(demo.WINDOWS_NS)
    assert all(int(requests.replace(",", "")) > 0 for requests, _ in measured)
    # Without a time to poll, all is found by waiting.
    assert measured[0][1] == "0"
    assert int(measured[1][1]) > 0
    assert said.out.rstrip().endswith("Domain 'demo' destroyed")


def test_starts_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert starts.main(["--runs", "1"]) in (0, 1)  # how long it takes says how busy others are
    lines = capsys.readouterr().out.splitlines()
    assert [line[:15].rstrip() for line in lines] == list(starts.TARGETS_S)
