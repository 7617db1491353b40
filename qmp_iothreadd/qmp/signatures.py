"""Whether a function can be what is behind a command: its parameters, and when it answers."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING

from qmp_iothreadd.errors import Error
from qmp_iothreadd.qapi.python_names import python_name

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import Command
    from qmp_iothreadd.qmp.registry import CommandFunction


class FunctionError(Error):
    """A function does not fit its command: which one, why, and what to do."""


def check_function(command: Command, function: CommandFunction) -> None:
    """Refuse a function that cannot be called as the command asks for.

    It is called with a ``Context`` and each argument of the schema as a keyword. Where Python
    cannot tell a function's signature, that is not checked.

    Raises:
        FunctionError: it takes other arguments; it has a default that is never used; or it is a
        coroutine function, and the command must answer at once.
    """
    if command.allow_oob and inspect.iscoroutinefunction(function):
        raise _error(command, function, coroutine_out_of_band(command.name))
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    arguments = _arguments(command)
    call = ", ".join(["ctx", *(f"{name}=None" if opt else name for name, opt in arguments.items())])
    try:
        signature.bind(None, **arguments)
    except TypeError as error:
        raise _error(command, function, f"{error}; let it take ({call})") from None
    for name in (name for name, optional in arguments.items() if optional):
        parameter = signature.parameters.get(name)
        if parameter is not None and parameter.default not in (parameter.empty, None):
            reason = f"the default of '{name}' is never used, an absent argument is None"
            raise _error(command, function, f"{reason}; let it take ({call})")


@lru_cache(1024)
def check_own_function(command: Command, function: CommandFunction) -> None:
    """The same of functions that stay, once for all machines of a process."""
    check_function(command, function)


def coroutine_out_of_band(name: str) -> str:
    """Why what the command's function returned, or will, is of no use."""
    return (
        f"'{name}' has 'allow-oob' and must answer at once, so its function cannot return a "
        "coroutine; make it a plain one, or take 'allow-oob' out of the schema"
    )


def _arguments(command: Command) -> dict[str, bool]:
    """The keywords that the function is called with; whether each is optional."""
    type_ = command.arg_type
    if type_ is None or not (type_.members or type_.variants):
        return {}
    if command.boxed or not command.gen:
        return {"arg": False}
    return {python_name(member.name): member.optional for member in type_.members}


def _error(command: Command, function: CommandFunction, reason: str) -> FunctionError:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    module = getattr(function, "__module__", None)
    return FunctionError(f"command '{command.name}', function {module}.{name}: {reason}")
