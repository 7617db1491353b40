"""From a command's name to its function: lookup, arguments checked against the schema, the call."""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.qapi.models import no_arguments
from qmp_iothreadd.qmp.registry import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qapi.compat_policy import CompatPolicy
    from qmp_iothreadd.qapi.outgoing import Filter
    from qmp_iothreadd.qapi.schema import Command
    from qmp_iothreadd.qmp.registry import CommandFunction, Context


Validate = Callable[[dict[str, Any]], dict[str, Any]]
"""Arguments as they came to arguments as functions take them."""


class BoundCommand:
    """A command of the schema with the function behind it and the check of its arguments.

    ``outgoing`` is what the value of a coroutine is still to pass through, if anything.
    """

    __slots__ = ("allow_oob", "function", "name", "outgoing", "success_response", "validate")

    def __init__(
        self,
        command: Command,
        function: CommandFunction,
        validate: Validate,
        outgoing: Filter | None,
    ) -> None:
        self.name = command.name
        self.function = function if outgoing is None else _filtered(function, outgoing)
        self.outgoing = outgoing
        self.validate = validate
        self.allow_oob = command.allow_oob
        self.success_response = command.success_response

    def call(self, ctx: Context, arguments: dict[str, Any]) -> Any:
        """Run the command.

        Returns: the value, None where it has none, or a coroutine that returns it.

        Raises:
            QmpError: the arguments do not fit the schema, or the command failed.
            ReplyError: the value does not fit it, where the machine checks that.
        """
        validate = self.validate
        if validate is no_arguments and not arguments:
            return self.function(ctx)
        return self.function(ctx, **validate(arguments))


class Dispatcher:
    """All commands of a schema that can be called.

    ``functions`` maps names to functions; with ``stub_missing`` a command without one checks its
    arguments and answers with the smallest value that its return type allows.

    A command is bound to its function when it is first called: most clients call few. ``ready`` has
    those that were called, by name, where nothing more is to be asked of the machine.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        functions: Mapping[str, CommandFunction] = COMMANDS,
        stub_missing: bool = False,
    ) -> None:
        self.machine = machine
        self._functions = functions
        self._stub_missing = stub_missing
        self.ready: dict[str, BoundCommand] = {}
        machine.available_commands = self.names

    def names(self) -> list[str]:
        """The names of all commands that can be called, in the schema's order."""
        schema = self.machine.schema
        # The package answers all of its own schema: nothing is to be imported to know that.
        own = self._functions is COMMANDS and self.machine.has_shipped_schema
        all_can = self._stub_missing or own
        return [name for name in schema.commands if all_can or name in self._functions]

    def bind(self, names: Iterable[str]) -> None:
        """Bind these commands now, so that a function that does not fit its command is found.

        Names that the schema lacks are passed over.

        Raises:
            FunctionError: a function does not fit its command.
        """
        for name in names:
            if name in self.machine.schema.commands:
                self.find(name)

    def find(self, name: str) -> BoundCommand:
        """The command of this name.

        Raises:
            QmpError: CommandNotFound, or it cannot be had yet.
            FunctionError: its function does not fit.
        """
        found = self.ready.get(name)
        if found is None:
            found = self._bind(name)
            if self.machine.preconfig:
                self.check_phase(name)
            else:
                self.ready[name] = found
        return found

    def check_phase(self, name: str) -> None:
        """Refuse a command of the schema that cannot be had yet.

        Raises:
            QmpError: a client has to end -preconfig before.
        """
        if self.machine.preconfig and not self.machine.schema.commands[name].allow_preconfig:
            raise errors.only_after_initialization(name)

    def bound(
        self, command: Command, function: CommandFunction, outgoing: Filter | None = None
    ) -> BoundCommand:
        """A command of the schema with a function, which fits it, in place of its own.

        Raises:
            QmpError: -compat says that it is not to be called.
        """
        validate = self.machine.models.arguments(command)
        if self.machine.policy is not None:
            validate = _checked(command, self.machine.policy, validate)
        return BoundCommand(command, function, validate, outgoing)

    def _bind(self, name: str) -> BoundCommand:
        command = self.machine.schema.commands.get(name)
        if command is None:
            raise errors.command_not_found(name)
        function = self._functions.get(name)
        if function is None:
            if not self._stub_missing:
                raise errors.command_not_found(name)
            function = _stub(command)
        else:
            self._check(command, function)
        outgoing = self.machine.outgoing.reply(command) if command.success_response else None
        return self.bound(command, function, outgoing)

    def _check(self, command: Command, function: CommandFunction) -> None:
        from qmp_iothreadd.qmp import signatures  # loads ``inspect``

        if self._functions is COMMANDS:
            signatures.check_own_function(command, function)
        else:
            signatures.check_function(command, function)


def _checked(command: Command, policy: CompatPolicy, validate: Validate) -> Validate:
    """The validator of a command's arguments, after what -compat asks for.

    Raises:
        QmpError: the command is not to be called.
    """
    policy.check_command(command)

    def check(arguments: dict[str, Any]) -> dict[str, Any]:
        policy.check_value(command.arg_type, arguments)
        return validate(arguments)

    return check


def _stub(command: Command) -> CommandFunction:
    from qmp_iothreadd.qapi.stub_values import stub_value

    value = None if command.ret_type is None else stub_value(command.ret_type)
    return lambda ctx, **arguments: value


def _filtered(function: CommandFunction, outgoing: Filter) -> CommandFunction:
    """The function, with its value passed through a filter unless that is still to come."""

    def call(ctx: Context, **arguments: Any) -> Any:
        value = function(ctx, **arguments)
        return value if type(value) is CoroutineType else outgoing(value)

    return call
