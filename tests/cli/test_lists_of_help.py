"""Options that list what they take: the list goes to standard output, and nothing is started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.lines import printed


@pytest.mark.parametrize(
    ("words", "first", "among"),
    [
        ("-machine help", "Supported machines are:", "none                 empty machine"),
        ("-cpu help", "Available CPUs:", "  max "),
        ("-device help", "Controller/Bridge/Hub devices:", "Network devices:"),
        ("-netdev help", "Available netdev backend types:", "hubport"),
        ("-nic help", "Available netdev backend types:", "user"),
        ("-display help", "Available display backend types:", "none"),
        ("-vga help", "none                 no graphic card", ""),
        ("-d help", "Log items (comma separated):", "trace:PATTERN"),
        ("-accel help", "Accelerators supported in QEMU binary:", "tcg"),
        ("-audio help", "Available audio drivers:", "none"),
    ],
)
def test_a_list_is_printed(words: str, first: str, among: str) -> None:
    status, text = printed(*words.split())
    assert status == (words == "-d help")  # for which QEMU exits as for a mistake
    assert text.splitlines()[0] == first
    assert among in text


def test_the_state_of_an_empty_machine_is_written_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "state"
    assert printed("-M", "none", "-dump-vmstate", str(target)) == (0, "")
    assert "vmschkmachine" in json.loads(target.read_text())
