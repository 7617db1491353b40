"""What TAB offers in the human monitor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.hmp import text
from qmp_iothreadd.hmp.completion import completions
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.qapi.load import load
from qmp_iothreadd.qapi.models import Models

SCHEMA = Path(__file__).parents[2] / "schema" / "qapi-schema.json"


ROOT = ["/chardevs/", "/objects/", "/backend", "/machine/", "/audiodevs"]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    schema = load(str(SCHEMA))
    machine = Machine(schema, Models(schema))
    for name in ("io0", "io1"):
        machine.add_object("iothread", name, {})
    for name, kind in (("n", "null"), ("r", "ringbuf")):
        chardev = machine.chardevs.make(name, {"type": kind, "data": {}})
        machine.tree.chardevs.add_child(name, chardev)  # not open: that takes an event loop
    yield machine
    machine.close()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("system_", ["system_powerdown", "system_reset", "system_wakeup"]),
        ("  qu", ["quit"]),
        ("nosuch", []),
        ("nosuch ", []),
        ("stop ", []),
        ("info uu", ["uuid"]),
        ("info uuid ", []),
        ("info qom-tree /o", ["/objects/"]),
        ("help st", ["stopcapture", "stop"]),
        ("help info ver", ["version"]),
        ("? ? ? sto", ["stopcapture", "stop"]),
        ("object_add iot", ["iothread"]),
        ("object_add iothread ", []),
        ("object_del ", ["io0", "io1"]),
        ("object_del io0 ", []),
        ('object_del "io', []),
        ("qom-list ", ROOT),
        ("qom-list /", ROOT),
        ("qom-list /objects/", ["/objects/io0", "/objects/io1"]),
        ("qom-list objects/io", ["objects/io0", "objects/io1"]),
        ("qom-list /nope/", []),
        ("qom-get io0 poll-w", ["poll-weight"]),
        ("qom-set io0 poll-w", ["poll-weight"]),
        ("qom-set -j io0 poll-w", ["poll-weight"]),
        ("qom-set io0 poll-weight ", []),
        ("qom-get nope ", []),
        ("chardev-add mem", ["memory"]),
        ("chardev-add null,id=c ", []),
        ("chardev-remove ", ["r", "n"]),
        ("chardev-change n", ["n"]),
        ("chardev-send-break r", ["r"]),
        ("ringbuf_read ", ["r"]),
        ("ringbuf_write ", ["r"]),
        ("help" + " help" * 14 + " sto", ["stopcapture", "stop"]),
        ("help" + " help" * 15 + " ", []),
    ],
)
def test_completions(machine: Machine, line: str, offered: list[str]) -> None:
    assert completions(machine, line)[1] == offered


def test_every_name_of_every_command_is_offered_first(machine: Machine) -> None:
    present, names = completions(machine, "")
    assert present == ""
    assert {"help", "?", "info", "quit", "q", "qom-set"} <= set(names)


def test_what_is_there_already_is_the_last_word(machine: Machine) -> None:
    assert completions(machine, "info ver")[0] == "ver"
    assert completions(machine, "info ")[0] == ""


@given(st.binary(max_size=40).map(text.decode))
def test_what_is_offered_begins_with_what_is_there(machine: Machine, line: str) -> None:
    present, offered = completions(machine, line)
    assert all(word.startswith(present) for word in offered)
