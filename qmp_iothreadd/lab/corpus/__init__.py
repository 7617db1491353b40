"""Small traces that come with the lab, each a file here: ``--trace NAME``.

What is made is made by `recipes`, which a test holds against the files.
"""

from __future__ import annotations

import os

_FOLDER = os.path.dirname(__file__)
_SUFFIX = ".lab"


def names() -> list[str]:
    """Which there are."""
    found = (name for name in os.listdir(_FOLDER) if name.endswith(_SUFFIX))
    return sorted(name.removesuffix(_SUFFIX) for name in found)


def path(name: str) -> str | None:
    """The file of a trace; None: there is none of this name."""
    return os.path.join(_FOLDER, name + _SUFFIX) if name in names() else None
