"""A session without IO: bytes in, bytes out."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qmp.registry import NotPreparedError
from qmp_iothreadd.qmp.session import QUEUE_LENGTH, Session
from qmp_iothreadd.qmp.session_protocol import IDLE
from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient, make_machine

X_BLOCK = "{ 'command': 'x-block', 'coroutine': true }"
NEGOTIATE = b'{"execute":"qmp_capabilities"}'
NEGOTIATE_OOB = b'{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}'


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        yield client


@pytest.fixture
def ready(client: MemoryClient) -> MemoryClient:
    """A client past negotiation."""
    client.negotiate()
    return client


def desc(reply: dict[str, Any]) -> str:
    return cast("str", reply["error"]["desc"])


# -- Greeting and negotiation ---------------------------------------------------------------------


def test_a_schema_without_negotiation_has_no_greeting_either(tmp_path: Path) -> None:
    schema = tmp_path / "guest-agent.json"
    schema.write_text("{ 'command': 'guest-ping' }")
    with MemoryClient(
        make_machine(str(schema)), functions={"guest-ping": lambda ctx: None}
    ) as client:
        assert client.feed(b"") == b""
        assert client.request("guest-ping") == {"return": {}}
        assert desc(client.request("qmp_capabilities")) == (
            "The command qmp_capabilities has not been found"
        )
        client.machine.emit("STOP")
        assert client.feed(b"") == b""


def test_greeting_is_the_first_thing_said(client: MemoryClient) -> None:
    assert client.feed(b"") == (
        b'{"QMP": {"version": {"qemu": {"micro": 3, "minor": 1, "major": 11}, "package": ""}, '
        b'"capabilities": ["oob"]}}\r\n'
    )


def test_pretty_session_indents() -> None:
    with MemoryClient(pretty=True) as client:
        assert client.feed(b"").startswith(b'{\r\n    "QMP": {\r\n')


def test_nothing_but_negotiation_before_negotiation(client: MemoryClient) -> None:
    client.send(b"")
    for name in ("query-name", "no-such-command"):
        error = client.request(name)["error"]
        assert error == {
            "class": "CommandNotFound",
            "desc": "Expecting capabilities negotiation with 'qmp_capabilities'",
        }


def test_failed_negotiation_leaves_the_session_negotiating(client: MemoryClient) -> None:
    client.send(b"")
    reply = client.request("qmp_capabilities", {"enable": ["nope"]})
    assert desc(reply) == "Parameter 'null' does not accept value 'nope'"
    assert "error" in client.request("query-name")
    assert client.request("qmp_capabilities") == {"return": {}}
    assert client.request("query-name") == {"return": {}}


def test_second_negotiation_is_refused(ready: MemoryClient) -> None:
    assert ready.request("qmp_capabilities")["error"]["class"] == "CommandNotFound"


def test_events_are_for_sessions_past_negotiation() -> None:
    machine = make_machine()
    with MemoryClient(machine) as client:
        client.send(b"")
        machine.stop()
        assert client.send(b"") == []
        client.execute("qmp_capabilities")
        machine.cont()
        (event,) = client.send(b"")
        assert event["event"] == "RESUME"
        assert "data" not in event


def test_a_closed_session_hears_no_events() -> None:
    machine = make_machine()
    client = MemoryClient(machine)
    client.negotiate()
    client.close()
    machine.stop()
    assert client.session.data_to_send() == b""
    assert machine.listeners == []


def test_an_event_comes_before_the_return_of_its_command(ready: MemoryClient) -> None:
    event, reply = ready.send({"execute": "stop"})
    assert event["event"] == "STOP"
    assert reply == {"return": {}}


def test_an_event_wakes_the_adapter(ready: MemoryClient) -> None:
    woken: list[int] = []
    ready.session.wake = lambda: woken.append(ready.session.output_size)
    ready.machine.stop()
    assert woken
    assert woken[0] == len(ready.session.data_to_send())


# -- The envelope ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"[]", "QMP input must be a JSON object"),
        (b"3 ", "QMP input must be a JSON object"),
        (b"{}", "QMP input lacks member 'execute'"),
        (b'{"arguments":{}}', "QMP input lacks member 'execute'"),
        (b'{"execute":3}', "QMP input member 'execute' must be a string"),
        (b'{"execute":"stop","arguments":[]}', "QMP input member 'arguments' must be an object"),
        (b'{"execute":"stop","nope":1}', "QMP input member 'nope' is unexpected"),
        (b'{"exec-oob":"yank"}', "QMP input member 'exec-oob' is unexpected"),
        (b'{"execute":"stop","exec-oob":"yank"}', "QMP input member 'exec-oob' is unexpected"),
        (b'{"execute":"nope"}', "The command nope has not been found"),
    ],
)
def test_malformed_envelopes_are_refused(
    ready: MemoryClient, request_: bytes, expected: str
) -> None:
    (reply,) = ready.send(request_)
    assert desc(reply) == expected


def test_both_kinds_of_execute_clash_once_oob_is_on(client: MemoryClient) -> None:
    client.negotiate("oob")
    (reply,) = client.send(b'{"execute":"stop","exec-oob":"yank"}')
    assert desc(reply) == "QMP input member 'execute' clashes with 'exec-oob'"


@pytest.mark.parametrize("id", [0, None, "", "x", 1.5, [1, [2]], {"a": None}, True])
def test_id_is_echoed_on_success_and_on_error(ready: MemoryClient, id: Any) -> None:
    assert ready.request("query-name", id=id) == {"return": {}, "id": id}
    assert ready.request("nope", id=id)["id"] == id
    (reply,) = ready.send({"id": id})
    assert reply["id"] == id


def test_without_an_id_there_is_none(ready: MemoryClient) -> None:
    assert "id" not in ready.request("query-name")
    assert "id" not in ready.request("nope")


def test_what_did_not_parse_has_no_id(ready: MemoryClient) -> None:
    (reply,) = ready.send(b'{"id":1,]')
    assert set(reply) == {"error"}


def test_a_fault_of_ours_is_answered_and_reported(
    monkeypatch: pytest.MonkeyPatch, extended_schema: Callable[..., str]
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *details: reported.append(details[0]))

    def fail(ctx: Any) -> None:
        raise ZeroDivisionError

    machine = make_machine(extended_schema("{ 'command': 'x-fail' }"))
    with MemoryClient(machine, functions={"x-fail": fail}) as client:
        client.negotiate()
        reply = client.request("x-fail", id=7)
    assert desc(reply) == "internal error: ZeroDivisionError"
    assert reply["id"] == 7
    assert reported == [ZeroDivisionError]


# -- Input in pieces ------------------------------------------------------------------------------


def make_preparing(parts: int, error: Exception | None = None) -> Callable[..., Any]:
    """A query-name that has so many parts to prepare, and then fails, or not."""

    def query_name(ctx: Any) -> dict[str, str]:
        nonlocal parts
        parts -= 1
        if parts >= 0:
            raise NotPreparedError
        if error is not None:
            raise error
        return {"name": "prepared"}

    return query_name


@pytest.mark.parametrize("scripted", [False, True])
def test_what_a_command_prepares_takes_a_step_for_each_part(scripted: bool) -> None:
    with MemoryClient(functions={"query-name": make_preparing(3)}) as client:
        script = client.machine.part(Script) if scripted else None
        client.negotiate()
        client.session.receive_data(b'{"execute":"query-name","id":1}{"execute":"stop","id":2}')
        for _ in range(3):
            assert client.session.step() is None
            assert client.session.data_to_send() == b""
            assert client.session.suspended
        assert client.session.step() is None
        answer = b'{"return": {"name": "prepared"}, "id": 1}\r\n'
        assert client.session.data_to_send() == answer
        assert client.feed(b"").endswith(b'{"return": {}, "id": 2}\r\n')
        if script is not None:
            requests = [entry.command for entry in script.history if entry.kind == "request"]
            assert requests == ["qmp_capabilities", "query-name", "stop"]
            assert script.left_over() == []


def test_what_is_prepared_may_fail() -> None:
    with MemoryClient(functions={"query-name": make_preparing(2, QmpError("no"))}) as client:
        client.negotiate()
        assert client.request("query-name")["error"]["desc"] == "no"


def test_a_response_counts_a_call_once_however_much_is_prepared() -> None:
    with MemoryClient(functions={"query-name": make_preparing(2)}) as client:
        script = client.machine.part(Script)
        client.negotiate()
        script.responses.respond("query-name", {"name": "second"}, nth=2)
        names = [client.execute("query-name")["name"] for _ in range(2)]
        assert names == ["prepared", "second"]


COUNT_STEPS = """
import sys
from qmp_iothreadd.testing import MemoryClient
from qmp_iothreadd.qmp.session_protocol import IDLE
with MemoryClient() as client:
    client.negotiate()
    client.session.receive_data(sys.argv[1].encode())
    steps = 0
    while client.session.step() is not IDLE:
        steps += 1
    print(steps, b"error" in client.session.data_to_send())
"""


@pytest.mark.parametrize(
    ("command", "arguments", "parts"),
    [("qom-list-types", {}, 30), ("human-monitor-command", {"command-line": "info name"}, 20)],
)
def test_what_takes_long_when_it_is_first_asked_for_is_done_in_parts(
    command: str, arguments: dict[str, str], parts: int
) -> None:
    request = json.dumps({"execute": command, "arguments": arguments})
    new = [sys.executable, "-c", COUNT_STEPS, request]  # a process in which it is the first
    steps, failed = subprocess.run(new, capture_output=True, check=True, text=True).stdout.split()
    assert failed == "False"
    assert int(steps) > parts


def test_commands_need_nothing_between_them(ready: MemoryClient) -> None:
    answers = ready.send(b'{"execute":"query-name","id":1}{"execute":"query-name","id":2}')
    assert [answer["id"] for answer in answers] == [1, 2]


def test_a_message_cut_off_by_the_end_is_met_with_silence(ready: MemoryClient) -> None:
    assert ready.send(b'{"execute":"query-na') == []
    ready.session.receive_eof()
    assert ready.session.step() is IDLE
    assert ready.session.data_to_send() == b""


_STREAM = (
    NEGOTIATE
    + b'{"execute":"query-name","id":1}\r\n{"id":[1}} nope {"execute":"stop"}'
    + b"{'execute':'qom-list','arguments':{'path':'/'}}\n"
    + b'\x00{"execute":"nope","id":"\xc3\xa9"}'
)


@given(st.lists(st.integers(0, len(_STREAM))))
def test_any_split_of_the_input_gives_the_same_answers(cuts: list[int]) -> None:
    def answers(pieces: list[bytes]) -> list[Any]:
        with MemoryClient() as client:
            text = b"".join(client.feed(piece) for piece in pieces)
        found = [json.loads(line) for line in text.splitlines()]
        for message in found:
            message.pop("timestamp", None)
        return found

    edges = [0, *sorted(cuts), len(_STREAM)]
    pieces = [_STREAM[a:b] for a, b in pairwise(edges)]
    assert answers(pieces) == answers([_STREAM])


# -- Commands that take their time, and out of band -----------------------------------------------


class Blocked:
    """A session with a command x-block under way."""

    def __init__(self, schema: str, negotiation: bytes) -> None:
        self.gate = asyncio.Event()
        self.executed: list[str] = []
        self.client = MemoryClient(
            make_machine(schema),
            functions={"x-block": self._block, "query-name": self._query_name},
        )
        self.session: Session = self.client.session
        self.client.feed(negotiation)
        self.session.receive_data(b'{"execute":"x-block","id":"block"}')
        self.coroutine = cast("Coroutine[Any, Any, None]", self.session.step())

    async def _block(self, ctx: Any) -> None:
        await self.gate.wait()

    def _query_name(self, ctx: Any) -> dict[str, str]:
        self.executed.append("query-name")
        return {}

    def read(self, data: bytes = b"") -> list[Any]:
        """Let the session read ahead, and return the ids that were answered."""
        self.session.receive_data(data)
        while self.session.fill():
            pass
        return self.sent()

    def sent(self) -> list[Any]:
        return [json.loads(line)["id"] for line in self.session.data_to_send().splitlines()]

    async def finish(self) -> list[Any]:
        """Let the command end, run what waited, and return the ids that were answered."""
        self.gate.set()
        await self.coroutine
        while self.session.step() is not IDLE:
            pass
        return self.sent()

    def close(self) -> None:
        self.client.close()


@pytest.fixture
def blocked(extended_schema: Callable[..., str]) -> Iterator[Callable[[bytes], Blocked]]:
    schema = extended_schema(X_BLOCK)
    made: list[Blocked] = []

    def make(negotiation: bytes) -> Blocked:
        made.append(Blocked(schema, negotiation))
        return made[-1]

    yield make
    for one in made:
        one.close()


def query(number: int) -> bytes:
    return b'{"execute":"query-name","id":%d}' % number


def yank(id: str) -> bytes:
    return b'{"exec-oob":"yank","arguments":{"instances":[]},"id":"%b"}' % id.encode()


async def test_without_oob_nothing_is_read_while_a_command_runs(
    blocked: Callable[[bytes], Blocked],
) -> None:
    one = blocked(NEGOTIATE)
    assert one.session.suspended
    assert one.read(query(1) + query(2)) == []
    assert one.executed == []
    assert await one.finish() == ["block", 1, 2]
    assert not one.session.suspended


@pytest.mark.parametrize("queued", range(QUEUE_LENGTH))
async def test_oob_overtakes_up_to_seven_queued_requests(
    blocked: Callable[[bytes], Blocked], queued: int
) -> None:
    one = blocked(NEGOTIATE_OOB)
    in_band = b"".join(query(number) for number in range(queued))
    assert one.read(in_band + yank("oob")) == ["oob"]
    assert one.executed == []
    assert await one.finish() == ["block", *range(queued)]


async def test_oob_waits_behind_eight_queued_requests(
    blocked: Callable[[bytes], Blocked],
) -> None:
    session = blocked(NEGOTIATE_OOB)
    in_band = b"".join(query(number) for number in range(QUEUE_LENGTH))
    assert session.read(in_band + yank("oob")) == []
    assert session.session.suspended
    answered = await session.finish()
    assert sorted(map(str, answered)) == sorted(["block", "oob", *map(str, range(QUEUE_LENGTH))])
    assert [one for one in answered if one != "oob"] == ["block", *range(QUEUE_LENGTH)]


async def test_errors_wait_their_turn_in_band(blocked: Callable[[bytes], Blocked]) -> None:
    one = blocked(NEGOTIATE_OOB)
    assert one.read(b'{"id":"envelope"}{"execute":"nope","id":"unknown"}' + yank("oob")) == ["oob"]
    assert await one.finish() == ["block", "envelope", "unknown"]


async def test_oob_of_what_may_not_run_so_is_refused_at_once(
    blocked: Callable[[bytes], Blocked],
) -> None:
    one = blocked(NEGOTIATE_OOB)
    one.session.receive_data(b'{"exec-oob":"query-name","id":1}')
    one.session.fill()
    reply = json.loads(one.session.data_to_send())
    assert desc(reply) == "The command query-name does not support OOB"
    assert await one.finish() == ["block"]


async def test_what_is_queued_when_the_client_leaves_is_not_executed(
    extended_schema: Callable[..., str],
) -> None:
    one = Blocked(extended_schema(X_BLOCK), NEGOTIATE_OOB)
    one.read(query(1) + query(2))
    one.close()
    await one.finish()
    assert one.executed == []


async def test_a_command_that_fails_after_a_while_is_answered(
    extended_schema: Callable[..., str],
) -> None:
    async def fail(ctx: Any) -> None:
        raise QmpError("no luck")

    machine = make_machine(extended_schema(X_BLOCK))
    with MemoryClient(machine, functions={"x-block": fail}) as client:
        client.negotiate()
        client.session.receive_data(b'{"execute":"x-block","id":1}')
        await cast("Coroutine[Any, Any, None]", client.session.step())
        (answer,) = client.session.data_to_send().splitlines()
    assert json.loads(answer) == {"error": {"class": "GenericError", "desc": "no luck"}, "id": 1}


async def test_a_command_without_success_response_is_silent(
    extended_schema: Callable[..., str],
) -> None:
    machine = make_machine(extended_schema("{ 'command': 'x-hush', 'success-response': false }"))
    with MemoryClient(machine, functions={"x-hush": lambda ctx: None}) as client:
        client.negotiate()
        assert client.send({"execute": "x-hush", "id": 1}) == []
        assert "error" in client.request("x-hush", {"nope": 1})


def test_a_coroutine_that_comes_out_of_band_is_closed_and_answered(
    extended_schema: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def later() -> None:
        """Never runs: what comes out of band has to be answered at once."""

    told: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: told.append(str(error)))
    made: list[Coroutine[Any, Any, None]] = []

    def x_loud(ctx: Any) -> Any:
        made.append(later())
        return made[-1]

    machine = make_machine(extended_schema("{ 'command': 'x-loud', 'allow-oob': true }"))
    with MemoryClient(machine, functions={"x-loud": x_loud}) as client:
        client.negotiate("oob")
        error = client.send({"exec-oob": "x-loud", "id": 1})
        assert error == [
            {"error": {"class": "GenericError", "desc": "internal error: FunctionError"}, "id": 1}
        ]
        assert inspect.getcoroutinestate(made[0]) == inspect.CORO_CLOSED
        assert not client.session.running
        assert client.request("query-name") == {"return": {}}
    assert told[0].startswith("'x-loud' has 'allow-oob' and must answer at once")


@pytest.mark.parametrize("check", [True, False])
async def test_a_value_that_does_not_fit_is_a_fault_with_an_answer(
    check: bool, extended_schema: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail_later(ctx: Any) -> dict[str, int]:
        return {"name": 7}

    told: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: told.append(str(error)))
    schema = extended_schema(
        "{ 'command': 'x-now', 'returns': 'NameInfo' }"
        "{ 'command': 'x-later', 'returns': 'NameInfo', 'coroutine': true }"
    )
    machine = make_machine(schema, check_replies=check)
    functions = {"x-now": lambda ctx: {"name": 7}, "x-later": fail_later}
    with MemoryClient(machine, functions=functions) as client:
        client.negotiate()
        replies = [client.request("x-now")]
        client.session.receive_data(b'{"execute":"x-later"}')
        await cast("Coroutine[Any, Any, None]", client.session.step())
        replies.append(json.loads(client.session.data_to_send()))
    if check:
        fault = {"class": "GenericError", "desc": "internal error: ReplyError"}
        assert replies == [{"error": fault}] * 2
        problem = "not of type NameInfo: Invalid parameter type for 'name', expected: string"
        assert told == [f"command 'x-now': {problem}", f"command 'x-later': {problem}"]
    else:
        assert replies == [{"return": {"name": 7}}] * 2
        assert told == []


def test_a_value_that_is_not_json_is_a_fault_with_an_answer(
    extended_schema: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: told.append(str(error)))
    schema = extended_schema("{ 'command': 'x-odd', 'returns': ['NameInfo'] }")
    machine = make_machine(schema, check_replies=False)
    with MemoryClient(machine, functions={"x-odd": lambda ctx: [{1}]}) as client:
        client.negotiate()
        assert desc(client.request("x-odd")) == "internal error: TypeError"
        assert client.request("query-name") == {"return": {}}
    assert told == ["not a JSON value: {1}"]


def test_clients_of_a_monitor_share_the_names_of_descriptors(ready: MemoryClient) -> None:
    fd = os.open(os.devnull, os.O_RDONLY)
    ready.session.inbox.receive([fd])
    ready.execute("getfd", {"fdname": "x"})
    assert ready.session.named_descriptors == {"x": fd}
    another = Session(ready.dispatcher, ready.session.monitor)
    assert another.named_descriptors == {"x": fd}
    another.close()
    ready.execute("closefd", {"fdname": "x"})
    assert ready.session.named_descriptors == {}


def test_a_reply_without_value_follows_pretty_with_the_next_message() -> None:
    with MemoryClient() as client:
        client.negotiate()
        client.session.receive_data(
            b'{"execute":"stop"}{"execute":"qom-set","arguments":'
            b'{"path":"/objects/compat_monitor0","property":"pretty","value":true}}'
            b'{"execute":"stop"}{"execute":"stop","id":1}'
        )
        while client.session.step() is not IDLE:
            pass
        sent = client.session.data_to_send()
    assert sent.endswith(
        b'{\r\n    "return": {\r\n    }\r\n}\r\n'
        b'{\r\n    "return": {\r\n    }\r\n}\r\n'
        b'{\r\n    "return": {\r\n    },\r\n    "id": 1\r\n}\r\n'
    )
    assert b'{"return": {}}\r\n' in sent
