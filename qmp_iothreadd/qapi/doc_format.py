"""The form of documentation text: short lines, and two spaces between sentences.

Both are rules of QEMU's front end since 10.2 (scripts/qapi/parser.py). Literal text is exempt, such
as examples; what counts as literal is the front end's approximation of reStructuredText.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from qmp_iothreadd.qapi.messages import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Characters, the ``# `` at the start of the line included.
MAX_LINE = 70

_PREFIX = "# "
# The lines behind which literal text begins.
_LITERAL_FOLLOWS = re.compile(r"(?:\.\. +qmp-example)? *::")
# Where a URL is all of a line there is no place to break it.
_URL = re.compile(r" *(?:https?|ftp)://[^ ]*")
_ONE_SPACE = re.compile(r"[.!?] [A-Z0-9(]")
# Full stops that end no sentence: the last one of "e.g.", and that of a number in a list.
_NO_END = re.compile(r"\be\.g\.\Z|\A *\d\.\Z")


class Misformatted(NamedTuple):
    """A line of a comment, counted from 0, the rule that it breaks, and where in it (or None)."""

    line: int
    rule: Rule
    offset: int | None


def first_misformatted(lines: Sequence[str]) -> Misformatted | None:
    """The first line of a comment that breaks a rule. Lines begin with their ``#``."""
    # Most comments break none, which is soon seen.
    if max(map(len, lines), default=0) <= MAX_LINE and not _ONE_SPACE.search("\n".join(lines)):
        return None
    for number, text in _prose(lines):
        if len(_PREFIX) + len(text) > MAX_LINE and not _URL.fullmatch(text):
            return Misformatted(number, Rule.DOC_LINE_TOO_LONG, None)
        space = _single_space(text)
        if space is not None:
            return Misformatted(number, Rule.DOC_SENTENCES, len(_PREFIX) + space)
    return None


def _prose(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Lines that are not literal text, with their numbers; without their ``# ``."""
    literal = False
    least = 0  # indentation of literal text, once there is some
    for number, line in enumerate(lines):
        text = line[len(_PREFIX) :].rstrip()
        if not line.startswith(_PREFIX) or not text:
            continue
        if _LITERAL_FOLLOWS.fullmatch(text):
            literal, least = True, 0
        elif literal:
            indent = len(text) - len(text.lstrip())
            literal = indent >= least
            least = least or indent
        if not literal:
            yield number, text


def _single_space(text: str) -> int | None:
    """Where a space stands alone between two sentences."""
    for found in _ONE_SPACE.finditer(text):
        space = found.start() + 1
        if not _NO_END.search(text[:space]):
            return space
    return None
