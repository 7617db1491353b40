"""From a command's name to its function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.compat_policy import CompatPolicy
from qmp_iothreadd.qmp.dispatch import Dispatcher
from qmp_iothreadd.qmp.registry import COMMANDS
from qmp_iothreadd.testing import make_machine

SCHEMA = """
{ 'struct': 'XOptions', 'data': { 'the-name': 'str', '*count': 'int' } }
{ 'command': 'x-plain', 'data': { 'the-name': 'str', '*count': 'int' }, 'returns': 'XOptions' }
{ 'command': 'x-boxed', 'boxed': true, 'data': 'XOptions' }
{ 'command': 'x-loud', 'allow-oob': true }
{ 'command': 'x-hush', 'success-response': false }
{ 'command': 'x-early', 'allow-preconfig': true }
{ 'command': 'x-wild', 'features': [ 'unstable' ] }
{ 'command': 'x-partly', 'data': { 'fine': 'int',
                                   '*wild': { 'type': 'int', 'features': [ 'unstable' ] } } }
"""


class Recorder:
    """Functions that keep what they were called with."""

    def __init__(self, value: Any = None) -> None:
        self.value = value
        self.calls: list[dict[str, Any]] = []

    def __call__(self, ctx: Any, **arguments: Any) -> Any:
        self.calls.append(arguments)
        return self.value


MakeDispatcher = Callable[..., Dispatcher]


@pytest.fixture
def dispatcher(extended_schema: Callable[..., str]) -> MakeDispatcher:
    machine = make_machine(extended_schema(SCHEMA))
    return lambda **options: Dispatcher(machine, **options)


def test_arguments_are_keywords_and_absent_ones_none(dispatcher: MakeDispatcher) -> None:
    function = Recorder({"the-name": "a"})
    command = dispatcher(functions={"x-plain": function}).find("x-plain")
    command.call(None, {"the-name": "a"})  # type: ignore[arg-type]
    command.call(None, {"count": 3, "the-name": "b"})  # type: ignore[arg-type]
    assert function.calls == [{"the_name": "a", "count": None}, {"the_name": "b", "count": 3}]


def test_boxed_arguments_are_one_with_the_members_given(dispatcher: MakeDispatcher) -> None:
    function = Recorder()
    command = dispatcher(functions={"x-boxed": function}).find("x-boxed")
    command.call(None, {"the-name": "a"})  # type: ignore[arg-type]
    assert function.calls == [{"arg": {"the-name": "a"}}]


def test_wrong_arguments_reach_no_function(dispatcher: MakeDispatcher) -> None:
    function = Recorder()
    command = dispatcher(functions={"x-plain": function}).find("x-plain")
    for arguments in ({}, {"the-name": 3}, {"the-name": "a", "nope": 1}):
        with pytest.raises(QmpError):
            command.call(None, arguments)  # type: ignore[arg-type]
    assert function.calls == []


def test_flags_are_the_schemas(dispatcher: MakeDispatcher) -> None:
    names = ("x-plain", "x-loud", "x-hush")
    found = dispatcher(functions=dict.fromkeys(names, Recorder()))
    flags = [(found.find(name).allow_oob, found.find(name).success_response) for name in names]
    assert flags == [(False, True), (True, True), (False, False)]


def test_a_command_without_a_function_is_not_found(dispatcher: MakeDispatcher) -> None:
    found = dispatcher(functions={"x-plain": Recorder()})
    for name in ("x-boxed", "nope", ""):
        with pytest.raises(QmpError) as caught:
            found.find(name)
        assert caught.value.desc == f"The command {name} has not been found"
        assert caught.value.error_class == "CommandNotFound"
    assert found.names() == ["x-plain"]


def test_each_command_of_the_packages_schema_has_a_function() -> None:
    machine = make_machine()
    found = Dispatcher(machine)
    assert found.names() == [name for name in machine.schema.commands if name in COMMANDS]
    found.bind(["query-name"])
    assert "query-name" in found.ready


def test_of_another_schema_only_what_has_a_function_is_there(dispatcher: MakeDispatcher) -> None:
    names = dispatcher().names()
    assert "query-iothreads" in names
    assert "x-plain" not in names


def test_a_function_without_a_command_is_not_found(dispatcher: MakeDispatcher) -> None:
    found = dispatcher(functions={"x-no-such": Recorder()})
    assert found.names() == []
    with pytest.raises(QmpError):
        found.find("x-no-such")


def test_stubs_check_their_arguments_and_answer_the_least(dispatcher: MakeDispatcher) -> None:
    found = dispatcher(functions={}, stub_missing=True)
    command = found.find("x-plain")
    assert command.call(None, {"the-name": "a"}) == {"the-name": ""}  # type: ignore[arg-type]
    assert found.find("x-boxed").call(None, {"the-name": ""}) is None  # type: ignore[arg-type]
    with pytest.raises(QmpError, match="Parameter 'the-name' is missing"):
        command.call(None, {})  # type: ignore[arg-type]
    assert "query-iothreads" in found.names()
    with pytest.raises(QmpError):
        found.find("nope")


def test_before_initialization_there_are_only_commands_that_allow_it(
    dispatcher: MakeDispatcher,
) -> None:
    found = dispatcher(functions=dict.fromkeys(("x-early", "x-plain"), Recorder()))
    found.machine.preconfig = True
    assert found.find("x-early").name == "x-early"
    with pytest.raises(QmpError) as caught:
        found.find("x-plain")
    assert caught.value.desc == (
        "The command 'x-plain' is permitted only after machine initialization has completed"
    )
    found.machine.preconfig = False
    assert found.find("x-plain").name == "x-plain"


def test_a_policy_refuses_commands_and_arguments(dispatcher: MakeDispatcher) -> None:
    function = Recorder()
    found = dispatcher(functions=dict.fromkeys(("x-wild", "x-partly"), function))
    found.machine.policy = CompatPolicy({"unstable-input": "reject"})
    with pytest.raises(QmpError) as caught:
        found.find("x-wild")
    assert caught.value.desc == "Unstable command x-wild disabled by policy"
    assert caught.value.error_class == "CommandNotFound"
    command = found.find("x-partly")
    with pytest.raises(QmpError, match="Unstable parameter wild disabled by policy"):
        command.call(None, {"fine": 1, "wild": 2})  # type: ignore[arg-type]
    with pytest.raises(QmpError, match="Parameter 'fine' is missing"):
        command.call(None, {})  # type: ignore[arg-type]
    assert function.calls == []
    command.call(None, {"fine": 1})  # type: ignore[arg-type]
    assert function.calls == [{"fine": 1, "wild": None}]
