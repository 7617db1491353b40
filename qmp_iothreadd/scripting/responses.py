"""Scripted responses: what commands answer instead of what they do by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.schema import ArrayType, Command
from qmp_iothreadd.scripting.control import is_control
from qmp_iothreadd.scripting.response import Response
from qmp_iothreadd.scripting.scripted_command import ScriptedCommand
from qmp_iothreadd.scripting.values import as_json, check_fits, check_name

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qmp.dispatch import BoundCommand, Dispatcher

RESPONSES_MAX: Final = 10_000
"""A machine keeps no more responses."""


class Responses:
    """The responses of a machine, by command.

    ``failures`` are exceptions, other than QmpError, that scripted functions raised.
    """

    def __init__(self, machine: Machine) -> None:
        self.failures: list[BaseException] = []
        self._machine = machine
        self._commands: dict[str, ScriptedCommand] = {}

    def respond(
        self,
        command: str,
        value: Any = None,
        *,
        error: str | None = None,
        error_class: str = errors.GENERIC_ERROR,
        nth: int | None = None,
        arguments: Mapping[str, Any] | None = None,
        strict: bool = False,
        check: bool = True,
        optional: bool = False,
    ) -> None:
        """Let a command answer ``value``, or fail with ``error``, instead of what it does.

        The words are those of ``x-respond`` (``schema/scripting-x.json``). A value may also be a
        function, or a list have some: it is called as ``function(context, **arguments)`` as the
        package's own are, ``-`` spelled ``_``, absent ones None, or with those that come where
        nobody knows what the command takes. It returns the value, or a coroutine that does, or
        raises QmpError, which may also stand in a list.

        Raises:
            QmpError: any of this cannot be.
            FunctionError: a function takes other arguments than the command.
        """
        described = self._find_described(command, strict=strict)
        if error is not None:
            if value is not None:
                raise errors.response_twice(command)
            value = _error(command, error, error_class)
        if nth is not None and (type(nth) is not int or nth < 1):
            raise errors.response_nth_malformed(command)
        if sum(len(each.responses) for each in self._commands.values()) >= RESPONSES_MAX:
            raise errors.too_many_responses(RESPONSES_MAX)
        scripted = self._scripted(command, described, arguments)
        several = isinstance(value, list) and _is_one_per_call(described, value)
        checked = partial(self._checked, command, described if check else None)
        items = [_item(scripted, each, checked) for each in (value if several else [value])]
        lasting = nth is None and not several
        scripted.add(Response(items, nth, lasting=lasting, optional=optional, check=checked))
        self._commands[command] = scripted

    def find(self, name: str, dispatcher: Dispatcher) -> BoundCommand:
        """The command of this name, with its scripted response where there is one.

        Raises:
            QmpError, FunctionError: what ``Dispatcher.find`` raises.
        """
        scripted = self._commands.get(name)
        if scripted is None or scripted.used_up:
            return dispatcher.find(name)
        if name in self._machine.schema.commands:
            dispatcher.check_phase(name)
        return scripted.bound(dispatcher)

    def names(self) -> list[str]:
        """The commands that have responses which are not used up."""
        return [name for name, scripted in self._commands.items() if not scripted.used_up]

    def left_over(self) -> list[str]:
        """The responses that were not used, in words."""
        return [words for each in self._commands.values() for words in each.left_over()]

    def clear(self) -> None:
        """Forget all responses."""
        self._commands.clear()

    def _find_described(self, name: str, *, strict: bool) -> Command | None:
        """What the schema says of a command, None where it has none and that is no reason."""
        check_name("command", name, self._machine.schema.commands, strict=strict)
        found = self._machine.schema.commands.get(name)
        if found is not None and is_control(found):
            raise errors.control_command_scripted(name)
        return found

    def _scripted(
        self, name: str, described: Command | None, arguments: Mapping[str, Any] | None
    ) -> ScriptedCommand:
        """The command as it is scripted so far, where it is and that is not changed."""
        if arguments is not None:
            if described is not None:
                raise errors.arguments_of_schema(name)
            from qmp_iothreadd.qapi.arguments import command_of  # few are described

            described = command_of(name, arguments, self._machine.schema)
        found = self._commands.get(name)
        made = ScriptedCommand(name, described, self._machine.schema, self.failures)
        if found is None:
            return made
        if arguments is None:
            return found
        made.responses = found.responses
        return made

    def _checked(self, name: str, described: Command | None, value: Any) -> Any:
        """A value to send, as JSON has it."""
        value = as_json("command", name, value)
        if described is not None:
            check_fits(self._machine, "command", name, described.ret_type, value)
        return {} if value is None else value


def _error(command: str, text: object, error_class: object) -> QmpError:
    if not isinstance(text, str) or not isinstance(error_class, str):
        raise errors.response_error_malformed(command)
    return QmpError(text, error_class)


def _is_one_per_call(described: Command | None, values: list[Any]) -> bool:
    """Whether a list has a value for each call, rather than being the value."""
    if described is None or not isinstance(described.ret_type, ArrayType):
        return bool(values)
    return bool(values) and all(
        isinstance(each, list | QmpError) or callable(each) for each in values
    )


def _item(scripted: ScriptedCommand, value: Any, checked: Any) -> Any:
    """What answers one call: an error, a function that fits the command, or a value of JSON.

    Raises:
        QmpError, FunctionError: it does not do.
    """
    if isinstance(value, QmpError):
        return value
    if callable(value):
        scripted.check_function(value)
        return value
    return checked(value)
