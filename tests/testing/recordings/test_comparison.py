from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.testing.recordings import Entry, Masking, Recording, comparison, differences
from qmp_iothreadd.testing.recordings.masks import MASKS, NO_MASKS
from qmp_iothreadd.testing.recordings.messages import Message


def recording(*replies: Any, command: str = "q", **arguments: Any) -> Recording:
    request = Message({"execute": command, "arguments": arguments})
    return Recording([Entry(request=request, reply=Message({"return": each})) for each in replies])


def differ(a: Any, b: Any, masking: Masking | None = None) -> list[str]:
    return [str(each) for each in differences(recording(a), recording(b), masking)]


WHERE = "client 1, line 1 (q): reply.return"


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ({"x": 1}, {"x": 1}, []),
        ({"x": 1}, {"x": 2}, [f"{WHERE}.x: 1, not 2"]),
        (1, True, [f"{WHERE}: 1, not true"]),
        ({}, {"x": None}, [f"{WHERE}.x: nothing, not null"]),
        ([1, 2], [1], [f"{WHERE}[1]: 2, not nothing"]),
        (
            {"a": 1, "b": 2},
            {"b": 2, "a": 1},
            [f'{WHERE}, order of members: ["a", "b"], not ["b", "a"]'],
        ),
        (
            [{"id": "a", "x": 1}, {"id": "b"}],
            [{"id": "b"}, {"id": "a", "x": 2}, {"id": "c"}],
            [
                f"{WHERE}[a].x: 1, not 2",
                f'{WHERE}[c]: nothing, not {{"id": "c"}}',
                f'{WHERE}, order of elements: ["a", "b"], not ["b", "a"]',
            ],
        ),
        ("x" * 500, "", [f'{WHERE}: "{"x" * 199} …, not ""']),
    ],
)
def test_values_are_compared_with_their_order(a: Any, b: Any, found: list[str]) -> None:
    assert differ(a, b) == found


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"thread-id": 1}, {"thread-id": 2}),
        ("io0: thread_id=17", "io0: thread_id=4"),
        ({"pid": 1}, {"pid": 2}),
        ("signal 15 from pid 7", "signal 15 from pid 8"),
        ({"date-sec": 1}, {"date-sec": 2}),
        ({"rd_total_time_ns": 1}, {"rd_total_time_ns": 2}),
        ("Could not open '/tmp/a/x.img': no", "Could not open '/var/y.img': no"),
        ("unix:/a/b,server=on", "unix:/c,server=on"),
        ("1:32: JSON parse error, x", "2:1: JSON parse error, x"),
        ("tcp:127.0.0.1:4444", "tcp:127.0.0.1:5555"),
        ({"package": "Debian"}, {"package": ""}),
    ],
)
def test_what_differs_from_run_to_run_is_masked(a: Any, b: Any) -> None:
    assert differ(a, b) == []
    assert len(differ(a, b, NO_MASKS)) == 1


def test_a_mask_hides_no_type_and_no_path_of_objects() -> None:
    assert len(differ({"thread-id": 1}, {"thread-id": "1"})) == 1
    assert len(differ("/machine/a", "/machine/b")) == 1
    assert len(differ("/objects/io0", "/objects/io1")) == 1
    assert len(differ({"poll-max-ns": 1}, {"poll-max-ns": 2})) == 1


def test_ids_of_messages_are_masked_those_in_values_are_not() -> None:
    a, b = recording({"id": "a"}), recording({"id": "a"})
    for one, number in ((a, 1), (b, 2)):
        request, reply = one.entries[0].request, one.entries[0].reply
        assert request is not None
        assert reply is not None
        one.entries[0].request = Message({**(request.value or {}), "id": number})
        one.entries[0].reply = Message({**(reply.value or {}), "id": number})
    assert differences(a, b) == []
    no_ids = Masking([mask for mask in MASKS if mask.name != "ids"])
    assert [each.path for each in differences(a, b, no_ids)] == ["request.id", "reply.id"]
    assert len(differences(recording({"id": "a"}), recording({"id": "b"}))) == 1


def test_members_can_be_masked_by_name() -> None:
    assert differ({"x": 1}, {"x": 2}, Masking(MASKS, ["x"])) == []


def test_a_client_may_write_its_request_as_it_likes() -> None:
    assert differences(recording({}, a=1, b=2), recording({}, b=2, a=1)) == []
    (found,) = differences(recording({}, a=1), recording({}, a=2))
    assert (found.path, found.a, found.b) == ("request.arguments.a", 1, 2)


def test_exchanges_that_only_one_has_do_not_shift_the_others() -> None:
    a = Recording(recording(1, command="a").entries + recording(2, command="b").entries)
    (found,) = differences(a, recording(2, command="b"))
    assert str(found).startswith('client 1, line 1 (a): all: {"request": {"execute": "a"')
    (found,) = differences(recording(2, command="b"), a)
    assert str(found).startswith("client 1, line 1 (a): all: nothing, not {")


def test_long_recordings_are_compared_place_by_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_ALIGNED_MAX", 1)
    found = differences(recording(1, command="a"), recording(2, command="b"))
    assert [each.path for each in found] == ["request.execute", "reply.return"]


def test_events_are_compared_apart_from_replies() -> None:
    stop, reply = Entry(event=Message({"event": "STOP"})), recording(1).entries
    assert differences(Recording([stop, *reply]), Recording([*reply, stop])) == []
    (found,) = differences(Recording([stop, *reply]), Recording(reply))
    assert found.where == "client 1, event 1 (STOP)"


def test_greetings_ends_and_bytes_are_compared() -> None:
    a = [Entry(greeting=Message({"QMP": 1})), Entry(request=Message(None, b"foo"))]
    b = [Entry(greeting=Message({"QMP": 2})), Entry(request=Message(None, b"bar"))]
    found = differences(
        Recording([*a, Entry(closed="client")]), Recording([*b, Entry(closed="server")])
    )
    assert [(each.where, each.path) for each in found] == [
        ("client 1, greeting", "greeting.QMP"),
        ("client 1, line 2 (no command)", "request"),
        ("client 1, closed", "closed"),
    ]


def test_clients_are_compared_in_their_order() -> None:
    a = Recording([Entry(7, closed="client")])
    assert differences(a, Recording([Entry(9, closed="client")])) == []
    (found,) = differences(a, Recording([*a.entries, Entry(8, closed="client")]))
    assert found.where == "client 2, closed"
