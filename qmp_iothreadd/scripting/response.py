"""A scripted response: which calls it answers, and what each of them gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Response:
    """What answers calls: values, errors and functions (``items``), one for each call.

    ``nth``: it begins with the nth call since it was made. ``lasting``: its only item answers all
    calls. ``optional``: nobody minds where they are not used. ``check`` refuses what a function
    returns, and gives the value to send.
    """

    def __init__(
        self,
        items: list[Any],
        nth: int | None,
        *,
        lasting: bool,
        optional: bool,
        check: Callable[[Any], Any],
    ) -> None:
        self.nth = nth
        self.check = check
        self._items = items
        self._lasting = lasting
        self._optional = optional
        self._calls = 0
        self._used = 0

    def count(self) -> bool:
        """A call came. Whether this could answer it."""
        self._calls += 1
        if self._one_call is not None:
            return self._calls == self._one_call
        return self._lasting or (self._calls >= (self.nth or 1) and not self.over)

    def take(self) -> Any:
        """The item that answers the call."""
        item = self._items[0 if self._lasting else self._used]
        self._used += 1
        return item

    @property
    def over(self) -> bool:
        """Whether it answers no further call."""
        if self._one_call is not None:
            return self._calls >= self._one_call
        return not self._lasting and self._used == len(self._items)

    def left_over(self, command: str) -> str | None:
        """What was not used of it, in words; None where nothing was left."""
        count = len(self._items)
        if self._optional or self._used >= count:
            return None
        if self._one_call is not None:
            return f"call {self.nth} of '{command}' did not get the response that waits for it"
        if count == 1:
            return f"the response to '{command}' was not used"
        return f"{count - self._used} of {count} responses to '{command}' were not used"

    @property
    def _one_call(self) -> int | None:
        """Which call it waits for, where that is the only one."""
        return self.nth if len(self._items) == 1 else None
