"""Faults in memory: which messages they meet, how often, and what is left of those."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.scripting import faults as module
from qmp_iothreadd.scripting.delays import draw
from qmp_iothreadd.scripting.fault import Fault
from qmp_iothreadd.scripting.faults import Faults
from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as made:
        made.machine.part(Script)
        made.negotiate()
        yield made


@pytest.fixture
def faults(client: MemoryClient) -> Faults:
    return client.machine.part(Script).faults


def ask(client: MemoryClient, command: str = "query-name", *, id: Any = 1, **members: Any) -> bytes:
    return client.feed(json.dumps({"execute": command, "id": id, **members}).encode())


REPLY = b'{"return": {}, "id": %d}\r\n'


def test_a_fault_meets_the_nth_of_a_command_and_so_many_after_it(
    client: MemoryClient, faults: Faults
) -> None:
    faults.add("lose", command="query-name", nth=2, count=2)
    answers = [ask(client, id=number) for number in range(5)]
    assert [bool(answer) for answer in answers] == [True, False, False, True, True]
    assert ask(client, "query-uuid")
    (info,) = faults.query()
    assert (info["matched"], info["fired"], info["active"]) == (3, 2, False)


def test_chance_is_repeatable(client: MemoryClient, faults: Faults) -> None:
    def lost(**seed: Any) -> list[bool]:
        number = faults.add("lose", probability=0.5, **seed)
        found = [not ask(client) for _ in range(40)]
        faults.remove(number)
        return found

    assert lost(seed=7) == lost(seed=7) != lost(seed=8)
    assert 5 < sum(lost()) < 35


def test_a_seed_is_chosen_and_told_where_there_is_a_use_for_one(faults: Faults) -> None:
    faults.add("lose", probability=0.5)
    faults.add("delay", distribution="exponential")
    faults.add("delay")
    assert ["seed" in each["fault"] for each in faults.query()] == [True, True, False]


def test_delays_are_drawn_within_their_bounds() -> None:
    random = Fault(1, {"kind": "lose", "seed": 1})._random
    many = range(200)
    uniform = [draw(random, {"min-seconds": 1.0, "max-seconds": 2.0}) for _ in many]
    assert 1.0 <= min(uniform) < 1.2
    assert 1.8 < max(uniform) <= 2.0
    words = {"distribution": "lognormal", "seconds": 1.0, "max-seconds": 3.0}
    assert max(draw(random, words) for _ in many) == 3.0
    words = {"distribution": "exponential", "seconds": 1.0, "min-seconds": 0.5}
    assert min(draw(random, words) for _ in many) == 0.5
    assert draw(random, {"seconds": 4.0}) == 4.0


def test_only_the_monitor_that_is_named_has_the_fault(client: MemoryClient, faults: Faults) -> None:
    faults.add("lose", monitor="another")
    assert ask(client)
    faults.add("lose", monitor="compat_monitor0")
    assert not ask(client)


def test_what_was_lost_was_executed_unless_it_was_lost_before(
    client: MemoryClient, faults: Faults
) -> None:
    for when, status in (("before", "running"), ("after", "paused")):
        faults.add("lose", command="stop", when=when)
        assert b"return" not in ask(client, "stop")
        assert client.machine.status == status


def test_a_request_that_waits_lets_none_overtake_it(client: MemoryClient, faults: Faults) -> None:
    faults.add("hold", command="stop", when="before")
    client.feed(b'{"execute":"stop","id":1}{"execute":"query-name","id":2}')
    assert client.machine.running
    assert ask(client, id=3) == b""
    faults.release()
    answer = client.feed(b"")
    assert not client.machine.running
    assert [json.loads(line).get("id") for line in answer.splitlines()] == [None, 1, 2, 3]
    kinds = [entry.kind for entry in client.machine.part(Script).history][-7:]
    assert kinds.count("request") == kinds.count("reply") == 3


def test_what_is_out_of_band_overtakes_a_request_that_waits() -> None:
    with MemoryClient() as client:
        faults = client.machine.part(Script).faults
        client.negotiate("oob")
        faults.add("hold", command="query-name", when="before", count=2)
        assert ask(client) == b""
        oob = b'{"exec-oob":"query-yank","id":2}'
        assert client.feed(oob) == b""  # held itself: the wire is
        faults.release()
        assert client.feed(b"").count(b"return") == 2


def test_ids_are_stale_wrong_or_missing(client: MemoryClient, faults: Faults) -> None:
    ask(client, id=1)
    faults.add("stale-id")
    assert ask(client, id=2) == REPLY % 1
    faults.add("wrong-id", id=9)
    assert ask(client, id=3) == REPLY % 9
    client.send({"execute": "query-name"})
    faults.add("stale-id")
    assert ask(client, id=4) == b'{"return": {}}\r\n'


def test_messages_come_behind_others_twice_and_together(
    client: MemoryClient, faults: Faults
) -> None:
    faults.add("reorder", by=2, command="query-name")
    three = b'{"execute":"query-name","id":%d}' * 3 % (1, 2, 3)
    assert client.feed(three) == REPLY % 2 + REPLY % 3 + REPLY % 1
    faults.add("duplicate", copies=3)
    assert ask(client) == REPLY % 1 * 3
    faults.add("merge", messages=3)
    assert client.feed(three) == b"".join(REPLY % number for number in (1, 2, 3))


def test_faults_add_up(client: MemoryClient, faults: Faults) -> None:
    faults.add("delay")
    faults.add("unknown-event", name="X_A")
    faults.add("wrong-id", id=5)
    faults.add("duplicate")
    event, *replies = ask(client).splitlines()
    assert json.loads(event)["event"] == "X_A"
    assert [json.loads(reply)["id"] for reply in replies] == [5, 5]
    entry = [*client.machine.part(Script).history][-1]
    assert entry.fault == (
        "fault 1 (delay), fault 2 (unknown-event), fault 3 (wrong-id), fault 4 (duplicate)"
    )


def test_a_fault_meets_what_another_made_of_the_message(
    client: MemoryClient, faults: Faults
) -> None:
    faults.add("duplicate", copies=2)
    faults.add("duplicate", copies=3)
    assert ask(client) == REPLY % 1 * 6


def test_events_come_before_the_error_that_is_asked_for(
    client: MemoryClient, faults: Faults
) -> None:
    faults.add("unknown-event", command="stop", when="before")
    faults.add("error", command="stop", error_class="DeviceNotFound")
    event, error = ask(client, "stop").splitlines()
    assert json.loads(event)["event"] == "X_UNKNOWN"
    assert json.loads(error)["error"] == {
        "class": "DeviceNotFound",
        "desc": "This error was asked for",
    }


def test_a_message_is_made_longer_and_stays_json(client: MemoryClient, faults: Faults) -> None:
    faults.add("oversize", size=200_000)
    answer = ask(client)
    assert len(answer) == 200_000
    assert json.loads(answer) == {"return": {}, "id": 1}
    faults.add("oversize", size=3)
    assert ask(client) == REPLY % 1


def test_a_cut_message_is_the_last(client: MemoryClient, faults: Faults) -> None:
    faults.add("drop", at=8)
    assert ask(client) == b'{"return'
    assert client.hung_up
    assert ask(client) == b""


def test_mute_ends_with_a_release(client: MemoryClient, faults: Faults) -> None:
    number = faults.add("mute")
    assert ask(client) + ask(client, id=2) == b""
    assert faults.left_over() == ["fault 1 (mute) still holds 1 connections: release it"]
    faults.release(number)
    assert ask(client, id=3) == REPLY % 3
    assert faults.left_over() == []


def test_nothing_is_run_while_nothing_is_read(client: MemoryClient, faults: Faults) -> None:
    faults.add("stop-reading")
    assert ask(client) == REPLY % 1
    assert ask(client, id=2) == b""
    faults.remove(1)
    assert client.feed(b"") == REPLY % 2


def test_what_was_released_before_its_turn_is_not_held(
    client: MemoryClient, faults: Faults
) -> None:
    faults.add("hold", count=2)
    assert client.feed(b'{"execute":"query-name","id":1}{"execute":"query-name","id":2}') == b""
    faults.release()
    assert client.feed(b"") == REPLY % 1 + REPLY % 2


def test_a_text_that_is_no_json_meets_faults_too(client: MemoryClient, faults: Faults) -> None:
    faults.add("delay", when="before")
    assert b"GenericError" in client.feed(b"]")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"kind": "lost"}, "There is no fault 'lost'; there are drop, lose"),
        ({}, "Parameter 'kind' is missing"),
        ({"kind": "lose", "at": 1}, "Parameter 'at' is unexpected"),
        ({"kind": "lose", "nth": 0}, "'nth' expects a number from 1 to"),
        ({"kind": "lose", "probability": float("nan")}, "expects a number from 0 to 1"),
        ({"kind": "drop", "at": 1, "after": True}, "'at' and 'after' exclude each other"),
        ({"kind": "drop", "at": 1, "when": "before"}, "'at' needs when=after"),
        ({"kind": "drop", "command": "a", "event": "B"}, "'command' and 'event' exclude"),
        ({"kind": "drop", "command": "a", "on": "event"}, "'command' needs on=reply"),
        ({"kind": "drop", "on": "event", "when": "before"}, "'when=before' needs on=reply"),
        ({"kind": "split", "when": "before"}, "it acts on a message that is sent"),
        ({"kind": "version", "on": "reply"}, "cannot be on=reply; it can be on=greeting"),
        ({"kind": "version", "version": "8.x"}, "expects MAJOR.MINOR.MICRO"),
        ({"kind": "garbage", "hex": "abc"}, "expects an even number of hexadecimal digits"),
        ({"kind": "delay", "distribution": "uniform"}, "needs min-seconds"),
        ({"kind": "delay", "min-seconds": 2, "max-seconds": 1}, "expects no less than"),
        ({"kind": "delay", "sigma": 1}, "'sigma' needs distribution=lognormal"),
        ({"kind": "merge", "messages": 1}, "expects a number from 2 to 1000"),
    ],
)
def test_words_that_say_nothing_are_refused(
    faults: Faults, words: dict[str, Any], message: str
) -> None:
    with pytest.raises(QmpError, match=message):
        faults.add_words(words)
    assert faults.query() == []


def test_faults_are_no_more_than_can_be_kept(
    faults: Faults, monkeypatch: pytest.MonkeyPatch, client: MemoryClient
) -> None:
    monkeypatch.setattr(module, "FAULTS_MAX", 2)
    faults.add("lose", command="nope")
    faults.add("lose")
    with pytest.raises(QmpError, match="There are 2 faults"):
        faults.add("lose")
    ask(client)
    assert faults.add("lose") == 3
    assert [each["id"] for each in faults.query()] == [1, 3]


@pytest.mark.parametrize("way", ["remove", "release"])
def test_a_fault_that_is_not_there(faults: Faults, way: str) -> None:
    with pytest.raises(QmpError, match="There is no fault 3; x-query-faults lists them"):
        getattr(faults, way)(3)


def test_clients_ask_for_faults_in_the_same_words(client: MemoryClient) -> None:
    words = {"kind": "hold", "command": "query-name", "nth": 2}
    assert client.execute("x-fault-add", words) == {"id": 1}
    ask(client)
    assert ask(client) == b""
    faults = client.machine.part(Script).faults
    faults.release()
    client.feed(b"")
    (info,) = client.execute("x-query-faults")
    assert info["fired"] == 1
    client.execute("x-fault-release", {"id": 1})
    client.execute("x-fault-release")
    client.execute("x-fault-remove", {"id": 1})
    assert client.execute("x-query-faults") == []
    refused = client.request("x-fault-add", {"kind": "drop", "at": -1})
    assert refused["error"]["desc"] == "Parameter 'at' expects uint32_t"


def test_a_schema_of_ones_own_has_the_packages_faults(extended_schema: Any) -> None:
    from qmp_iothreadd.testing import make_machine

    machine = make_machine(extended_schema("{ 'command': 'x-mine' }"))
    with MemoryClient(machine) as client:
        client.negotiate()
        machine.part(Script).faults.add("drop", at=3)
        assert ask(client) == b'{"r'
    machine.close()
