"""What is said follows the schema that is served, also where that has less than the daemon's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import DaemonProcess

GUEST_AGENT = """
{ 'pragma': { 'command-returns-exceptions': ['guest-sync'] } }
{ 'struct': 'GuestInfo', 'data': { 'version': 'str', 'supported': ['str'] } }
{ 'command': 'guest-sync', 'data': { 'id': 'int' }, 'returns': 'int' }
{ 'command': 'guest-ping' }
{ 'command': 'guest-info', 'returns': 'GuestInfo' }
{ 'command': 'guest-shutdown', 'data': { '*mode': 'str' }, 'success-response': false }
"""


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"execute": "guest-sync"}, "Parameter 'id' is missing"),
    ({"execute": "qmp_capabilities"}, "The command qmp_capabilities has not been found"),
    ({"execute": "query-status"}, "The command query-status has not been found"),
    ({"exec-oob": "guest-ping"}, "QMP input member 'exec-oob' is unexpected"),
]


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., DaemonProcess]:
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    return lambda schema, *args: DaemonProcess("--schema", schema, *args, env=env)


def test_members_that_it_lacks_are_not_sent(
    serve: Callable[..., DaemonProcess], extended_schema: Callable[..., str]
) -> None:
    lacking = {
        "            'poll-weight': 'int',\n": "",
        "'event': 'RESET',\n  'data': { 'guest': 'bool',": "'event': 'RESET',\n  'data': {",
        "'name': 'str',\n            '*abstract': 'bool',\n": "'name': 'str',\n",
    }
    schema = extended_schema(replace=lacking)
    with serve(schema, "-object", "iothread,id=io0") as daemon, daemon.client() as client:
        (iothread,) = client.execute("query-iothreads")
        assert "poll-max-ns" in iothread
        assert "poll-weight" not in iothread
        shown = client.execute("human-monitor-command", {"command-line": "info iothreads"})
        assert "poll-max-ns=" in shown
        assert "poll-weight" not in shown
        client.execute("system_reset")
        assert client.receive_event()["data"] == {"reason": "host-qmp-system-reset"}
        types = client.execute("qom-list-types", {"abstract": True})
        assert {name for found in types for name in found} == {"name", "parent"}


def test_commands_and_events_that_it_lacks_are_not_there(
    serve: Callable[..., DaemonProcess], extended_schema: Callable[..., str]
) -> None:
    lacking = {
        "{ 'event': 'STOP' }": "",
        "{ 'command': 'query-name', 'returns': 'NameInfo',\n  'allow-preconfig': true }": "",
    }
    with serve(extended_schema(replace=lacking)) as daemon, daemon.client() as client:
        names = {command["name"] for command in client.execute("query-commands")}
        assert "query-name" not in names
        with pytest.raises(QmpError, match="The command query-name has not been found"):
            client.execute("query-name")
        client.execute("stop")
        client.execute("cont")
        assert client.receive_event()["event"] == "RESUME"


def test_checked_what_does_not_fit_it_is_told(
    serve: Callable[..., DaemonProcess], extended_schema: Callable[..., str]
) -> None:
    name = "'struct': 'NameInfo',\n  'data': { '*name': "
    schema = extended_schema(replace={f"{name}'str'": f"{name}'int'"})
    with serve(schema, "-name", "mine") as daemon, daemon.client() as client:
        with pytest.raises(QmpError, match="internal error: ReplyError"):
            client.execute("query-name")
        client.execute("query-status")
        assert (
            "ReplyError: command 'query-name': not of type NameInfo: "
            "Invalid parameter type for 'name', expected: integer\n"
        ) in daemon.stderr


OBJECT_DEL = "'object-del',\n  'data': { 'id': 'str' }"
INFO_MEMBER = "            'poll-weight': 'int',\n"


@pytest.mark.parametrize("own", [True, False])
def test_members_that_an_iothread_has_no_value_for_are_the_least_of_their_types(
    serve: Callable[..., DaemonProcess], extended_schema: Callable[..., str], own: bool
) -> None:
    """Whether a property of its ``own`` stands behind the member or not."""
    more = {INFO_MEMBER: f"{INFO_MEMBER}            'budget-ns': 'uint64', 'label': 'str',\n"}
    schema = extended_schema(members="'*budget-ns': 'uint64'" if own else "", replace=more)
    with serve(schema, "-object", "iothread,id=io0") as daemon, daemon.client() as client:
        (iothread,) = client.execute("query-iothreads")
        assert (iothread["budget-ns"], iothread["label"]) == (0, "")
        shown = client.execute("human-monitor-command", {"command-line": "info iothreads"})
        assert "budget-ns=0" in shown
        if own:
            client.execute("qom-set", {"path": "io0", "property": "budget-ns", "value": 7})
            (iothread,) = client.execute("query-iothreads")
            assert iothread["budget-ns"] == 7


def test_a_command_with_another_argument_than_its_function_takes_is_refused_at_start(
    serve: Callable[..., DaemonProcess], extended_schema: Callable[..., str]
) -> None:
    schema = extended_schema(replace={OBJECT_DEL: OBJECT_DEL.replace("}", ", '*force': 'bool' }")})
    expected = (
        "command 'object-del', function qmp_iothreadd.commands.qom.object_del: "
        "got an unexpected keyword argument 'force'; let it take (ctx, id, force=None)"
    )
    with pytest.raises(RuntimeError, match=re.escape(expected)), serve(schema):
        pass


@pytest.fixture
def guest_agent(tmp_path: Path) -> str:
    schema = tmp_path / "guest-agent.json"
    schema.write_text(GUEST_AGENT)
    return str(schema)


def test_without_qmp_capabilities_nothing_is_negotiated(
    serve: Callable[..., DaemonProcess], guest_agent: str
) -> None:
    with serve(guest_agent, "--stub-missing") as daemon, daemon.connect() as client:
        # No greeting: the first that comes is the answer to the first that is asked.
        client.send({"execute": "guest-sync", "arguments": {"id": 7}, "id": 1})
        assert client.receive() == {"return": 0, "id": 1}
        assert client.execute("guest-info") == {"version": "", "supported": []}
        client.send({"execute": "guest-shutdown", "arguments": {"mode": "halt"}})
        assert client.execute("guest-ping") == {}
        for request, message in REFUSED:
            assert client.exchange(request)["error"]["desc"] == message


def test_without_qmp_capabilities_a_missing_function_is_told_at_once(
    serve: Callable[..., DaemonProcess], guest_agent: str
) -> None:
    with (
        serve(guest_agent) as daemon,
        daemon.connect() as client,
        pytest.raises(QmpError, match="The command guest-ping has not been found"),
    ):
        client.execute("guest-ping")
