"""What ``help`` says about objects: ``-object help``, ``object_add iothread,help``.

The texts and their order are those of QEMU's qom/object_interfaces.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qom.types import is_own, qom_type_name

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import ObjectType


def user_creatable_types(options: ObjectType) -> list[str]:
    """The types that ``options`` (the union ObjectOptions) has a branch for, sorted."""
    cases = options.variants.cases if options.variants else {}
    return sorted(name for name, branch in cases.items() if branch.members or branch.variants)


def describe_types(options: ObjectType) -> str:
    """What ``-object help`` says: one type per line."""
    lines = [f"  {name}" for name in user_creatable_types(options)]
    return "\n".join(["List of user creatable objects:", *lines])


def describe_properties(options: ObjectType, type_name: str) -> str | None:
    """The properties of one type, one per line; None where there is no such type."""
    branch = options.variants.cases.get(type_name) if options.variants else None
    if branch is None:
        return None
    if not branch.members:
        return f"There are no options for {type_name}."
    lines = sorted(
        f"  {member.name}=<{qom_type_name(member.type)}>"
        for member in branch.members
        if not is_own(member)
    )
    return "\n".join([f"{type_name} options:", *lines])
