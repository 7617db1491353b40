"""Values that are made once and sent many times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class EncodedOnce(dict[str, Any]):
    """A JSON object that nobody changes once it is made, so that it is encoded only once.

    ``encoded`` is its text, kept by the writer; None until it was first written.
    """

    __slots__ = ("encoded",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.encoded: str | None = None


class EncodedText:
    """A JSON value that is there as its text. ``make`` makes the value, for who needs more."""

    __slots__ = ("encoded", "make")

    def __init__(self, encoded: str, make: Callable[[], Any]) -> None:
        self.encoded = encoded
        self.make = make
