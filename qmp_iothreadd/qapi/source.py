"""Where in which file something stands, and how that is told."""

from __future__ import annotations


class Pragmas:
    """What pragma directives set; one object per schema, because they hold for all of it."""

    __slots__ = ("doc_required", "exceptions")

    #: Pragmas that take a list of names, each exempt from one rule.
    LISTS = (
        "command-name-exceptions",
        "command-returns-exceptions",
        "documentation-exceptions",
        "member-name-exceptions",
    )

    def __init__(self) -> None:
        self.doc_required = False
        self.exceptions: dict[str, list[str]] = {name: [] for name in self.LISTS}


class Location:
    """A line of a file, where that was included from and, once known, the definition around it."""

    __slots__ = ("file", "included_from", "line", "meta", "name", "pragmas")

    def __init__(
        self, file: str, line: int, pragmas: Pragmas, included_from: Location | None = None
    ) -> None:
        self.file = file
        self.line = line
        self.pragmas = pragmas
        self.included_from = included_from
        self.meta = ""
        self.name = ""

    def at(self, line: int) -> Location:
        """Another line of the same file."""
        return Location(self.file, line, self.pragmas, self.included_from)

    def __str__(self) -> str:
        chain = ""
        outer = self.included_from
        while outer is not None:
            chain = f"In file included from {outer.file}:{outer.line}:\n{chain}"
            outer = outer.included_from
        definition = f"{self.file}: In {self.meta} '{self.name}':\n" if self.name else ""
        return f"{chain}{definition}{self.file}:{self.line}"
