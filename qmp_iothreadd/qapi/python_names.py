"""How members of the schema are spelled in Python."""

from __future__ import annotations

from keyword import iskeyword


def python_name(name: str) -> str:
    """A member's name in Python: ``thread-id`` is ``thread_id``, ``global`` is ``global_``."""
    spelled = name.replace("-", "_").replace(".", "_")
    return f"{spelled}_" if iskeyword(spelled) else spelled
