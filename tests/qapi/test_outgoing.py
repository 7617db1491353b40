"""The filters of commands and events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.compat_policy import CompatPolicy
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.outgoing import Outgoing
from qmp_iothreadd.qapi.replies import ReplyError

NAME = {"name": "n"}


def test_the_daemons_own_schema_needs_no_filter() -> None:
    schema = load_schema()
    outgoing = Outgoing(Models(schema))
    assert [name for name, each in schema.commands.items() if outgoing.reply(each)] == []
    assert [name for name, each in schema.events.items() if outgoing.event(each)] == []


def test_nor_does_a_copy_of_it(extended_schema: Callable[..., str]) -> None:
    schema = load_schema(extended_schema("{ 'command': 'x-new', 'returns': 'NameInfo' }"))
    outgoing = Outgoing(Models(schema))
    assert [name for name, each in schema.commands.items() if outgoing.reply(each)] == []


def test_members_that_the_served_schema_lacks_are_left_out(
    extended_schema: Callable[..., str],
) -> None:
    lacking = {"{ 'event': 'RESET',\n  'data': { 'guest': 'bool',": "{ 'event': 'RESET', 'data': {"}
    schema = load_schema(extended_schema(replace=lacking))
    for check in (True, False):
        cut = Outgoing(Models(schema), check=check).event(schema.events["RESET"])
        assert cut is not None
        assert cut({"guest": False, "reason": "none"}) == {"reason": "none"}


def test_an_event_without_data_in_the_served_schema_is_sent_without(
    extended_schema: Callable[..., str],
) -> None:
    data = ",\n  'data': { 'guest': 'bool',\n            'reason': 'ShutdownCause' } }"
    without = {f"{{ 'event': 'RESET'{data}": "{ 'event': 'RESET' }"}
    schema = load_schema(extended_schema(replace=without))
    cut = Outgoing(Models(schema)).event(schema.events["RESET"])
    assert cut is not None
    assert cut({"guest": False, "reason": "none"}) is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"name": 7}, "Invalid parameter type for 'name', expected: string"),
        ({"nam": "n"}, "Parameter 'nam' is unexpected"),
        (None, "Invalid parameter type for '<anonymous>', expected: object"),
    ],
)
def test_checked_what_does_not_fit_is_a_fault(value: Any, problem: str) -> None:
    schema = load_schema()
    check = Outgoing(Models(schema), check=True).reply(schema.commands["query-name"])
    assert check is not None
    assert check(NAME) is NAME
    with pytest.raises(ReplyError) as caught:
        check(value)
    assert str(caught.value) == f"command 'query-name': not of type NameInfo: {problem}"


def test_checked_events_that_have_data_must_bring_it() -> None:
    schema = load_schema()
    outgoing = Outgoing(Models(schema), check=True)
    with_data, bare = (outgoing.event(schema.events[name]) for name in ("RESET", "STOP"))
    assert with_data is not None
    with pytest.raises(ReplyError, match="event 'RESET': not of type q_obj_RESET-arg: "):
        with_data(None)
    assert bare is not None
    assert bare(None) is None
    with pytest.raises(ReplyError, match="event 'STOP': nothing should be returned"):
        bare({"why": 1})


AGING = """
{ 'struct': 'Both', 'data': { '*old': { 'type': 'int', 'features': [ 'deprecated' ] },
                              '*new': 'int' } }
{ 'command': 'both', 'returns': 'Both' }
{ 'event': 'BOTH', 'data': 'Both' }
"""


@pytest.mark.parametrize("check", [False, True])
def test_a_policy_hides_members_of_replies_and_events(tmp_path: Path, check: bool) -> None:
    (tmp_path / "schema.json").write_text(AGING)
    schema = load_schema(str(tmp_path / "schema.json"))
    outgoing = Outgoing(Models(schema), check=check)
    outgoing.policy = CompatPolicy({"deprecated-output": "hide"})
    filters = [outgoing.reply(schema.commands["both"]), outgoing.event(schema.events["BOTH"])]
    for hide in filters:
        assert hide is not None
        assert hide({"old": 1, "new": 2}) == {"new": 2}
        assert hide({"old": 1}) == {}
    outgoing.policy = CompatPolicy({"unstable-output": "hide"})
    keep = outgoing.reply(schema.commands["both"])
    assert keep is not None
    assert keep({"old": 1, "new": 2}) == {"old": 1, "new": 2}


def test_a_policy_works_on_what_the_served_schema_has_left(
    extended_schema: Callable[..., str],
) -> None:
    before = "'data': { 'guest': 'bool',\n            'reason': 'ShutdownCause'"
    after = "'data': { 'reason': { 'type': 'ShutdownCause', 'features': [ 'deprecated' ] }"
    reset = "{ 'event': 'RESET',\n  "
    aging = {reset + before: reset + after}
    schema = load_schema(extended_schema(replace=aging))
    outgoing = Outgoing(Models(schema))
    outgoing.policy = CompatPolicy({"deprecated-output": "hide"})
    cut = outgoing.event(schema.events["RESET"])
    assert cut is not None
    assert cut({"guest": False, "reason": "none"}) == {}
