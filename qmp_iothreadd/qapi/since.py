"""Since which version of QEMU there is what a schema describes, and a schema as of a version.

A comment says it as QEMU's do: of a definition in a section, ``Since: 8.2``, of a member or a value
in its description, ``(since 8.2)``. What says nothing has always been there, and what a type said
of itself does not matter where a member that uses it is older: types get new names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.conditions import NEVER
from qmp_iothreadd.qapi.resolve import documented_members

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qmp_iothreadd.qapi.declarations import Decl
    from qmp_iothreadd.qapi.docs import Doc

#: Major and minor.
Version = tuple[int, int]

_SECTION = re.compile(r"(?m)^Since: +(?:QEMU )?(\d+)\.(\d+)")
_MEMBER = re.compile(r"(?m)^@([^:\s]+):(.*(?:\n\n*[ \t].*)*)")
# At the beginning of the description, or in brackets, which may say something else before it.
_DESCRIPTION = re.compile(r"(?i)(?:\A\s*|\((?:[^()]*[,;]\s*)?)since:?\s+(\d+)\.(\d+)")


def since(doc: Doc) -> Version | None:
    """The version that a definition says of itself."""
    found = _SECTION.search(doc.text)
    return (int(found[1]), int(found[2])) if found else None


def members_since(doc: Doc) -> dict[str, Version]:
    """The versions of those members and values whose descriptions say one."""
    return dict(_members_since(doc))


def _members_since(doc: Doc) -> Iterator[tuple[str, Version]]:
    # Behind "Features:" names are those of features.
    described = re.split(r"(?m)^Features:$", doc.text, maxsplit=1)[0]
    for name, description in _MEMBER.findall(described):
        found = _DESCRIPTION.search(description)
        if found:
            yield name, (int(found[1]), int(found[2]))


def leave_out_later(declarations: Iterable[Decl], version: Version) -> None:
    """Make conditions false of what came after a version, so that no schema is made with it."""
    for declaration in declarations:
        doc = declaration.doc
        if doc is None:
            continue
        own = since(doc)
        if own is not None and own > version:
            declaration.condition = NEVER
        later = {name for name, first in _members_since(doc) if first > version}
        if later:
            for member in documented_members(declaration):
                if member.name in later:
                    member.condition = NEVER
