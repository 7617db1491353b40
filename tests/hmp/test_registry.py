"""The human monitor's commands, as they are registered and listed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from qmp_iothreadd.hmp import arguments
from qmp_iothreadd.hmp.all_commands import COMMANDS
from qmp_iothreadd.hmp.registry import HMPCommand, find, hmp_command
from qmp_iothreadd.qmp.registry import Context

ALL_COMMANDS = [each for command in COMMANDS for each in (command, *command.sub_commands)]


@pytest.fixture
def registered() -> Iterator[list[HMPCommand]]:
    """The registry, put back afterwards."""
    before = [command._replace(sub_commands=[*command.sub_commands]) for command in COMMANDS]
    yield COMMANDS
    COMMANDS[:] = before


def test_a_command_is_found_by_each_of_its_names(registered: list[HMPCommand]) -> None:
    @hmp_command("hello|hi", "whom:s?", params="[whom]", help="greet")
    def hello(ctx: Context, whom: str | None) -> str:
        return f"hello {whom or 'you'}\n"

    found = find(registered, "hi")
    assert found is find(registered, "hello")
    assert found is not None
    assert found.function is hello
    assert find(registered, "hello|hi") is None
    assert find(registered, "") is None


def test_two_words_are_a_command_of_a_command(registered: list[HMPCommand]) -> None:
    hmp_command("info aardvarks", help="show aardvarks")(lambda ctx: "none\n")
    info = find(registered, "info")
    assert info is not None
    assert info.sub_commands[0].names == "aardvarks"
    with pytest.raises(LookupError, match="nosuch"):
        hmp_command("nosuch thing", help="")(lambda ctx: None)


@pytest.mark.parametrize(
    "names",
    [
        [command.names for command in COMMANDS],
        *([each.names for each in command.sub_commands] for command in COMMANDS),
    ],
    ids=str,
)
def test_commands_are_listed_by_name_and_no_name_is_taken_twice(names: list[str]) -> None:
    assert names == sorted(names)
    words = [word for each in names for word in each.split("|")]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=lambda command: command.names)
def test_a_function_takes_what_its_command_is_given(command: HMPCommand) -> None:
    """One that looks at none, or at few, takes the others in a lump."""
    context, *taken = inspect.signature(command.function).parameters.values()
    assert context.name == "ctx"
    given = {each.name for each in arguments.parameters(command.args)}
    named = {each.name for each in taken if each.kind is not inspect.Parameter.VAR_KEYWORD}
    assert named <= given
    assert named == given or len(named) < len(taken)
