"""Long lists that QEMU 11.1.3 was recorded to answer, in its order: files of ``data``."""

from __future__ import annotations

import os
from functools import cache
from typing import Any


@cache
def recorded_list(name: str) -> list[dict[str, Any]]:
    """The elements of a list, which are not to be changed."""
    from json import load  # a start without another machine than none needs no list

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", f"{name}.json")
    with open(path, encoding="ascii") as file:
        found: list[dict[str, Any]] = load(file)
    return found
