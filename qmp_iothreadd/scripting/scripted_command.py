"""A command that has responses: which of them answers a call, and what if none does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.python_names import python_name
from qmp_iothreadd.qapi.schema import Command
from qmp_iothreadd.qmp.dispatch import BoundCommand
from qmp_iothreadd.qmp.registry import NotPreparedError

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import Schema
    from qmp_iothreadd.qmp.dispatch import Dispatcher
    from qmp_iothreadd.qmp.registry import CommandFunction, Context
    from qmp_iothreadd.scripting.response import Response

FAILURES_MAX: Final = 100
"""No more exceptions of scripted functions are kept."""

_NEGOTIATION: Final = "qmp_capabilities"


class ScriptedCommand:
    """A command with its ``responses``, the latest of which goes first.

    ``described`` says what it takes, None where nobody knows. ``failures`` is told what functions
    raised that is no QmpError.
    """

    def __init__(
        self,
        name: str,
        described: Command | None,
        schema: Schema,
        failures: list[BaseException],
    ) -> None:
        self.responses: list[Response] = []
        self._name = name
        self._described = described
        self._schema = schema
        self._failures = failures
        self._bound: BoundCommand | None = None
        self._dispatcher: Dispatcher | None = None

    def add(self, response: Response) -> None:
        """Add a response. One that begins at once replaces those that did."""
        keep = [each for each in self.responses if not each.over]
        if response.nth is None:
            keep = [each for each in keep if each.nth is not None]
        self.responses = [*keep, response]

    @property
    def used_up(self) -> bool:
        """Whether no response is left for further calls."""
        return all(each.over for each in self.responses)

    def left_over(self) -> list[str]:
        """What was not used, in words."""
        found = [each.left_over(self._name) for each in self.responses]
        return [words for words in found if words is not None]

    def check_function(self, function: CommandFunction) -> None:
        """Refuse a function that cannot be called as the command asks for, see ``qmp.signatures``.

        Raises:
            FunctionError: it cannot.
        """
        if self._described is not None:
            from qmp_iothreadd.qmp.signatures import check_function  # loads ``inspect``

            check_function(self._described, function)

    def bound(self, dispatcher: Dispatcher) -> BoundCommand:
        """The command as sessions run it.

        Raises:
            QmpError: -compat says that it is not to be called.
        """
        if self._bound is None or self._dispatcher is not dispatcher:
            self._dispatcher = dispatcher
            self._bound = self._bind(dispatcher)
        return self._bound

    def _bind(self, dispatcher: Dispatcher) -> BoundCommand:
        if self._described is None:
            return BoundCommand(Command(self._name), self._answer, _as_keywords, None)
        if self._name in self._schema.commands:
            return dispatcher.bound(self._described, self._answer)
        validate = Models(self._schema).arguments(self._described)
        return BoundCommand(self._described, self._answer, validate, None)

    def _answer(self, ctx: Context, /, **arguments: Any) -> Any:
        """What a call returns, see ``BoundCommand.function``."""
        due = [each for each in self.responses if each.count()]
        if not due:
            return self._answer_by_itself(ctx, arguments)
        response = due[-1]
        item = response.take()
        if isinstance(item, QmpError):
            raise QmpError(item.desc, item.error_class)
        if callable(item):
            return self._call(item, response.check, ctx, arguments)
        if self._name == _NEGOTIATION:
            ctx.negotiate(arguments.get("enable") or [])
        return item

    def _answer_by_itself(self, ctx: Context, arguments: dict[str, Any]) -> Any:
        assert self._dispatcher is not None
        real = self._dispatcher.find(self._name)
        while True:
            try:
                value = real.function(ctx, **arguments)
                break
            except NotPreparedError:  # this call was counted: there is no other
                continue
        if type(value) is CoroutineType and real.outgoing is not None:
            return _filtered(value, real.outgoing)
        return value

    def _call(
        self,
        function: CommandFunction,
        check: Callable[[Any], Any],
        ctx: Context,
        arguments: dict[str, Any],
    ) -> Any:
        try:
            value = function(ctx, **arguments)
            return self._finish(value, check) if type(value) is CoroutineType else check(value)
        except BaseException as error:
            raise self._failed(error) from None

    async def _finish(
        self, coroutine: CoroutineType[Any, Any, Any], check: Callable[[Any], Any]
    ) -> Any:
        try:
            return check(await coroutine)
        except BaseException as error:
            raise self._failed(error) from None

    def _failed(self, error: BaseException) -> BaseException:
        """What to raise where a function raised: a test's own failure may be no Exception."""
        if isinstance(error, QmpError | asyncio.CancelledError | KeyboardInterrupt | SystemExit):
            return error
        if len(self._failures) < FAILURES_MAX:
            self._failures.append(error)
        return errors.scripted_function_failed(self._name, f"{type(error).__name__}: {error}")


def _as_keywords(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments that nobody validates, spelled as Python's are."""
    return {python_name(name): value for name, value in arguments.items()}


async def _filtered(coroutine: CoroutineType[Any, Any, Any], outgoing: Callable[[Any], Any]) -> Any:
    return outgoing(await coroutine)
