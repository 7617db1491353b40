"""Functions against the commands that they are to be behind."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from qmp_iothreadd import commands, hmp  # noqa: F401 -- they register their functions
from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.schema import ArrayType, Command, Member, ObjectType
from qmp_iothreadd.qmp.registry import COMMANDS
from qmp_iothreadd.qmp.signatures import FunctionError, check_function
from qmp_iothreadd.testing import MemoryClient, Server, make_machine

ARGUMENTS = ObjectType(
    "q_obj_x-arg",
    members=(Member("the-name", ArrayType("strList")), Member("count", ArrayType("intList"), True)),
)
PLAIN = Command("x-plain", ARGUMENTS)
BOXED = Command("x-boxed", ARGUMENTS, boxed=True)
LOUD = Command("x-loud", allow_oob=True)


async def coroutine(ctx: Any) -> None:
    """Not for a command that has to answer at once."""


@pytest.mark.parametrize(
    ("command", "function"),
    [
        (PLAIN, lambda ctx, the_name, count: None),
        (PLAIN, lambda ctx, the_name, count=None: None),
        (PLAIN, lambda ctx, the_name, count=None, other=3: None),
        (PLAIN, lambda ctx, **arguments: None),
        (PLAIN, Mock()),
        (PLAIN, functools.partial(lambda more, ctx, the_name, count: None, 1)),
        (BOXED, lambda ctx, arg: None),
        (LOUD, lambda ctx: None),
        (Command("x-quiet", coroutine=True), coroutine),
        (Command("x-quiet"), coroutine),
        (LOUD, type),  # Python does not tell its signature
    ],
)
def test_functions_that_fit(command: Command, function: Callable[..., Any]) -> None:
    check_function(command, function)


@pytest.mark.parametrize(
    ("command", "function", "reason"),
    [
        (
            PLAIN,
            lambda ctx, count=None: None,
            "got an unexpected keyword argument 'the_name'; "
            "let it take (ctx, the_name, count=None)",
        ),
        (
            PLAIN,
            lambda ctx, the_name, count, other: None,
            "missing a required argument: 'other'; let it take (ctx, the_name, count=None)",
        ),
        (
            PLAIN,
            lambda ctx, the_name, count=5: None,
            "the default of 'count' is never used, an absent argument is None; "
            "let it take (ctx, the_name, count=None)",
        ),
        (
            BOXED,
            lambda ctx, the_name, count: None,
            "missing a required argument: 'the_name'; let it take (ctx, arg)",
        ),
        (LOUD, lambda: None, "too many positional arguments; let it take (ctx)"),
        (
            LOUD,
            coroutine,
            "'x-loud' has 'allow-oob' and must answer at once, so its function cannot return a "
            "coroutine; make it a plain one, or take 'allow-oob' out of the schema",
        ),
        (LOUD, functools.partial(coroutine), "'x-loud' has 'allow-oob'"),
    ],
)
def test_functions_that_do_not_fit(
    command: Command, function: Callable[..., Any], reason: str
) -> None:
    with pytest.raises(FunctionError) as caught:
        check_function(command, function)
    head, _, told = str(caught.value).partition(": ")
    assert head.startswith(f"command '{command.name}', function ")
    assert told.startswith(reason) or reason in told


def test_the_message_says_which_function() -> None:
    with pytest.raises(FunctionError, match=r"function \S*test_signatures\.coroutine: "):
        check_function(LOUD, coroutine)


def test_all_of_the_daemons_functions_fit() -> None:
    schema = load_schema()
    assert COMMANDS.keys() <= schema.commands.keys()
    for name, function in COMMANDS.items():
        check_function(schema.commands[name], function)
        assert not inspect.iscoroutinefunction(function) or not schema.commands[name].allow_oob


@pytest.mark.parametrize("double", [MemoryClient, Server])
async def test_test_doubles_refuse_at_construction(
    double: Callable[..., Any], extended_schema: Callable[..., str]
) -> None:
    machine = make_machine(extended_schema("{ 'command': 'x-loud', 'allow-oob': true }"))
    with pytest.raises(FunctionError, match="'x-loud' has 'allow-oob'"):
        double(machine, functions={"x-loud": coroutine})
    assert list(machine.chardevs) == []
