"""Scripted responses: which calls they answer, with what, and what cannot be scripted."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.compat_policy import CompatPolicy
from qmp_iothreadd.qmp.signatures import FunctionError
from qmp_iothreadd.scripting import responses, scripted_command
from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient, Server, make_machine

A, B = {"name": "a"}, {"name": "b"}


def calls(client: MemoryClient, count: int, command: str = "query-name") -> list[Any]:
    """What so many calls give: values, or the texts of errors."""
    replies = [client.request(command) for _ in range(count)]
    return [reply["return"] if "return" in reply else reply["error"]["desc"] for reply in replies]


@pytest.mark.parametrize(
    ("value", "words", "expected"),
    [
        (A, {}, [A, A, A]),
        (A, {"nth": 2}, [{}, A, {}]),
        ([A, B], {}, [A, B, {}]),
        ([A, B], {"nth": 2}, [{}, A, B]),
        ([A, QmpError("no")], {}, [A, "no", {}]),
        (None, {"error": "no"}, ["no", "no", "no"]),
        (None, {"error": "no", "nth": 3}, [{}, {}, "no"]),
        (lambda ctx: B, {}, [B, B, B]),
        ([lambda ctx: B, A], {}, [B, A, {}]),
        (lambda ctx: {"name": ctx.monitor.name}, {"nth": 1}, [{"name": "compat_monitor0"}, {}, {}]),
    ],
)
def test_calls_are_answered(
    client: MemoryClient, script: Script, value: Any, words: Any, expected: list[Any]
) -> None:
    script.responses.respond("query-name", value, **words)
    assert calls(client, 3) == expected
    assert script.left_over() == []


def test_an_error_has_any_class(client: MemoryClient, script: Script) -> None:
    script.responses.respond("stop", error="gone", error_class="Weird")
    assert client.request("stop") == {"error": {"class": "Weird", "desc": "gone"}}


def test_what_is_scripted_later_goes_first(client: MemoryClient, script: Script) -> None:
    script.responses.respond("query-name", A)
    script.responses.respond("query-name", error="no", nth=2)
    assert calls(client, 3) == [A, "no", A]
    script.responses.respond("query-name", [B])
    assert calls(client, 2) == [B, {}]  # the list replaced the value
    assert script.left_over() == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], [[], []]),
        ([{"name": "a"}], [[{"name": "a"}], [{"name": "a"}]]),
        ([[{"name": "a"}], []], [[{"name": "a"}], []]),
        ([lambda ctx: [], [{"name": "a"}]], [[], [{"name": "a"}]]),
    ],
)
def test_a_list_is_the_value_where_an_array_is_returned(
    client: MemoryClient, script: Script, value: Any, expected: list[Any]
) -> None:
    script.responses.respond("query-commands", value)
    assert calls(client, 2, "query-commands") == expected


def test_a_value_is_copied_as_json_has_it(client: MemoryClient, script: Script) -> None:
    value: dict[str, Any] = {"texts": ("a", "b")}
    script.responses.respond("frob", value)
    value["texts"] = ()
    assert client.execute("frob") == {"texts": ["a", "b"]}
    script.responses.respond("frob", lambda ctx: ("a",))
    assert client.execute("frob") == ["a"]


def test_functions_get_arguments_as_the_packages_own(client: MemoryClient, script: Script) -> None:
    function = Mock(return_value=None)
    script.responses.respond("object-del", function)
    script.responses.respond("frob", function)
    client.execute("object-del", {"id": "a"})
    client.execute("frob", {"a-b": 1, "class": 2})
    assert [call.kwargs for call in function.call_args_list] == [
        {"id": "a"},
        {"a_b": 1, "class_": 2},
    ]
    assert client.request("object-del", {"id": 1})["error"]["desc"].startswith("Invalid parameter")
    assert function.call_count == 2


def test_a_command_that_the_schema_lacks_is_one_while_it_has_responses(
    client: MemoryClient, script: Script
) -> None:
    script.responses.respond("Frob it", [1, [2]], arguments={"*speed": "int"})
    assert {"name": "Frob it"} in client.execute("query-commands")
    assert client.request("Frob it", {"speed": "a"})["error"]["desc"].startswith("Invalid param")
    assert calls(client, 2, "Frob it") == [1, [2]]
    assert client.request("Frob it")["error"]["class"] == "CommandNotFound"
    assert {"name": "Frob it"} not in client.execute("query-commands")
    assert "Frob it" not in str(client.execute("query-qmp-schema"))


def test_arguments_can_be_described_again(client: MemoryClient, script: Script) -> None:
    script.responses.respond("frob", 1)
    script.responses.respond("frob", 2, nth=2, arguments={"a": "int"})
    assert client.request("frob")["error"]["desc"] == "Parameter 'a' is missing"
    script.responses.respond("frob", 3, nth=2)
    assert [client.execute("frob", {"a": 1}) for _ in range(3)] == [1, 3, 1]


def test_negotiation_can_be_scripted(script: Script) -> None:
    with MemoryClient() as client:
        script = client.machine.part(Script)
        script.responses.respond("qmp_capabilities", error="busy", nth=1)
        script.responses.respond("qmp_capabilities", {}, nth=2)
        client.take_greeting()
        assert calls(client, 2, "qmp_capabilities") == ["busy", {}]
        assert client.execute("query-name") == {}


def test_a_value_that_does_not_fit_is_refused_at_once_unless_told_otherwise(
    client: MemoryClient, script: Script
) -> None:
    with pytest.raises(
        QmpError, match=r"'query-name' does not fit the schema: .*'x' is unexpected"
    ):
        script.responses.respond("query-name", {"x": 1})
    with pytest.raises(QmpError, match="does not fit"):
        script.responses.respond("query-name", [A, {"name": 1}])
    script.responses.respond("query-name", {"x": 1}, check=False)
    assert client.execute("query-name") == {"x": 1}
    script.responses.respond("query-name", lambda ctx: {"x": 1})
    assert "does not fit the schema" in client.request("query-name")["error"]["desc"]


@pytest.mark.parametrize(
    ("command", "words", "message"),
    [
        ("qurey-name", {"strict": True}, "The schema has no command 'qurey-name'; did you mean"),
        ("\0", {"strict": True}, "The schema has no command '\0'$"),
        ("", {}, "The name of a scripted command is a text"),
        (1, {}, "The name of a scripted command is a text"),
        ("x-emit", {}, "The command 'x-emit' controls scripts"),
        ("stop", {"value": 1, "error": "no"}, "either a value or an error"),
        ("stop", {"error": 1}, "class and the text"),
        ("stop", {"error": "no", "error_class": 1}, "class and the text"),
        ("stop", {"nth": 0}, "a number from 1 on"),
        ("stop", {"nth": True}, "a number from 1 on"),
        ("stop", {"arguments": {}}, "The schema has the command 'stop' with its arguments"),
        ("frob", {"arguments": {"a": "Nope"}}, "unknown type 'Nope'"),
        ("frob", {"value": {1}}, "'frob' is not a JSON value: .* set "),
        ("frob", {"value": float("nan")}, "not a JSON value"),
    ],
)
def test_what_cannot_be_is_refused(
    client: MemoryClient, script: Script, command: Any, words: Any, message: str
) -> None:
    with pytest.raises(QmpError, match=message):
        script.responses.respond(command, **words)
    assert script.left_over() == script.responses.names() == []


def test_a_function_has_to_fit_the_command(script: Script) -> None:
    with pytest.raises(FunctionError, match="let it take"):
        script.responses.respond("object-del", lambda ctx: None)


def test_no_more_are_kept_than_some(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "RESPONSES_MAX", 2)
    for nth in (1, 2):
        script.responses.respond("stop", nth=nth)
    with pytest.raises(QmpError, match="at most 2"):
        script.responses.respond("stop", nth=3)


def test_what_is_not_used_is_left_over(client: MemoryClient, script: Script) -> None:
    script.responses.respond("query-name", A)
    script.responses.respond("stop", [None, None, None])
    script.responses.respond("cont", error="no", nth=2)
    script.responses.respond("cont", error="no", nth=1)
    script.responses.respond("query-status", error="no", optional=True)
    client.execute("stop")
    assert script.left_over() == [
        "the response to 'query-name' was not used",
        "2 of 3 responses to 'stop' were not used",
        "call 2 of 'cont' did not get the response that waits for it",
        "call 1 of 'cont' did not get the response that waits for it",
    ]
    script.responses.clear()
    assert script.left_over() == []


class Failed(BaseException):
    """What a test framework raises."""


def test_failures_of_functions_are_kept_and_answered(
    client: MemoryClient, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripted_command, "FAILURES_MAX", 1)
    raised = [Failed("a < b"), ValueError("x"), QmpError("no")]
    script.responses.respond("frob", Mock(side_effect=raised))
    assert calls(client, 3, "frob") == [
        "The function that is scripted for 'frob' failed: Failed: a < b",
        "The function that is scripted for 'frob' failed: ValueError: x",
        "no",
    ]
    assert script.responses.failures == raised[:1]


def test_phases_and_policies_hold_for_scripted_commands() -> None:
    with MemoryClient() as client:
        client.negotiate()
        script = client.machine.part(Script)
        script.responses.respond("stop")
        client.machine.preconfig = True
        assert "permitted only after" in calls(client, 1, "stop")[0]
        script.responses.respond("frob", 1)
        assert calls(client, 1, "frob") == [1]
    machine = make_machine()
    machine.policy = CompatPolicy({"unstable-input": "reject"})
    with MemoryClient(machine) as client:
        client.negotiate()
        machine.part(Script).responses.respond("x-query-workload-stats", [])
        assert "disabled by policy" in calls(client, 1, "x-query-workload-stats")[0]
    machine.close()


async def test_coroutines_answer_and_real_ones_go_on() -> None:
    async def name(ctx: Any) -> dict[str, str]:
        await asyncio.sleep(0)
        return A

    async def fail(ctx: Any) -> None:
        raise AssertionError("wrong")

    async def slow(ctx: Any, id: str | None = None) -> list[Any]:
        return []

    async with Server(functions={"x-query-iothread-stats": slow}) as server:
        script = server.machine.part(Script)
        script.responses.respond("query-name", [name, fail, name])
        script.responses.respond("x-query-iothread-stats", error="no", nth=2)
        reader, writer = await asyncio.open_unix_connection(server.path)
        await reader.readline()
        writer.write(b'{"execute": "qmp_capabilities"}')
        writer.write(b'{"execute": "query-name"}' * 3)
        writer.write(b'{"execute": "x-query-iothread-stats"}' * 2)
        lines = [await reader.readline() for _ in range(6)]
        writer.close()
        await writer.wait_closed()
        assert lines[1:] == [
            b'{"return": {"name": "a"}}\r\n',
            b'{"error": {"class": "GenericError", "desc": "The function that is scripted for '
            b"'query-name' failed: AssertionError: wrong\"}}\r\n",
            b'{"return": {"name": "a"}}\r\n',
            b'{"return": []}\r\n',
            b'{"error": {"class": "GenericError", "desc": "no"}}\r\n',
        ]
        assert [str(each) for each in script.responses.failures] == ["wrong"]
        script.responses.failures.clear()
