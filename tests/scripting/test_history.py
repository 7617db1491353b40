"""The history: what is kept of it, and how it is read."""

from __future__ import annotations

import itertools

import pytest

from qmp_iothreadd.scripting import history
from qmp_iothreadd.scripting.history import Entry, History


def add(made: History, data: bytes | None, kind: str = "request") -> Entry:
    return made.add(kind, data, "m0", 1)


def test_entries_have_numbers_and_times() -> None:
    made = History(clock=itertools.count(5.0, 0.5).__next__)
    add(made, b'{"execute": "a"}')
    add(made, b'{"return": {}}', "reply")
    assert [(each.number, each.time, each.command) for each in made] == [
        (0, 5.0, "a"),
        (1, 5.5, None),
    ]
    assert repr(made[1]) == "<reply {'return': {}} on 'm0' at 5.500000>"
    made.add("reply", b"{}", "m0", 1, "lose")
    assert repr(made[2]) == "<reply {} on 'm0' at 6.000000, fault='lose'>"


def test_requests_are_found_by_their_command() -> None:
    made = History()
    add(made, b'{"execute": "a", "arguments": {"b": 1}}')
    add(made, b'{"exec-oob": "a"}')
    add(made, b'{"execute": "c", "arguments": {"b": 2}}')
    for odd in (b'{"execute": 1}', b"[]", b'{"execute": "a", "arguments": []}', None):
        add(made, odd)
    assert made.requests("a") == [{"b": 1}, {}, {}]


def test_watchers_are_told_of_each_entry() -> None:
    made = History()
    seen: list[Entry] = []
    made.watchers.append(seen.append)
    entry = add(made, b"{}")
    assert seen == [entry]


@pytest.mark.parametrize(("limit", "most"), [("ENTRIES_MAX", 3), ("BYTES_MAX", 6)])
def test_the_oldest_go_where_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(history, limit, most)
    made = History()
    for _ in range(5):
        add(made, b"{}")
    assert (len(made), made.dropped, made[0].number) == (3, 2, 2)
    made.clear()
    assert (len(made), made.dropped) == (0, 5)
    assert add(made, None).number == 5
